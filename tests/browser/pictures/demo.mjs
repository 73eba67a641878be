// The pages of the demo, each as somebody sees it in the middle of a day. A scene opens what it needs and gives the page
// that shows it.

import { PATIENCE_MS } from '../support/person.mjs';

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('./stage.mjs').Stage} Stage
 */

/** @type {{name: string, show: (stage: Stage) => Promise<Page>}[]} */
export const SCENES = [
  { name: 'welcome', show: welcome },
  { name: 'list', show: (stage) => at(stage, '#/', '.otomo[data-status=online]') },
  { name: 'waiting', show: (stage) => waiting(stage) },
  { name: 'incoming', show: incoming },
  { name: 'missed', show: missed },
  { name: 'ringing', show: ringing },
  { name: 'call', show: call },
  { name: 'summary', show: summary },
  { name: 'chat', show: (stage) => at(stage, '#/chat', '.conversation-link') },
  { name: 'conversation', show: (stage) => at(stage, `#/chat/${stage.world.conversationId}`, '.message') },
  { name: 'new-group', show: (stage) => at(stage, '#/group', '.member-choice') },
  { name: 'friends', show: (stage) => at(stage, '#/friends', '#list-friend [data-online]') },
  { name: 'friends-question', show: question },
  { name: 'points', show: (stage) => at(stage, '#/points', '.transaction') },
  { name: 'notices', show: notices },
];

/** The user's page, at a place and with something that shows that it has loaded. */
async function at(stage, hash, sign, who = 'kenta') {
  const page = await stage.open(who, hash);
  await page.locator(sign).first().waitFor({ timeout: PATIENCE_MS });
  return page;
}

async function welcome(stage) {
  const page = await stage.stranger();
  await page.locator('.person').first().waitFor({ timeout: PATIENCE_MS });
  return page;
}

async function waiting(stage) {
  return at(stage, '#/', '.orb[data-status=online]', 'aoi');
}

async function incoming(stage) {
  const page = await waiting(stage);
  const callId = await stage.world.rings('yumi', 'aoi');
  stage.after(() => stage.world.people.yumi.command('call_cancel', { callId }));
  await scene(page, 'incoming');
  return page;
}

async function missed(stage) {
  const page = await waiting(stage);
  await stage.world.rings('yumi', 'aoi');
  await page.locator('#missed-list li').first().waitFor({ timeout: PATIENCE_MS });
  return page;
}

async function ringing(stage) {
  await at(stage, '#/', '.orb[data-status=online]', 'sakura');
  return calls(stage);
}

async function call(stage) {
  const otomo = await at(stage, '#/', '.orb[data-status=online]', 'sakura');
  const page = await calls(stage);
  await scene(otomo, 'incoming');
  await otomo.locator('.round.accept').click();
  await page.locator('.bill:not(:empty)').waitFor({ timeout: PATIENCE_MS });
  // The microphone of a browser without one beeps now and then.
  const heard = () => Number(document.querySelector('.meter').style.getPropertyValue('--level')) > 0.2;
  await page.waitForFunction(heard, undefined, { timeout: PATIENCE_MS, polling: 50 });
  return page;
}

async function summary(stage) {
  const page = await call(stage);
  await page.locator('dialog.stage .round.reject').click();
  await scene(page, 'summary');
  return page;
}

async function calls(stage) {
  const page = await at(stage, '#/', '.otomo[data-user-id=sakura][data-status=online] .call-button');
  await page.locator('.otomo[data-user-id=sakura] .call-button').click();
  await scene(page, 'talk');
  stage.after(async () => {
    const hangUp = page.locator('dialog.stage .round.reject');
    if (await hangUp.isVisible()) await hangUp.click();
    await page.waitForFunction(() => ['idle', 'ended'].includes(window.otomo.state().call.phase));
  });
  return page;
}

async function question(stage) {
  const page = await at(stage, '#/friends', '#list-friend [data-online]');
  await page.locator('#list-friend .faint').first().click();
  await page.locator('dialog.confirm').waitFor();
  return page;
}

async function notices(stage) {
  const page = await at(stage, '#/points', '.transaction');
  await stage.world.says('emma', { toUserId: 'kenta' }, stage.world.words.unread);
  await page.locator('.trial-buttons .primary').click();
  await page.locator('.notice').nth(1).waitFor({ timeout: PATIENCE_MS });
  return page;
}

/** @param {Page} page @param {string} name of what plays on the stage */
async function scene(page, name) {
  await page.locator(`dialog.stage[open][data-scene=${name}]`).waitFor({ timeout: PATIENCE_MS });
}
