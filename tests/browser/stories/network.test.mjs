// The network goes away for a while: in a tunnel, in a lift, between two networks.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { PATIENCE_MS } from '../support/person.mjs';
import { picture } from '../support/scenario.mjs';
import { BLINK_MS, LONG, LOST_MS, OFF_MS, TIMES, lasts } from './support/pace.mjs';
import { chat, learnsThatItEnded, sees, shownDuration, shownSeconds, speak, story, talk, titled } from './support/stage.mjs';
import { dot, light, scene, statusOf, watch } from './support/watching.mjs';

const LINK_AWAY = 'サーバーとの接続をつなぎ直しています';
const LOST = '接続が切れました';
const PEER_AWAY = '相手の接続が切れました。戻るのを待っています';
const TROUBLE = /つなぎ直しています|戻るのを待っています/;
const SECONDS_LEFT = /^あと\d+秒$/;

/** Where a story is about coming back in time: the absence is short, but the machine may be busy. */
const PATIENT = LONG
  ? {}
  : {
      OTOMO_CALLS__LOSS_GRACE: '10s',
      OTOMO_PRESENCE__LEAVE_GRACE: '15s',
      OTOMO_PRESENCE__RELOAD_GRACE: '6s',
    };

/** Waits until the page knows that it has no link. */
const knows = ({ page }) => page.locator('#link:not([data-phase=live])').waitFor({ timeout: PATIENCE_MS });

/** Caller, otomo, and somebody who looks at the list; the first two are in a call. One of them travels. */
async function inCall({ person, traveller }, { away, how }) {
  const [user, otomo, witness] = await Promise.all([
    away === 'user' ? traveller('はる', how) : person('はる'),
    away === 'otomo' ? traveller('なつ', how) : person('なつ'),
    person('あき'),
  ]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), witness.enterAs('user')]);
  await talk(user, otomo);
  await witness.sees('なつ', 'busy');
  const statuses = await watch(witness.page, statusOf, 'なつ');
  return away === 'user'
    ? { user, otomo, witness, statuses, gone: user, there: otomo }
    : { user, otomo, witness, statuses, gone: otomo, there: user };
}

