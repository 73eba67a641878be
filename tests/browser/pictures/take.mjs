// Takes a picture of every scene in every look, and lays them out on one page.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { LOOKS, nameOf, Stage } from './stage.mjs';
import { World } from './world.mjs';

/**
 * @typedef {import('./stage.mjs').Look} Look
 * @typedef {{name: string, show: (stage: Stage) => Promise<import('playwright-core').Page>}} Scene
 * @typedef {{scene: string, look: Look, file: string, overflow: number}} Picture `overflow`: how many pixels stick out
 *   at the side of the page
 */

/** The least that a picture of something weighs, in bytes: an empty page is smaller. */
export const PICTURE_MIN = 8_000;

/** How often a picture is taken that shows nothing: on a busy machine a browser may give a frame from before it has painted. */
const TRIES = 3;

/**
 * @param {import('playwright-core').Browser} browser
 * @param {Scene[]} scenes
 * @param {Look[]} looks
 * @param {string} folder
 * @param {(page: import('playwright-core').Page, scene: Scene) => Promise<unknown>} [visit] what else to do with each page
 * @returns {Promise<Picture[]>}
 */
export async function take(browser, scenes, looks, folder, visit = async () => {}) {
  await mkdir(folder, { recursive: true });
  const pictures = [];
  for (const look of looks) {
    await played(browser, scenes, look, async (page, scene) => {
      const file = `${scene.name}-${nameOf(look).replaceAll(' ', '-')}.png`;
      await photograph(page, join(folder, file));
      const overflow = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
      pictures.push({ scene: scene.name, look, file, overflow });
      await visit(page, scene);
    });
  }
  return pictures;
}

/** @param {import('playwright-core').Page} page @param {string} path */
async function photograph(page, path) {
  for (let left = TRIES; left > 0; left -= 1) {
    const picture = await page.screenshot({ path });
    if (picture.length >= PICTURE_MIN) return;
  }
}

/**
 * Plays scenes in one look, each on a fresh stage in the same world.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {Scene[]} scenes
 * @param {Look} look
 * @param {(page: import('playwright-core').Page, scene: Scene) => Promise<void>} visit
 */
async function played(browser, scenes, look, visit) {
  const world = await World.begin(look.language);
  try {
    for (const scene of scenes) {
      const stage = new Stage(browser, world, look);
      try {
        const page = await scene.show(stage);
        await page.evaluate(() => document.fonts.ready);
        await visit(page, scene);
      } catch (error) {
        throw new Error(`${scene.name}, ${nameOf(look)}: ${error.message}\nserver: ${world.server.log}`, { cause: error });
      } finally {
        await stage.clear();
      }
    }
  } finally {
    await world.end();
  }
}

/**
 * The contact sheet: a row for each scene, a column for each look.
 *
 * @param {Picture[]} pictures
 * @param {string} folder
 */
export async function layOut(pictures, folder) {
  const scenes = [...new Set(pictures.map(({ scene }) => scene))];
  const looks = LOOKS.map(nameOf).filter((name) => pictures.some(({ look }) => nameOf(look) === name));
  const cell = (scene, name) => {
    const picture = pictures.find((one) => one.scene === scene && nameOf(one.look) === name);
    if (picture === undefined) return '<td></td>';
    const alt = `${scene}, ${name}`;
    return `<td><a href="${picture.file}"><img src="${picture.file}" alt="${alt}" loading="lazy"></a></td>`;
  };
  const rows = scenes.map((scene) => `<tr><th scope="row">${scene}</th>${looks.map((look) => cell(scene, look)).join('')}</tr>`);
  const head = looks.map((look) => `<th scope="col">${look}</th>`).join('');
  await writeFile(
    join(folder, 'index.html'),
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Every page, in every look</title>
<style>
  body { margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; background: #888; }
  th { position: sticky; top: 0; padding: 0.5rem; background: #888; }
  th[scope='row'] { left: 0; text-align: left; }
  td { padding: 0.5rem; vertical-align: top; }
  img { display: block; height: 420px; border-radius: 6px; }
</style>
<table>
<tr><td></td>${head}</tr>
${rows.join('\n')}
</table>
`,
  );
}
