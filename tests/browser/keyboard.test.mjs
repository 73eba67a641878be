// The pages by keyboard alone: everything can be reached, one sees where one is, and goes on from where one went.

import assert from 'node:assert/strict';

import { Chatter } from './support/chatter.mjs';
import { PATIENCE_MS } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

/** More than any page has to stop at. */
const STOPS_MAX = 80;

/** Each element that a keyboard can get to, by a name; of radio buttons the checked one stands for its group. */
function reachable() {
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')];
  const stops = all.filter((element) => {
    if (element.disabled || !element.checkVisibility({ visibilityProperty: true })) return false;
    return element.type !== 'radio' || element.checked;
  });
  return stops.map((element) => window.nameOf(element));
}

/** The element that has the focus, and whether one sees that it has; null for none. */
function focused() {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  // A radio button is drawn by what stands beside it.
  const drawn = element.type === 'radio' ? element.nextElementSibling : element;
  const { outlineStyle, outlineWidth } = getComputedStyle(drawn);
  const box = element.getBoundingClientRect();
  const inView = box.bottom > 0 && box.top < innerHeight;
  return { name: window.nameOf(element), shown: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && inView };
}

/** Walks through a page from its top. @returns {Promise<string[]>} where it stopped, in order */
async function walk(page) {
  await page.evaluate(() => {
    window.nameOf = (element) => {
      const box = element.getAttribute('aria-label') ?? element.id ?? '';
      return `${element.tagName.toLowerCase()} ${box || element.value || element.textContent.trim()}`;
    };
    // From the very top, wherever one was before.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  const stops = [];
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate(focused);
    if (here === null || here.name === stops[0]) break;
    assert.ok(here.shown, `one does not see that ${here.name} has the focus`);
    stops.push(here.name);
  }
  return stops;
}

async function everythingIsReached(page, what) {
  const stops = await walk(page);
  const wanted = await page.evaluate(reachable);
  assert.deepEqual(wanted.filter((name) => !stops.includes(name)), [], what);
  assert.ok(stops.length > 5, `${what}: ${stops.length} stops`);
}

scenario('everything on every page is reached, in sight', async ({ person }) => {
  const { page: door } = await person('だれか');
  await door.locator('.person').first().waitFor();
  await everythingIsReached(door, 'welcome');

  const [user, otomo] = await Promise.all([person('かなえ'), person('ゆず')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees('ゆず', 'online');
  await everythingIsReached(user.page, 'list');
  await everythingIsReached(otomo.page, 'waiting');
  await user.card('ゆず').locator('.write-button').click();
  await user.page.locator('#message').fill('こんにちは');
  await everythingIsReached(user.page, 'conversation');
  for (const place of ['friends', 'points', 'chat']) {
    await user.page.locator(`#to-${place}`).click();
    await user.page.locator(`#to-${place}[aria-current=page]`).waitFor();
    await everythingIsReached(user.page, place);
  }
});

scenario('who goes somewhere goes on from there', async ({ person }) => {
  const { page } = await (await person('みちる')).enterAs('user');
  const at = () => page.evaluate(() => document.activeElement.tagName + (document.activeElement.id && `#${document.activeElement.id}`));
  assert.equal(await at(), 'MAIN#content', 'after entering');
  for (const place of ['friends', 'points', 'chat', 'home']) {
    await page.locator(`#to-${place}`).focus();
    await page.keyboard.press('Enter');
    await page.locator(`#to-${place}[aria-current=page]`).waitFor();
    assert.equal(await at(), 'MAIN#content', place);
    assert.equal(await page.evaluate(() => scrollY), 0);
  }
  await page.locator('#language').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Otomo' }).waitFor();
  assert.equal(await at(), 'BUTTON#language', 'another language');

  await page.reload();
  await page.locator('#link[data-phase=live]').waitFor({ timeout: PATIENCE_MS });
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement.className), /skip/);
  await page.keyboard.press('Enter');
  assert.equal(await at(), 'MAIN#content', 'the skip link');
});

scenario('a conversation that is opened by its address shows no ring, until a keyboard is there', async ({ person }) => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const [user, otomo] = await Promise.all([person('ひびき', phone), person('あずみ')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  const chatter = new Chatter(user);
  await chatter.talksTo('あずみ');
  const { page } = user;
  const address = await page.evaluate(() => location.hash);
  await page.evaluate(() => (location.hash = '#/'));
  await page.reload();
  await page.locator('#link[data-phase=live]').waitFor({ timeout: PATIENCE_MS });
  await page.evaluate((hash) => (location.hash = hash), address);
  const log = page.locator('.log:focus');
  await log.waitFor({ timeout: PATIENCE_MS });
  const ring = () => log.evaluate((element) => getComputedStyle(element).outlineStyle);
  assert.equal(await ring(), 'none');
  await page.keyboard.press('ArrowUp');
  assert.equal(await ring(), 'solid');
});

scenario('a ring takes the focus, holds it, and gives it back', async ({ person }) => {
  const [user, otomo] = await Promise.all([person('ただし'), person('すみ')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees('すみ', 'online');
  const rest = otomo.page.locator('.choice.break');
  await rest.focus();
  const focused = () => otomo.page.evaluate(() => document.activeElement.id || document.activeElement.className);
  await user.calls('すみ');
  await otomo.on('incoming');
  const dialog = otomo.page.getByRole('alertdialog', { name: 'ただしさんから電話です' });
  await dialog.waitFor();
  const held = () => dialog.evaluate((element) => {
    const { activeElement } = document;
    return activeElement === document.body || element.contains(activeElement);
  });
  // Who was in the middle of pressing keys answers nothing by them.
  assert.equal(await focused(), 'stage-title');
  for (const key of ['Enter', 'Space', 'Escape']) await otomo.page.keyboard.press(key);
  assert.equal(await otomo.page.evaluate(() => window.otomo.state().call.wish), null);
  await otomo.page.keyboard.press('Tab');
  assert.equal(await focused(), 'round reject');
  await otomo.page.keyboard.press('Tab');
  assert.equal(await focused(), 'round accept');
  for (let stop = 0; stop < 6; stop += 1) {
    await otomo.page.keyboard.press('Tab');
    assert.ok(await held(), `the focus left the ring after ${stop + 1}`);
  }
  await otomo.stage.locator('.round.reject').focus();
  await otomo.page.keyboard.press('Enter');
  await otomo.isIdle();
  assert.ok(await rest.evaluate((element) => element === document.activeElement), 'the focus is back where it was');
  await user.endsWith('manual_decline');
});

scenario('what was pressed in a call keeps the focus, and is called the same', async ({ person }) => {
  const [user, otomo] = await Promise.all([person('のぶ'), person('あおば')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees('あおば', 'online');
  await user.calls('あおば');
  await otomo.on('incoming');
  const focused = () => otomo.page.evaluate(() => document.activeElement.id || document.activeElement.className);
  // The answer waits here: the button that cannot be pressed again is still where the keyboard is.
  await otomo.page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => new Promise((allow, refuse) => (window.refuse = refuse));
  });
  await otomo.stage.locator('.round.accept').press('Enter');
  await otomo.stage.locator('.round.accept[aria-disabled=true]').waitFor();
  assert.equal(await focused(), 'round accept');
  await otomo.page.keyboard.press('Enter');
  await otomo.page.evaluate(() => {
    delete navigator.mediaDevices.getUserMedia;
    window.refuse(new Error('not now'));
  });
  await otomo.stage.locator('.round.accept:not([aria-disabled])').press('Enter');
  await Promise.all([user.talks(), otomo.talks()]);
  // What the page knows it draws a moment later.
  await otomo.on('talk');
  assert.equal(await focused(), 'stage-title');

  const mute = otomo.stage.getByRole('button', { name: 'ミュート', exact: true });
  for (const pressed of ['true', 'false']) {
    await mute.press('Space');
    await otomo.page.locator(`.round.mute[aria-pressed=${pressed}]`).waitFor();
    assert.equal(await mute.count(), 1, 'the name says what it is, its state whether it is on');
    assert.equal(await focused(), 'round mute');
  }
  await user.leaves();
  await Promise.all([user.endsWith('user_end'), otomo.endsWith('user_end')]);
});

scenario('a notice with a link, or one that is being read, waits for its reader', async ({ person }) => {
  const [user, friend] = await Promise.all([person('ゆうこ'), person('まさる')]);
  await Promise.all([user.enterAs('user'), friend.enterAs('otomo')]);
  await user.sees('まさる', 'online');
  await friend.page.clock.install();
  await user.card('まさる').locator('.write-button').click();
  await user.page.locator('#message').fill('元気？');
  await user.page.keyboard.press('Enter');
  const notice = friend.page.locator('.notice', { hasText: '元気？' });
  await notice.waitFor();
  await friend.page.clock.fastForward(60_000);
  await notice.locator('.notice-link').press('Enter');
  await notice.waitFor({ state: 'detached' });
  await friend.page.locator('.message', { hasText: '元気？' }).waitFor();
});

scenario('nothing moves for those who asked for less motion', async ({ person }) => {
  const options = { reducedMotion: 'reduce' };
  const [user, otomo] = await Promise.all([person('しずか', options), person('つき', options)]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees('つき', 'online');
  const moving = ({ page }) => page.evaluate(() => document.getAnimations().length);
  assert.deepEqual([await moving(user), await moving(otomo)], [0, 0]);
  await user.calls('つき');
  await otomo.on('incoming');
  assert.deepEqual([await moving(user), await moving(otomo)], [0, 0]);

  const lively = await (await person('はやて')).enterAs('otomo');
  assert.ok((await moving(lively)) > 0, 'otherwise the waiting screen breathes');
});
