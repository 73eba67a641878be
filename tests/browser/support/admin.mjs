// An admin at the page of admins, in words of the product: what they open, what they see, what they press.

import assert from 'node:assert/strict';

import { PATIENCE_MS } from './person.mjs';

export class Admin {
  /** @param {import('playwright-core').Page} page at the door */
  constructor(page) {
    this.page = page;
  }

  /** Comes in with the token that the server's development mode lends. */
  async borrows() {
    await this.page.locator('.lent button').click();
    await this.page.locator('.figure').first().waitFor({ timeout: PATIENCE_MS });
    return this;
  }

  /** Comes in with a token. */
  async pastes(token) {
    await this.page.locator('#token').fill(token);
    await this.page.locator('form .primary').click();
  }

  /** @param {string} view as in the address: `calls` */
  async opens(view) {
    await this.page.locator(`.menu a[href="#/${view}"]`).click();
    await this.page.locator(`.menu a[href="#/${view}"][aria-current=page]`).waitFor();
    const name = await this.page.locator(`.menu a[href="#/${view}"]`).textContent();
    await this.page.getByRole('heading', { level: 1, name, exact: true }).waitFor({ timeout: PATIENCE_MS });
  }

  /** A row of the table under a heading. @param {string} heading @param {string} text in its first cell */
  row(heading, text) {
    const head = this.page.getByRole('rowheader', { name: text });
    return this.page.getByRole('region', { name: heading }).getByRole('row').filter({ has: head });
  }

  /** The details of what was picked. */
  get details() {
    return this.page.locator('.details');
  }

  async sees(locator) {
    await locator.first().waitFor({ timeout: PATIENCE_MS });
  }

  async seesNoMore(locator) {
    await locator.first().waitFor({ state: 'detached', timeout: PATIENCE_MS });
  }

  /** Presses what changes something, is told what that means, and goes through with it. @returns what was said of it */
  async does(button) {
    await button.click();
    await this.page.locator('dialog.confirm[open]').waitFor();
    assert.notEqual(await this.page.locator('#confirm-text').textContent(), '');
    await this.page.locator('#confirm').click();
    await this.page.locator('dialog.confirm').waitFor({ state: 'hidden', timeout: PATIENCE_MS });
    return this.page.locator('.notice').textContent();
  }

  /** What the book says, the newest first: who, what, to whom, detail and outcome. */
  async reads(count) {
    await this.opens('audit');
    const rows = this.page.locator('.table tbody tr');
    await rows.nth(count - 1).waitFor({ timeout: PATIENCE_MS });
    const entries = await rows.evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent).join(' | ')),
    );
    return entries.slice(0, count);
  }
}
