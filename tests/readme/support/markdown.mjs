// As much of Markdown as our documents use: headings, links, fenced blocks, tables, and the comments that say what is to be
// done with a block.

import { readFileSync } from 'node:fs';

/** A comment for the tests: renders as nothing. */
const NOTE = /^<!-- readme: (.+) -->$/;

/**
 * A fenced block: its language, its text, where it is, what the comment above it says, and the prose right before it.
 * @typedef {{ language: string, text: string, line: number, note: string | null, before: string }} Block
 */

export class Markdown {
  /** @param {string} path of a file */
  static read(path) {
    return new Markdown(readFileSync(path, 'utf8'));
  }

  /** @param {string} text */
  constructor(text) {
    this.lines = text.split('\n');
    this.#split();
  }

  /** Fenced blocks and notes that stand alone, in order. @type {(Block | { note: string, line: number })[]} */
  parts = [];

  /** What is not in a fenced block, line by line; a line of a block is ''. @type {string[]} */
  prose = [];

  #split() {
    let block = null;
    let note = null;
    let before = '';
    for (const [index, line] of this.lines.entries()) {
      const fence = /^```(\w*)$/.exec(line);
      if (block) {
        if (fence) {
          this.parts.push({ ...block, text: block.text.join('\n') });
          block = null;
          before = '';
        } else block.text.push(line);
        this.prose.push('');
        continue;
      }
      if (fence) {
        block = { language: fence[1], text: [], line: index + 1, note: note?.note ?? null, before };
        note = null;
        this.prose.push('');
        continue;
      }
      // A note belongs to the block on the next line; before anything else it stands alone.
      if (note) this.parts.push(note);
      const said = NOTE.exec(line);
      note = said ? { note: said[1], line: index + 1 } : null;
      if (line.trim() && !note) before = line;
      this.prose.push(line);
    }
    if (note) this.parts.push(note);
    if (block) throw new Error(`line ${block.line}: a block that does not end`);
  }

  /** @returns {Set<string>} the anchors of its headings, as GitHub makes them */
  anchors() {
    const seen = new Map();
    const anchors = new Set();
    for (const line of this.prose) {
      const heading = /^#{1,6}\s+(.+?)\s*$/.exec(line)?.[1];
      if (!heading) continue;
      const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
      const kept = plain.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
      const again = seen.get(kept) ?? 0;
      seen.set(kept, again + 1);
      anchors.add(again ? `${kept}-${again}` : kept);
    }
    return anchors;
  }

  /** @returns {{ to: string, line: number }[]} where its links lead */
  links() {
    return this.prose.flatMap((line, index) => {
      const found = line.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g);
      return [...found].map((link) => ({ to: link[1], line: index + 1 }));
    });
  }

  /** @returns {{ head: string[], rows: { cells: string[], line: number }[] }[]} its tables */
  tables() {
    const tables = [];
    let table = null;
    for (const [index, line] of this.prose.entries()) {
      if (!line.startsWith('|')) {
        table = null;
        continue;
      }
      const cells = line.split('|').slice(1, -1).map((cell) => cell.trim());
      if (!table) tables.push((table = { head: cells, rows: [] }));
      else if (!cells.every((cell) => /^:?-+:?$/.test(cell))) table.rows.push({ cells, line: index + 1 });
    }
    return tables;
  }
}
