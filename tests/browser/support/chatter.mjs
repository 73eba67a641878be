// What somebody does and sees in the chat, in words of the product.

import { PATIENCE_MS } from './person.mjs';

export class Chatter {
  /** @param {import('./person.mjs').Person} person */
  constructor(person) {
    this.person = person;
    this.page = person.page;
    this.typing = this.page.locator('.typing span').first();
    this.field = this.page.locator('#message');
    this.head = this.page.locator('.conversation-head');
    this.badge = this.page.locator('#to-chat .count');
  }

  /** Begins to talk with an otomo of the list. */
  async talksTo(name) {
    await this.person.sees(name, 'online');
    await this.person.card(name).locator('.write-button').click();
    await this.isIn(name);
  }

  /** Opens a conversation of the list, from wherever they are. */
  async opens(title) {
    if (!(await this.page.locator('#conversation-list').isVisible())) await this.toChat();
    await this.row(title).click();
    await this.isIn(title);
  }

  async toChat() {
    await this.page.locator('#to-chat').click();
  }

  async toHome() {
    await this.page.locator('.tabs .tab').first().click();
  }

  async isIn(title) {
    await this.page.locator('#conversation-title').getByText(title, { exact: true }).waitFor({ timeout: PATIENCE_MS });
    await this.field.waitFor();
  }

  /** @param {string} title of a conversation in the list */
  row(title) {
    return this.page.locator('.conversation-link', {
      has: this.page.locator('.conversation-name').getByText(title, { exact: true }),
    });
  }

  async writes(text) {
    await this.field.fill(text);
    await this.field.press('Enter');
  }

  /** @param {string} text of a message */
  message(text) {
    return this.page.locator('.message', { has: this.page.locator('.message-body').getByText(text, { exact: true }) });
  }

  async hears(text) {
    await this.message(text).waitFor({ timeout: PATIENCE_MS });
  }

  /** Waits until a message of theirs is stored. */
  async sent(text) {
    await this.message(text).and(this.page.locator('[data-phase=sent]')).waitFor({ timeout: PATIENCE_MS });
  }

  /** Waits until a message of theirs was read. */
  async isReadBy(text, mark = /既読/) {
    await this.message(text).locator('.message-state').getByText(mark).waitFor({ timeout: PATIENCE_MS });
  }

  /** What stands in the open conversation. */
  texts() {
    return this.page.locator('.message-body').allTextContents();
  }

  /** Waits until exactly this stands in the open conversation. */
  async reads(texts) {
    const holds = (/** @type {string[]} */ wanted) => {
      const shown = [...document.querySelectorAll('.message-body')].map(({ textContent }) => textContent);
      return shown.length === wanted.length && shown.every((text, at) => text === wanted[at]);
    };
    await this.page.waitForFunction(holds, texts, { timeout: PATIENCE_MS });
  }

  /** @param {'websocket' | 'sse'} transport */
  async goesBy(transport) {
    await this.page.locator(`.transport input[value=${transport}]`).check();
    const goes = (/** @type {string} */ wanted) => {
      const { link } = window.otomo.state();
      return link.transport === wanted && link.phase === 'live';
    };
    await this.page.waitForFunction(goes, transport, { timeout: PATIENCE_MS });
  }
}
