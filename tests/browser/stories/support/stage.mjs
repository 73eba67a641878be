// A story: people at a server of their own, some of whom go away and come back.

import assert from 'node:assert/strict';

import { Chatter } from '../../support/chatter.mjs';
import { network, tunnel } from '../../support/network.mjs';
import { PATIENCE_MS } from '../../support/person.mjs';
import { scenario } from '../../support/scenario.mjs';
import { OwnBrowser } from './own_browser.mjs';
import { SETTINGS, SLACK_MS } from './pace.mjs';
import { timerOf } from './watching.mjs';

/**
 * @typedef {import('../../support/person.mjs').Person} Person
 *
 * @typedef {object} Stage
 * @property {(name: string) => Promise<Person>} person somebody who stays where they are
 * @property {(name: string, how?: import('../../support/network.mjs').Break) => Promise<Person & {offline: (off: boolean) => Promise<void>}>} traveller
 *   somebody whose network can be taken away
 * @property {(name: string) => Promise<Person & {browser: OwnBrowser, timer: Awaited<ReturnType<typeof timerOf>>}>} owner
 *   somebody with a browser of their own, and a timer in its page
 */

/**
 * @param {string} name
 * @param {(stage: Stage) => Promise<void>} play
 * @param {Record<string, string>} [settings] beside those of all stories
 */
export function story(name, play, settings = {}) {
  const run = async ({ person, server, atEnd }) => {
    const traveller = async (called, how = 'reset') => {
      const way = await tunnel(server);
      atEnd(() => way.close());
      const somebody = await person(called, { door: way.door });
      return Object.assign(somebody, { offline: await network(somebody.page, way, how) });
    };
    const owner = async (called) => {
      const browser = await OwnBrowser.open();
      atEnd(() => browser.close());
      const somebody = await person(called, { page: await browser.page() });
      return Object.assign(somebody, { browser, timer: await timerOf(somebody.page) });
    };
    await play({ person, traveller, owner });
  };
  scenario(name, run, { ...SETTINGS, ...settings });
}

/**
 * @param {Person} user @param {Person} otomo
 * @returns {Promise<void>} once both talk, and each hears the other
 */
export async function talk(user, otomo) {
  await user.calls(otomo.name);
  await otomo.accepts();
  await speak(user, otomo);
}

/** @param {Person} user @param {Person} otomo */
export async function speak(user, otomo) {
  await Promise.all([user.talks(), otomo.talks()]);
  await Promise.all([user.sendsAndHears(), otomo.sendsAndHears()]);
}

/**
 * @param {Person} user @param {Person} otomo
 * @returns {Promise<{user: Chatter, otomo: Chatter}>} both in their conversation, after a first message that was read
 */
export async function chat(user, otomo) {
  const pair = { user: new Chatter(user), otomo: new Chatter(otomo) };
  await pair.user.talksTo(otomo.name);
  await pair.user.writes('もしもし');
  await pair.otomo.opens(user.name);
  await pair.user.isReadBy('もしもし');
  return pair;
}

/** Puts another tab in front, and counts the page's ticks from then on. */
export async function hide({ page, browser, timer }) {
  const other = await browser.page();
  await other.bringToFront();
  await page.waitForFunction(() => document.visibilityState === 'hidden', undefined, { polling: 100 });
  await timer.restart();
}

/** @param {Person} person @returns {Promise<number>} what the timer of the call shows, in seconds */
export async function shownSeconds({ stage }) {
  const text = (await stage.locator('.timer').textContent()) ?? '';
  assert.match(text, /^\d+:\d\d$/);
  const [minutes, seconds] = text.split(':').map(Number);
  return minutes * 60 + seconds;
}

/** @param {Person} person @returns {Promise<string>} how long the call was, as the summary says */
export async function shownDuration({ stage }) {
  return (await stage.locator('.facts dd').first().textContent()) ?? '';
}

/**
 * @param {Person} person
 * @param {string | RegExp} text on the stage
 * @param {number} [withinMs] beside what a busy machine adds
 */
export function sees({ stage }, text, withinMs = 0) {
  return stage.getByText(text).waitFor({ timeout: withinMs + SLACK_MS });
}

/** Waits for the summary, which may come late, and checks why the call ended. */
export async function learnsThatItEnded(person, reason, withinMs) {
  await person.page.locator('dialog.stage[open][data-scene=summary]').waitFor({ timeout: withinMs + SLACK_MS });
  await person.endsWith(reason);
}

/** Waits until the tab is called so: also one that is behind another, which draws no frames. */
export async function titled({ page }, title) {
  await page.waitForFunction((wanted) => document.title === wanted, title, { polling: 200, timeout: PATIENCE_MS });
}
