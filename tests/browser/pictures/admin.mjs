// The pages of admins, each with something to see on it.

import { Admin } from '../support/admin.mjs';
import { PATIENCE_MS } from '../support/person.mjs';

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('./stage.mjs').Stage} Stage
 */

/** @type {{name: string, show: (stage: Stage) => Promise<Page>}[]} */
export const SCENES = [
  { name: 'admin-door', show: door },
  { name: 'admin-overview', show: (stage) => at(stage, 'overview', '[data-figure=messagesIn] polyline') },
  { name: 'admin-otomo', show: (stage) => at(stage, 'otomo/misaki', '.why-facts li') },
  { name: 'admin-calls', show: calls },
  { name: 'admin-sessions', show: (stage) => at(stage, 'sessions/emma', '.table tbody tr') },
  { name: 'admin-nodes', show: (stage) => at(stage, 'nodes', '.table tbody tr') },
  { name: 'admin-drain', show: (stage) => at(stage, 'drain', '.drain-state:not(:empty)') },
  { name: 'admin-confirm', show: confirm },
  { name: 'admin-audit', show: audit },
];

async function door(stage) {
  const page = await stage.stranger('admin/');
  await page.locator('.lent').waitFor({ timeout: PATIENCE_MS });
  return page;
}

/** An admin's page, at a place and with something that shows that it has loaded. */
async function at(stage, place, sign) {
  const page = await door(stage);
  await new Admin(page).borrows();
  await page.evaluate((hash) => (location.hash = hash), `#/${place}`);
  await page.locator(sign).first().waitFor({ state: 'attached', timeout: PATIENCE_MS });
  return page;
}

async function calls(stage) {
  const page = await at(stage, 'calls', '.table tbody tr');
  await page.locator('.table .ghost').first().click();
  await page.locator('.timeline li').first().waitFor({ timeout: PATIENCE_MS });
  return page;
}

async function confirm(stage) {
  const page = await at(stage, 'drain', '.drain-state:not(:empty)');
  await page.locator('.panel .danger').click();
  await page.locator('dialog.confirm[open]').waitFor();
  return page;
}

async function audit(stage) {
  const page = await at(stage, 'otomo/noah', '.why-facts li');
  await page.locator('.corrections .ghost').nth(1).click();
  await page.locator('#confirm').click();
  await page.locator('.notice:not(:empty)').waitFor({ timeout: PATIENCE_MS });
  await page.evaluate(() => (location.hash = '#/audit'));
  await page.locator('.table [data-tone=online]').first().waitFor({ timeout: PATIENCE_MS });
  return page;
}
