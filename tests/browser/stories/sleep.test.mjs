// A laptop is closed for a minute, or the browser freezes a tab to save energy.
//
// Sleep: all processes of the browser are stopped, so no timer fires, no ping is answered and no voice is sent, and nobody
// is told. Frozen: the page's own code stands still (`Page.setWebLifecycleState`), while the browser answers pings for it.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { PATIENCE_MS, until } from '../support/person.mjs';
import { picture } from '../support/scenario.mjs';
import { NOTICE_MS, SLACK_MS, SLEEP_MS, TIMES, lasts } from './support/pace.mjs';
import { chat, hide, learnsThatItEnded, sees, shownDuration, shownSeconds, speak, story, talk, titled } from './support/stage.mjs';
import { dot, scene, statusOf, watch } from './support/watching.mjs';

/** The page stood still: none of its timers fired for nearly all of that time. */
async function stoodStill({ timer }, ms) {
  const { longestMs } = await timer.read();
  assert.ok(longestMs > ms * 0.9, `its timers paused for ${longestMs} ms at most`);
}

/** Freezes the page as the browser does with one that is behind another; gives what thaws it and brings it to the front. */
async function freeze(person) {
  await hide(person);
  const { page } = person;
  const devtools = await page.context().newCDPSession(page);
  const wish = (state) => devtools.send('Page.setWebLifecycleState', { state });
  await page.evaluate(() => {
    window.frozen = false;
    document.addEventListener('freeze', () => (window.frozen = true), { once: true });
  });
  await until('a frozen page', async () => {
    // It does not where it still takes the page for visible, and says nothing.
    await wish('frozen');
    return page.evaluate(() => window.frozen);
  });
  return async () => {
    await wish('active');
    await page.bringToFront();
  };
}

