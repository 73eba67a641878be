// The small app on the client library (`tests/client/app`): its types hold, and in real browsers it does what it says.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { compiled, serve } from '../client/app/serve.mjs';
import { PATIENCE_MS } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

const COMPILER = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
const here = (name) => fileURLToPath(new URL(`../client/app/${name}`, import.meta.url));

/** At most this many lines, as promised. */
const LINES = 60;

let script;
before(() => (script = compiled(COMPILER)));

/**
 * What the compiler says of the app after slips of the pen.
 * @param {[right: string, wrong: string][]} slips
 */
async function complaintsOf(slips) {
  const folder = await mkdtemp(join(tmpdir(), 'otomo-slips-'));
  try {
    let text = await readFile(here('app.ts'), 'utf8');
    for (const [right, wrong] of slips) {
      assert.ok(text.includes(right), right);
      text = text.replaceAll(right, wrong);
    }
    await writeFile(join(folder, 'app.ts'), text);
    const { compilerOptions } = JSON.parse(await readFile(here('tsconfig.json'), 'utf8'));
    compilerOptions.paths = { 'otomo-client': [fileURLToPath(new URL('../../web/client', import.meta.url))] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
    compiled(COMPILER, join(folder, 'tsconfig.json'));
    return '';
  } catch ({ message }) {
    return message;
  } finally {
    await rm(folder, { recursive: true });
  }
}

test(`the app has at most ${LINES} lines`, async () => {
  const lines = (await readFile(here('app.ts'), 'utf8')).trimEnd().split('\n').length;
  assert.ok(lines <= LINES, `${lines} lines`);
});

test('slips of the pen do not compile', async () => {
  const complaints = await complaintsOf([
    ['fromUserName', 'fromUsername'],
    ["'incoming'", "'inbound'"],
    ['calls.place(userId)', 'calls.place(7)'],
    ['createOtomo({ token })', 'createOtomo({ tokens: token })'],
  ]);
  // An event's field, a phase, an argument, an option.
  assert.match(complaints, /TS2339: Property 'fromUsername' does not exist on type 'CallMissed/);
  assert.match(complaints, /TS2367: .* have no overlap/);
  assert.match(complaints, /TS2345: .*'number'/);
  assert.match(complaints, /TS2561: .*'tokens' does not exist/);
  assert.equal(complaints.trim().split(/\n(?! )/).length, 4, complaints);
});

/** Somebody at the app. */
async function at(person, app, userId, role) {
  const { page } = await person(userId, { door: `${app.url}?user=${userId}&role=${role}` });
  const press = (text) => page.getByRole('button', { name: text, exact: true }).click({ timeout: PATIENCE_MS });
  const reads = (id, text) => page.locator(id).getByText(text).waitFor({ timeout: PATIENCE_MS });
  await reads('#link', `${userId}: live`);
  return { page, press, reads };
}

/** Waits until sound really comes out of the page's loudspeaker. */
const hears = ({ page }) =>
  page.waitForFunction(
    () => {
      const { srcObject, paused, currentTime } = document.getElementById('loudspeaker');
      return srcObject?.getAudioTracks()[0]?.muted === false && !paused && currentTime > 0.3;
    },
    undefined,
    { timeout: PATIENCE_MS },
  );

scenario('sixty lines show the list and take a call', async ({ person, server }) => {
  const app = await serve(server.url, script);
  try {
    const [taro, hana] = [await at(person, app, 'taro', 'user'), await at(person, app, 'hana', 'otomo')];
    await taro.reads('#list', 'hana: online');
    await taro.press('Call');
    await taro.reads('#call', 'hana: ringing');
    await hana.reads('#call', 'taro: incoming');
    await hana.press('Accept');
    await Promise.all([taro.reads('#call', 'hana: connected'), hana.reads('#call', 'taro: connected')]);
    await Promise.all([hears(taro), hears(hana)]);
    await taro.reads('#list', 'hana: busy');
    await hana.press('Hang up');
    await taro.reads('#call', 'hana: otomo_end');
    await taro.press('Close');
    await taro.reads('#list', 'hana: online');
    assert.equal(await taro.page.locator('#call').textContent(), '');

    // Nobody answers: the otomo is told whom they missed.
    await taro.press('Call');
    await hana.reads('#call', 'taro: incoming');
    await hana.reads('#notice', 'You missed taro');
    await taro.reads('#call', 'hana: timeout');
  } finally {
    app.close();
  }
});
