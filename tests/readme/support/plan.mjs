// What a new user would do with a README, block by block. Pure.
//
// Blocks of `sh` are run in order, in one terminal. A comment right above a block, which renders as nothing, says what else
// is to be done with it:
//
//   <!-- readme: serves 127.0.0.1:8080 -->   in a terminal of its own, which stays open; go on once it listens there
//   <!-- readme: prints -->                  what the block before it prints; … is anything
//   <!-- readme: file app/index.html -->     is saved under this name, which the text above names too
//   <!-- readme: not run: why -->            cannot be run here
//
// and two stand alone:
//
//   <!-- readme: page <scene> -->            what the text asks to do in a browser (scenes.mjs)
//   <!-- readme: stops -->                   what serves is ended with Ctrl-C

/** Languages of blocks that only show something. */
const SHOWN = ['', 'text', 'json', 'ini', 'toml'];

/**
 * @typedef {{ line: number } & (
 *   { does: 'run', text: string } | { does: 'serve', text: string, address: string } |
 *   { does: 'print', text: string } | { does: 'save', text: string, path: string } |
 *   { does: 'skip', text: string, why: string } | { does: 'page', scene: string } | { does: 'stop' })} Step
 */

/**
 * @param {import('./markdown.mjs').Markdown} document
 * @returns {Step[]}
 * @throws {Error} for a block of which nobody says what becomes of it
 */
export function plan(document) {
  return document.parts.flatMap((part) => ('text' in part ? ofBlock(part) : [ofNote(part)]));
}

/** @returns {Step[]} none for a block that only shows something */
function ofBlock({ language, text, line, note, before }) {
  const about = { text, line };
  if (note === null) {
    if (language === 'sh') return [{ does: 'run', ...about }];
    if (SHOWN.includes(language)) return [];
    throw new Error(`line ${line}: a block of ${language}: is it saved, or not run? Say so above it`);
  }
  const [, verb, rest] = /^(serves|prints|file|not run:)\s*(.*)$/.exec(note) ?? [];
  if (verb === 'prints') return [{ does: 'print', ...about }];
  if (verb === 'not run:' && rest) return [{ does: 'skip', why: rest, ...about }];
  if (verb === 'serves' && language === 'sh' && /:\d+$/.test(rest)) return [{ does: 'serve', address: rest, ...about }];
  if (verb === 'file' && rest) {
    if (!before.includes(`\`${rest}\``)) throw new Error(`line ${line}: the text above it does not say \`${rest}\``);
    return [{ does: 'save', path: rest, ...about }];
  }
  throw new Error(`line ${line}: "${note}" is nothing that can be done with this block`);
}

/** @returns {Step} */
function ofNote({ note, line }) {
  if (note === 'stops') return { does: 'stop', line };
  const scene = /^page (\w+)$/.exec(note)?.[1];
  if (scene) return { does: 'page', scene, line };
  throw new Error(`line ${line}: "${note}" belongs to a block on the next line`);
}

/**
 * @param {string} shown what a README shows
 * @param {string} printed
 * @returns {boolean} whether it is that, … being anything
 */
export function matches(shown, printed) {
  const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = shown.trim().split('…').map(literally).join('[\\s\\S]*?');
  return new RegExp(`^${pattern}$`).test(printed.trim());
}