describe('a laptop sleeps', () => {
  // The server notices after 35 s at most (ping_interval, pong_timeout), a call waits for another 10 s. So the other one first
  // sees that the voice is broken, then for how long the sleeper is waited for, then that the call ended and why: they
  // are never stuck. Who wakes learns the same at once, without touching anything, and sees the list as it is now.
  story(`in a call, for ${SLEEP_MS / 1000} s: it ended meanwhile, and both are told why`, async ({ person, owner }) => {
    const [user, otomo, witness] = await Promise.all([owner('はる'), person('なつ'), person('あき')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), witness.enterAs('user')]);
    await talk(user, otomo);
    const statuses = await watch(witness.page, statusOf, 'なつ');
    const scenes = await watch(otomo.page, scene);
    await user.timer.restart();
    const began = Date.now();
    user.browser.sleep();
    await otomo.hearsNothing();
    await sees(otomo, /音声がとぎれています。つなぎ直しています|相手の接続が切れました/, NOTICE_MS);
    await sees(otomo, /相手の接続が切れました/, NOTICE_MS);
    await sees(otomo, /^あと\d+秒$/);
    await learnsThatItEnded(otomo, 'disconnect', TIMES.lossMs);
    assert.ok(Date.now() - began < NOTICE_MS + TIMES.lossMs + SLACK_MS, 'nobody waits for longer');
    await otomo.dismisses();
    await lasts(SLEEP_MS, began);
    user.browser.wake();

    await user.endsWith('disconnect');
    await sees(user, '途切れた接続が戻りませんでした');
    await stoodStill(user, SLEEP_MS);
    await picture(user.page, 'woken after a call');
    await user.isLive();
    await user.dismisses();
    await user.sees('なつ', 'online');
    assert.deepEqual(await scenes(), ['talk', 'summary', null]);
    assert.deepEqual(await statuses(), ['busy', 'online']);
    await talk(user, otomo);
  });

  // A sleep that is shorter than what the server and the call wait: both talk on, without anybody touching anything.
  story(
    `in a call, for ${SLEEP_MS / 6_000} s, less than the server waits: it goes on`,
    async ({ person, owner }) => {
      const [user, otomo] = await Promise.all([owner('はる'), person('なつ')]);
      await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
      await talk(user, otomo);
      const scenes = await watch(otomo.page, scene);
      await user.timer.restart();
      user.browser.sleep();
      await otomo.hearsNothing();
      await lasts(SLEEP_MS / 6);
      user.browser.wake();
      await speak(user, otomo);
      await stoodStill(user, SLEEP_MS / 6);
      const [here, far] = [await shownSeconds(user), await shownSeconds(otomo)];
      assert.ok(Math.abs(here - far) <= 1, `${here} s here, ${far} s there`);
      assert.deepEqual(await scenes(), ['talk']);
    },
    { OTOMO_CALLS__LOSS_GRACE: '10s' },
  );

  // To the other, the sleeper is online until the server has noticed and waited (35 + 15 s at most), then was last seen. Messages
  // go out all the same. Who wakes has them all, once, and they are read, for they are in view; the dot is back.
  story(`in a chat, for ${SLEEP_MS / 1000} s: everything is there once, and the other saw them go and come`, async ({ person, owner }) => {
    const [user, otomo] = await Promise.all([owner('はる'), person('なつ')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
    const pair = await chat(user, otomo);
    const there = await watch(otomo.page, dot);
    await user.timer.restart();
    const began = Date.now();
    user.browser.sleep();
    await pair.otomo.writes('おやすみ');
    await pair.otomo.sent('おやすみ');
    await pair.otomo.head.getByText('最終オンライン').waitFor({ timeout: NOTICE_MS + TIMES.leaveMs + SLACK_MS });
    await pair.otomo.writes('また明日');
    await pair.otomo.sent('また明日');
    assert.equal(await pair.otomo.message('おやすみ').locator('.message-state').textContent(), '');
    await lasts(SLEEP_MS, began);
    user.browser.wake();

    await pair.user.reads(['もしもし', 'おやすみ', 'また明日']);
    await stoodStill(user, SLEEP_MS);
    await pair.otomo.isReadBy('また明日');
    await pair.user.writes('おはよう');
    await pair.otomo.reads(['もしもし', 'おやすみ', 'また明日', 'おはよう']);
    await titled(user, 'おともはん');
    assert.equal(await pair.user.badge.textContent(), '');
    await user.isLive();
    await pair.otomo.head.getByText('オンライン', { exact: true }).waitFor({ timeout: PATIENCE_MS });
    assert.deepEqual(await there(), [true, false, true]);
  });
});

describe('a page is frozen', () => {
  // The browser answers the server's pings for the frozen page, so nobody misses it. When it thaws, Chromium closes the socket
  // that it held for it ("Page entered Back-Forward Cache"), and the page is back over a new one in a moment: at most for
  // that moment the other one sees that it is waited for. Both talk on, and the timer is right.
  story(`in a call, for ${SLEEP_MS / 1000} s: the call goes on`, async ({ person, owner }) => {
    const [user, otomo, witness] = await Promise.all([person('はる'), owner('なつ'), person('あき')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), witness.enterAs('user')]);
    await talk(user, otomo);
    await witness.sees('なつ', 'busy');
    const statuses = await watch(witness.page, statusOf, 'なつ');
    const scenes = await watch(user.page, scene);
    const trouble = () => user.stage.locator('.trouble').textContent();
    const thaw = await freeze(otomo);
    await lasts(SLEEP_MS);
    assert.equal(await trouble(), '');
    await thaw();

    await speak(user, otomo);
    await stoodStill(otomo, SLEEP_MS);
    const [here, far] = [await shownSeconds(otomo), await shownSeconds(user)];
    assert.ok(here >= SLEEP_MS / 1000 && Math.abs(here - far) <= 1, `${here} s here, ${far} s there`);
    assert.deepEqual(await scenes(), ['talk']);
    await until('well again', async () => (await trouble()) === '');
    assert.deepEqual(await statuses(), ['busy']);
    await user.leaves();
    await otomo.endsWith('user_end');
    assert.equal(await shownDuration(user), await shownDuration(otomo));
  });

  // Messages wait in the browser. Thawed, the page shows them at once, each once, and reads what is in view; a message that was
  // being typed is still there. To the other the sleeper was online all the time: the browser said so.
  story(`in a chat, for ${SLEEP_MS / 1000} s: everything is there once`, async ({ person, owner }) => {
    const [user, otomo] = await Promise.all([owner('はる'), person('なつ')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
    const pair = await chat(user, otomo);
    await pair.user.field.fill('書きかけ');
    const there = await watch(otomo.page, dot);
    const thaw = await freeze(user);
    const began = Date.now();
    const written = ['一', '二', '三'];
    for (const text of written) {
      await pair.otomo.writes(text);
      await pair.otomo.sent(text);
    }
    await lasts(SLEEP_MS, began);
    assert.equal(await pair.otomo.message('一').locator('.message-state').textContent(), '');
    await thaw();

    await pair.user.reads(['もしもし', ...written]);
    await stoodStill(user, SLEEP_MS);
    await pair.otomo.isReadBy('三');
    assert.equal(await pair.user.field.inputValue(), '書きかけ');
    await titled(user, 'おともはん');
    assert.equal(await pair.user.badge.textContent(), '');
    await user.isLive();
    assert.deepEqual(await there(), [true]);
  });
});
