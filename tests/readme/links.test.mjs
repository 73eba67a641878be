// Every relative link of the documents leads to something that is in the repository, and every anchor to a heading.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Markdown } from './support/markdown.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const DOCUMENTS = [
  'README.md',
  ...['README.ja.md', 'web/client/README.md'].filter((path) => existsSync(join(ROOT, path))),
  'tests/load/README.md',
  ...readdirSync(join(ROOT, 'web/docs')).map((name) => `web/docs/${name}`),
];

/**
 * @param {string} path of a document, from the root
 * @param {Markdown} document
 * @returns {string[]} what is wrong with its links
 */
function faults(path, document) {
  return document.links().flatMap(({ to, line }) => {
    if (/^[a-z]+:/.test(to)) return [];
    const [file, anchor] = to.split('#');
    const target = file ? normalize(join(dirname(path), file)) : path;
    const place = `${path}:${line}: ${to}`;
    if (target.startsWith('..') || !existsSync(join(ROOT, target))) return [`${place}: there is no such file`];
    if (anchor === undefined) return [];
    if (statSync(join(ROOT, target)).isDirectory()) return [`${place}: a folder has no headings`];
    const there = target === path ? document : Markdown.read(join(ROOT, target));
    return there.anchors().has(decodeURIComponent(anchor)) ? [] : [`${place}: there is no such heading`];
  });
}

test('every relative link and anchor of the documents leads somewhere', () => {
  const all = DOCUMENTS.flatMap((path) => faults(path, Markdown.read(join(ROOT, path))));
  assert.deepEqual(all, []);
});

test('a link that leads nowhere is noticed', () => {
  const document = new Markdown('# A heading: `x`\n[a](#a-heading-x) and [`b`](src/lib.rs), `[no](link)` [c](https://example.com/none)\n');
  assert.deepEqual(faults('README.md', document), []);
  for (const bad of ['#another', 'src/none.rs', '../README.md', 'config/#x', 'LICENSE#none']) {
    const one = new Markdown(`# A heading\n\n\`x\` [\`code\`](${bad}) and \`y\`\n`);
    assert.equal(faults('README.md', one).length, 1, bad);
  }
});
