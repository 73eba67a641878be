// Every page as people look at it: its picture can be taken, nothing sticks out at its side, and axe-core (WCAG 2.2 A and
// AA, and its best practices) finds nothing.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { faultsOf } from './pictures/axe.mjs';
import { SCENES } from './pictures/scenes.mjs';
import { LOOKS, nameOf } from './pictures/stage.mjs';
import { layOut, PICTURE_MIN, take } from './pictures/take.mjs';
import { openBrowser } from './support/browser.mjs';

/** Both languages, both widths, both colour schemes. With OTOMO_ALL_LOOKS: each with each. */
const FEW = ['ja phone light', 'en desktop dark'];
const TRIED = LOOKS.filter((look) => process.env.OTOMO_ALL_LOOKS || FEW.includes(nameOf(look)));

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {string} */
let folder;

before(async () => {
  browser = await openBrowser();
  folder = await mkdtemp(join(tmpdir(), 'otomo-pictures-'));
});

after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

for (const look of TRIED) {
  test(`every page is whole, and axe finds nothing in it: ${nameOf(look)}`, async () => {
    const faults = [];
    const visit = async (page, { name }) => faults.push(...(await faultsOf(page)).map((fault) => `${name}: ${fault}`));
    const pictures = await take(browser, SCENES, [look], folder, visit);
    assert.deepEqual(pictures.map(({ scene }) => scene), SCENES.map(({ name }) => name));
    for (const { scene, file, overflow } of pictures) {
      if ((await stat(join(folder, file))).size < PICTURE_MIN) faults.push(`${scene}: an empty picture`);
      if (overflow > 0) faults.push(`${scene}: ${overflow} pixels stick out`);
    }
    assert.deepEqual(faults, []);
    await layOut(pictures, folder);
    const sheet = await readFile(join(folder, 'index.html'), 'utf8');
    for (const { file } of pictures) assert.ok(sheet.includes(`src="${file}"`), file);
  });
}

test('axe would find something, and what sticks out is seen', async () => {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const pale = '<p style="color: #ccc; background: #fff; width: 500px">pale and wide</p>';
  const show = async () => {
    await page.setContent(`<html><body><img src="data:,">${pale}</body></html>`);
    return page;
  };
  const found = (await faultsOf(await show())).map((fault) => fault.split(':')[0]);
  for (const fault of ['critical image-alt', 'serious color-contrast', 'serious html-has-lang']) {
    assert.ok(found.includes(fault), `${fault} among ${found}`);
  }
  assert.ok((await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth)) > 0);
  await page.close();
});