describe('the network is gone', () => {
  // Who is away sees at once that the link is being mended; who is there sees that the other is waited for, and for how long.
  // Their voices, which do not pass the server, go on. Then it is as if nothing had been: the timer never stopped, nothing
  // rings, no word about it is left. To others the otomo was in a call all the time, though it is the otomo who was away.
  story(`in a call, for ${BLINK_MS / 1000} s, less than a call waits: it goes on, and both hear each other again`, async (stage) => {
    const { user, otomo, statuses, gone, there } = await inCall(stage, { away: 'otomo', how: 'reset' });
    const scenes = await Promise.all([gone, there].map(({ page }) => watch(page, scene)));
    const before = await shownSeconds(gone);
    const began = Date.now();
    await gone.offline(true);
    await sees(gone, LINK_AWAY);
    await sees(there, PEER_AWAY);
    await sees(there, SECONDS_LEFT);
    await picture(there.page, 'network gone peer away');
    await lasts(BLINK_MS, began);
    await gone.offline(false);

    await gone.isLive();
    await speak(user, otomo);
    for (const { stage: shown } of [gone, there]) {
      await shown.getByText(TROUBLE).waitFor({ state: 'hidden' });
      await shown.getByText(SECONDS_LEFT).waitFor({ state: 'hidden' });
    }
    const asked = Date.now();
    const [here, far] = await Promise.all([shownSeconds(gone), shownSeconds(there)]);
    const [least, most] = [(asked - began) / 1000 - 1, (Date.now() - began) / 1000 + 1];
    assert.ok(here - before >= least && here - before <= most, `${here - before} s, not ${least} to ${most}`);
    assert.ok(Math.abs(here - far) <= 1, `${here} s here, ${far} s there`);
    for (const seen of scenes) assert.deepEqual(await seen(), ['talk']);

    await user.leaves();
    await Promise.all([user.endsWith('user_end'), otomo.endsWith('user_end')]);
    assert.equal(await shownDuration(user), await shownDuration(otomo));
    assert.deepEqual(await statuses(), ['busy', 'online']);
  }, PATIENT);

  // A call waits 10 s for somebody who was lost (calls.loss_grace). So after 20 s it is over: the one who was there was told
  // after those 10 s that the connection did not come back, and is free again; the one who returns is told the same, with
  // the same length of the call, and may call again. To others the otomo was busy, then online.
  story(`in a call, for ${OFF_MS / 1000} s, longer than a call waits: both learn that it ended, why, and how long it was`, async (stage) => {
    const { user, otomo, statuses } = await inCall(stage, { away: 'user', how: 'reset' });
    const began = Date.now();
    await user.offline(true);
    await sees(user, LINK_AWAY);
    await sees(otomo, PEER_AWAY);
    await learnsThatItEnded(otomo, 'disconnect', TIMES.lossMs);
    assert.ok(Date.now() - began >= TIMES.lossMs, 'not before its time');
    await sees(otomo, '途切れた接続が戻りませんでした');
    // Nobody can tell it who is away, but the voice is gone too, for longer than a call waits: no timer runs on.
    await sees(user, LOST);
    await sees(user, LINK_AWAY);
    const held = await shownSeconds(user);
    await picture(user.page, 'network gone call lost');
    await lasts(1_500);
    assert.equal(await shownSeconds(user), held);
    await lasts(OFF_MS, began);
    await user.offline(false);

    await user.isLive();
    await user.endsWith('disconnect');
    await sees(user, '途切れた接続が戻りませんでした');
    assert.equal(await shownDuration(user), await shownDuration(otomo));
    await otomo.dismisses();
    await user.stage.getByText('もう一度かける').click();
    await otomo.accepts();
    await speak(user, otomo);
    assert.deepEqual(await statuses(), ['busy', 'online', 'busy']);
  });

  // On a journey all packets get lost, those of the voices too, and neither side is told. Both see that the voice is broken, or
  // that the other is waited for: the server notices a silence by its own pings, after 10 to 35 s. Who is back before the
  // grace that follows, talks on: the voice finds a new path, and no word of it is left.
  story(
    `in a call, for ${LOST_MS / 1000} s without anybody being told: both hear each other again`,
    async ({ person, owner }) => {
      const [user, otomo, witness] = await Promise.all([owner('はる'), person('なつ'), person('あき')]);
      await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), witness.enterAs('user')]);
      await talk(user, otomo);
      await witness.sees('なつ', 'busy');
      const statuses = await watch(witness.page, statusOf, 'なつ');
      const scenes = await Promise.all([user, otomo].map(({ page }) => watch(page, scene)));
      const began = Date.now();
      await user.browser.losePackets();
      await Promise.all([user.hearsNothing(), otomo.hearsNothing()]);
      for (const who of [user, otomo]) await sees(who, TROUBLE, LOST_MS);
      await lasts(LOST_MS, began);
      await user.browser.findPackets();

      await speak(user, otomo);
      await user.isLive();
      for (const { stage: shown } of [user, otomo]) await shown.getByText(TROUBLE).waitFor({ state: 'hidden' });
      for (const seen of scenes) assert.deepEqual(await seen(), ['talk']);
      await otomo.leaves();
      await user.endsWith('otomo_end');
      assert.deepEqual(await statuses(), ['busy', 'online']);
    },
    PATIENT,
  );

  // Who is away writes on: the messages wait, and say so; what is half written stays. Nobody sees them type. After the return
  // everything is there once, in the same order on both sides; what came in the open conversation is read, what came
  // in another is counted in list, tab and title. To the other they were online for as long as the server waits, then not.
  story(`in a chat, for ${OFF_MS / 1000} s: nothing is lost or doubled, and what is unread is counted`, async ({ person, traveller }) => {
    const [user, otomo, third] = await Promise.all([traveller('はる', 'reset'), person('なつ'), person('ふゆ')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), third.enterAs('otomo')]);
    const other = await chat(user, third);
    await other.user.toHome();
    const pair = await chat(user, otomo);
    const there = await watch(otomo.page, dot);
    const typing = await watch(otomo.page, () => document.querySelector('.typing')?.textContent ?? '');

    const began = Date.now();
    await user.offline(true);
    await knows(user);
    for (const text of ['圏外から一', '圏外から二']) {
      await pair.user.writes(text);
      await pair.user.message(text).getByText('つながると送信します').waitFor();
    }
    await pair.user.field.pressSequentially('書きかけ');
    for (const text of ['圏外へ一', '圏外へ二']) {
      await pair.otomo.writes(text);
      await pair.otomo.sent(text);
    }
    await other.otomo.writes('べつの会話');
    await other.otomo.sent('べつの会話');
    await picture(user.page, 'network gone chat');
    await pair.otomo.head.getByText('最終オンライン').waitFor({ timeout: TIMES.leaveMs + PATIENCE_MS });
    await lasts(OFF_MS, began);
    await user.offline(false);

    await user.isLive();
    const all = ['もしもし', '圏外へ一', '圏外へ二', '圏外から一', '圏外から二'];
    await Promise.all([pair.user.reads(all), pair.otomo.reads(all)]);
    await Promise.all([pair.user.sent('圏外から二'), pair.otomo.isReadBy('圏外へ二'), pair.user.isReadBy('圏外から二')]);
    assert.equal(await pair.user.field.inputValue(), '書きかけ');
    await pair.user.row('ふゆ').locator('.count').getByText('1', { exact: true }).waitFor();
    await titled(user, '(1) おともはん');
    assert.equal(await pair.user.badge.textContent(), '1');
    await pair.otomo.head.getByText('オンライン', { exact: true }).waitFor();
    assert.deepEqual(await there(), [true, false, true]);
    assert.deepEqual(await typing(), ['']);
    await pair.user.opens('ふゆ');
    await pair.user.reads(['もしもし', 'べつの会話']);
    await other.otomo.isReadBy('べつの会話');
    await titled(user, 'おともはん');
  });

  // Shorter than the server waits (presence.leave_grace): to the other they were there all the time. The same over an event stream,
  // if it is still shorter: of a stream the server hears only that it ended, as when a page is loaded anew, so it waits no longer
  // than for that (presence.reload_grace).
  story(`in a chat, for ${BLINK_MS / 1000} s, over an event stream for a second: nobody else notices`, async ({ person, traveller }) => {
    const [user, otomo] = await Promise.all([traveller('はる', 'reset'), person('なつ')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
    const pair = await chat(user, otomo);
    const there = await watch(otomo.page, dot);
    const written = ['もしもし'];
    for (const transport of ['websocket', 'sse']) {
      await pair.user.goesBy(transport);
      await user.isLive();
      const lights = await watch(user.page, light);
      await user.offline(true);
      await knows(user);
      await pair.otomo.writes(`${transport} へ`);
      await pair.user.writes(`${transport} から`);
      await lasts(transport === 'sse' ? 1_000 : BLINK_MS);
      await user.offline(false);
      written.push(`${transport} へ`, `${transport} から`);
      await Promise.all([pair.user.reads(written), pair.otomo.reads(written)]);
      await pair.otomo.isReadBy(`${transport} へ`);
      const shown = await lights();
      assert.deepEqual([shown[0], shown.at(-1)], ['live', 'live'], shown.join());
    }
    assert.deepEqual(await there(), [true]);
  }, PATIENT);
});
