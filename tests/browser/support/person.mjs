// Somebody at a page of their own, in words of the product: who they are, what they see, what they press.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the page may take to show what it should, in milliseconds. */
export const PATIENCE_MS = 15_000;

export class Person {
  /** @param {import('playwright-core').Page} page @param {string} name */
  constructor(page, name) {
    this.page = page;
    this.name = name;
    this.stage = page.locator('dialog.stage');
  }

  /** Enters by the form for new names, as a user or an otomo whom nobody knows yet. */
  async enterAs(role) {
    await this.page.locator('details summary').click();
    await this.page.locator('#new-name').fill(this.name);
    await this.page.locator('#new-role').selectOption(role);
    await this.page.locator('details button').click();
    await this.isLive();
    return this;
  }

  /** The link's light is green. */
  async isLive() {
    await this.page.locator('#link[data-phase=live]').waitFor({ timeout: PATIENCE_MS });
  }

  /** @param {string} name somebody in the list */
  card(name) {
    return this.page.locator('.otomo', { has: this.page.getByRole('heading', { name, exact: true }) });
  }

  /** Waits until the list shows somebody with a status. */
  async sees(name, status) {
    await this.card(name)
      .and(this.page.locator(`[data-status=${status}]`))
      .waitFor({ timeout: PATIENCE_MS });
  }

  /** Waits for a scene on the stage: `incoming`, `talk`, `summary`. */
  async on(scene) {
    await this.page.locator(`dialog.stage[open][data-scene=${scene}]`).waitFor({ timeout: PATIENCE_MS });
  }

  /** Waits until no call is on the stage. */
  async isIdle() {
    await this.stage.waitFor({ state: 'hidden', timeout: PATIENCE_MS });
  }

  async calls(name) {
    await this.card(name).locator('.call-button').click();
  }

  async accepts() {
    await this.on('incoming');
    await this.stage.locator('.round.accept').click();
  }

  async rejects() {
    await this.on('incoming');
    await this.stage.locator('.round.reject').click();
  }

  /** Hangs up, or gives up. */
  async leaves() {
    await this.on('talk');
    await this.stage.locator('.round.reject').click();
  }

  /** Waits until the server counts the call as connected and the peer connection itself says so. */
  async talks() {
    await this.page.waitForFunction(
      () => window.otomo.peerState() === 'connected' && window.otomo.state().call.phase === 'connected',
      undefined,
      { timeout: PATIENCE_MS },
    );
  }

  /** Waits until more sound went out and more came in than now. */
  async sendsAndHears() {
    const before = await this.#bytes();
    await until('sound both ways', async () => {
      const now = await this.#bytes();
      return now.sent > before.sent + 2_000 && now.received > before.received + 2_000;
    });
  }

  /** Waits until no sound comes in any more: for a second there was none. */
  async hearsNothing() {
    let before = await this.#bytes();
    await until('silence', async () => {
      await sleep(1_000);
      const now = await this.#bytes();
      const silent = now.received === before.received;
      before = now;
      return silent;
    });
  }

  /** @returns {Promise<{sent: number, received: number}>} */
  #bytes() {
    return this.page.evaluate(() => window.otomo.peerBytes());
  }

  /** Waits for the summary and gives the reason that it tells. */
  async endsWith(reason) {
    await this.on('summary');
    assert.equal(await this.stage.locator('.reason').getAttribute('data-reason'), reason);
  }

  async dismisses() {
    await this.stage.locator('.button.primary').click();
    await this.isIdle();
  }
}

/**
 * Asks again and again. Not by `waitForFunction`: that takes the promise of an asynchronous question for a yes.
 *
 * @param {string} what for the message of a failed test
 * @param {() => Promise<boolean>} holds
 */
export async function until(what, holds) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never ${what}`);
    await sleep(100);
  }
}
