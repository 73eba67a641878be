// One browser and one server for a file of tests; fresh people for each test, and no trace of them after.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openBrowser } from './browser.mjs';
import { Person } from './person.mjs';
import { Server } from './server.mjs';

/** Where pictures of every view go; none are taken without it. */
const PICTURES = process.env.OTOMO_SCREENSHOTS;

/** Short enough to wait for a ring to run out, long enough to press a button before. */
const SETTINGS = { OTOMO_CALLS__RING_TIMEOUT: '12s' };

/** @type {Server} */
let shared;
/** @type {import('playwright-core').Browser} */
let browser;

before(async () => {
  shared = await Server.start(SETTINGS);
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  await shared?.stop();
});

/**
 * A test with people. Whatever it is about, no page may log an error or load anything from elsewhere.
 *
 * @param {string} name
 * @param {(stage: {person: (name: string, options?: object) => Promise<Person>, server: Server, atEnd: (end: () => unknown) => void}) => Promise<void>} play
 *   `atEnd` takes what is to be put away
 * @param {Record<string, string>} [settings] for a server of its own
 */
export function scenario(name, play, settings) {
  test(name, async () => {
    const server = settings === undefined ? shared : await Server.start(settings);
    /** @type {Person[]} */
    const people = [];
    /** @type {string[]} */
    const faults = [];
    // The door is where they come in: the server's own, or one that a test may shut. The page is a fresh one of theirs.
    const person = async (called, { door = server.url, page: own, ...options } = {}) => {
      const page = own ?? (await newPage(options));
      watch(page, door, faults);
      const somebody = new Person(page, called);
      people.push(somebody);
      await page.goto(door);
      return somebody;
    };
    /** @type {(() => unknown)[]} */
    const ends = [];
    try {
      await play({ person, server, atEnd: (end) => ends.push(end) });
      assert.deepEqual(faults, []);
    } catch (error) {
      // A page that is gone or asleep gives no picture; why it failed is what counts.
      for (const { page, name: who } of people) await picture(page, `failed ${name} (${who})`).catch(() => {});
      throw new Error(`${error.message}\npages: ${faults.join('\n') || 'no faults'}\nserver: ${server.log}`, {
        cause: error,
      });
    } finally {
      for (const end of ends.reverse()) await end();
      for (const { page } of people) await page.context().close();
      if (server !== shared) await server.stop();
    }
  });
}

/** @param {object} options of a context of its own */
async function newPage(options) {
  const context = await browser.newContext({ locale: 'ja-JP', viewport: { width: 1100, height: 780 }, ...options });
  return context.newPage();
}

/** What the browser itself tells: of links that break, commands that are refused, the door that production lacks. */
const EXPECTED =
  /WebSocket|net::ERR_|\/dev\/people|\/sse|\/api\/(commands|friends\/|points$|server\/points\/)|\/admin\/api\//;

/**
 * @param {import('playwright-core').Page} page
 * @param {string} door
 * @param {string[]} faults
 */
function watch(page, door, faults) {
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !EXPECTED.test(message.text() + message.location().url))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (/^(http|ws)/.test(url.protocol) && url.origin !== new URL(door).origin) faults.push(`loads ${url}`);
  });
}

/**
 * @param {import('playwright-core').Page} page
 * @param {string} name
 */
export async function picture(page, name) {
  if (!PICTURES) return;
  await mkdir(PICTURES, { recursive: true });
  // What glides has arrived by then.
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(PICTURES, `${name.replaceAll(/[^\p{L}\d]+/gu, '-')}.png`) });
}
