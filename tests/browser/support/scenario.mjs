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
 * @typedef {object} Stage
 * @property {(name: string, options?: object) => Promise<Person>} person
 * @property {Server} server
 * @property {(end: () => unknown) => void} atEnd takes what is to be put away
 * @property {(...refusals: string[]) => void} expects takes refusals of the server that the scenario is about, as `403 /api/x`:
 *   a status, and how the path begins
 */

/**
 * A test with people. Whatever it is about, no page may log an error, be refused anything, or load from elsewhere.
 *
 * @param {string} name
 * @param {(stage: Stage) => Promise<void>} play
 * @param {Record<string, string>} [settings] for a server of its own
 */
export function scenario(name, play, settings) {
  test(name, async () => {
    const server = settings === undefined ? shared : await Server.start(settings);
    /** @type {Person[]} */
    const people = [];
    /** @type {string[]} */
    const faults = [];
    /** @type {string[]} */
    const expected = [];
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
    let failed = null;
    try {
      const stage = { person, server, atEnd: (end) => ends.push(end), expects: (...refusals) => expected.push(...refusals) };
      await play(stage);
      assert.deepEqual(unexpected(faults, expected), []);
    } catch (error) {
      // A page that is gone or asleep gives no picture; why it failed is what counts.
      for (const { page, name: who } of people) await picture(page, `failed ${name} (${who})`).catch(() => {});
      failed = new Error(`${error.message}\npages: ${faults.join('\n') || 'no faults'}\nserver: ${server.log}`, {
        cause: error,
      });
    }
    for (const { page } of people) ends.unshift(() => page.context().close());
    if (server !== shared) ends.unshift(() => server.stop());
    const left = await putAway(ends.reverse());
    if (failed !== null) throw failed;
    assert.deepEqual(left, [], 'what could not be put away');
  });
}

/**
 * Puts everything away, whatever of it fails: the rest must not stay, nor hide why the test failed.
 *
 * @param {(() => unknown)[]} ends
 * @returns {Promise<unknown[]>} what went wrong
 */
async function putAway(ends) {
  const faults = [];
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      faults.push(error);
    }
  }
  return faults;
}

/**
 * @param {string[]} faults
 * @param {string[]} expected refusals
 */
function unexpected(faults, expected) {
  return faults.filter((fault) => !expected.some((refusal) => fault.startsWith(refusal)));
}

/** @param {object} options of a context of its own */
async function newPage(options) {
  const context = await browser.newContext({ locale: 'ja-JP', viewport: { width: 1100, height: 780 }, ...options });
  return context.newPage();
}

/** What the browser itself tells of links that break: a page is there to come back. */
const BREAKS = /WebSocket|net::ERR_/;

/** How it tells of a refusal. */
const REFUSAL = /responded with a status of (\d+)/;

/**
 * @param {import('playwright-core').Page} page
 * @param {string} door
 * @param {string[]} faults
 */
function watch(page, door, faults) {
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    const [text, { url }] = [message.text(), message.location()];
    if (message.type() !== 'error' || BREAKS.test(text + url)) return;
    const [, status] = REFUSAL.exec(text) ?? [];
    faults.push(status ? `${status} ${new URL(url).pathname}` : text);
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
