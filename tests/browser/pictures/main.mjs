// `npm run pictures [scene ..]`: a picture of every page (or of the scenes named) in both languages, on a phone and on a
// desktop, light and dark, and a page that shows them all, in target/pictures. The server is target/debug/otomo, or
// OTOMO_BIN; Japanese needs a font that has it (Debian: fonts-noto-cjk).

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { openBrowser } from '../support/browser.mjs';
import { SCENES } from './scenes.mjs';
import { LOOKS } from './stage.mjs';
import { layOut, take } from './take.mjs';

const TARGET = fileURLToPath(new URL('../../../target/', import.meta.url));
const FOLDER = process.env.OTOMO_PICTURES ?? join(TARGET, 'pictures');
process.env.OTOMO_BIN ??= join(TARGET, 'debug/otomo');

const named = process.argv.slice(2);
const scenes = SCENES.filter(({ name }) => named.length === 0 || named.includes(name));
const browser = await openBrowser();
try {
  const pictures = await take(browser, scenes, LOOKS, FOLDER);
  await layOut(pictures, FOLDER);
  console.log(`${pictures.length} pictures: ${FOLDER}/index.html`);
} finally {
  await browser.close();
}
