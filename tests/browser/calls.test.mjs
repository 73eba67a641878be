// The product in real browsers: two people find each other, ring, talk and part.

import assert from 'node:assert/strict';

import { Chatter } from './support/chatter.mjs';
import { PATIENCE_MS } from './support/person.mjs';
import { picture, scenario } from './support/scenario.mjs';

/** A user and an otomo who sees them come, both at their pages. */
async function pair(person, userName, otomoName) {
  const [user, otomo] = await Promise.all([person(userName), person(otomoName)]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees(otomoName, 'online');
  return { user, otomo };
}

/** The same two, in the middle of a call. */
async function talk(person, userName, otomoName) {
  const { user, otomo } = await pair(person, userName, otomoName);
  await user.calls(otomoName);
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
  return { user, otomo };
}

/** A page takes as long to load as the machine is busy; who is away for longer than the grace has left the call. */
const WAITS_FOR_RELOADS = { OTOMO_CALLS__LOSS_GRACE: '60s' };

scenario('a call rings, is answered, carries sound both ways, and ends for both', async ({ person }) => {
  const { user, otomo } = await pair(person, 'いちろう', 'かえで');
  const witness = await (await person('あかね')).enterAs('user');
  await witness.sees('かえで', 'online');
  await picture(witness.page, 'list');

  await user.calls('かえで');
  await otomo.on('incoming');
  assert.equal(await otomo.stage.locator('#stage-title').textContent(), 'いちろう');
  assert.match(await otomo.stage.locator('[role=timer]').textContent(), /あと\d+秒/);
  await user.stage.getByText('呼び出しています').waitFor();
  await picture(otomo.page, 'incoming');
  await picture(user.page, 'ringing');

  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
  await witness.sees('かえで', 'busy');
  await witness.card('かえで').getByText('通話中').waitFor();
  assert.equal(await witness.card('かえで').locator('.call-button').isVisible(), false);
  await Promise.all([user.sendsAndHears(), otomo.sendsAndHears()]);
  await picture(user.page, 'talk');
  await picture(witness.page, 'list busy');

  await user.leaves();
  await Promise.all([user.endsWith('user_end'), otomo.endsWith('user_end')]);
  await user.stage.getByText('あなたが終了しました').waitFor();
  await otomo.stage.getByText('相手が終了しました').waitFor();
  assert.equal(await user.page.evaluate(() => window.otomo.peerState()), null);
  await picture(user.page, 'summary');
  await witness.sees('かえで', 'online');
  await otomo.dismisses();
  await user.dismisses();
});

scenario('the otomo hangs up too, and can be called again', async ({ person }) => {
  const { user, otomo } = await talk(person, 'じろう', 'きく');
  await otomo.leaves();
  await Promise.all([user.endsWith('otomo_end'), otomo.endsWith('otomo_end')]);
  await otomo.dismisses();
  await user.stage.getByText('もう一度かける').click();
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
});

scenario('a declined call tells its caller why', async ({ person }) => {
  const { user, otomo } = await pair(person, 'さぶろう', 'うめ');
  await user.calls('うめ');
  await otomo.rejects();
  await user.endsWith('manual_decline');
  await otomo.isIdle();
  await picture(user.page, 'declined');
  await user.dismisses();
  await user.sees('うめ', 'online');
});

scenario('a caller who gives up stops the ring', async ({ person }) => {
  const { user, otomo } = await pair(person, 'しろう', 'もも');
  await user.calls('もも');
  await otomo.on('incoming');
  await user.leaves();
  await Promise.all([user.isIdle(), otomo.isIdle()]);
  await otomo.page.getByText('相手が取り消しました').waitFor();
  await user.sees('もも', 'online');
});

scenario('a call that rings out is a missed call, also after a reload, until it is seen', async ({ person }) => {
  const { user, otomo } = await pair(person, 'ごろう', 'ゆり');
  const missed = otomo.page.locator('#missed-list li');
  await user.calls('ゆり');
  await otomo.on('incoming');
  await user.endsWith('timeout');
  await otomo.isIdle();
  await missed.getByText('ごろう').waitFor({ timeout: PATIENCE_MS });
  await picture(otomo.page, 'missed');

  await otomo.page.reload();
  await otomo.isLive();
  await missed.getByText('ごろう').waitFor({ timeout: PATIENCE_MS });
  assert.equal(await missed.count(), 1);
  await otomo.page.getByText('すべて確認済みにする').click();
  await otomo.page.getByText('不在着信はありません').waitFor();
  await otomo.page.reload();
  await otomo.isLive();
  assert.equal(await missed.count(), 0);
});

scenario(
  'both sides may reload in the middle of a call, and go on talking',
  async ({ person }) => {
    const { user, otomo } = await talk(person, 'ろくろう', 'あおい');
    for (const who of [user, otomo]) {
      await who.page.reload();
      await who.on('talk');
      await Promise.all([user.talks(), otomo.talks()]);
      await Promise.all([user.sendsAndHears(), otomo.sendsAndHears()]);
    }
    await user.leaves();
    await Promise.all([user.endsWith('user_end'), otomo.endsWith('user_end')]);
  },
  WAITS_FOR_RELOADS,
);

scenario('a muted microphone says so, and nobody hears of it elsewhere', async ({ person }) => {
  const { user, otomo } = await talk(person, 'しちろう', 'ふじ');
  const mute = user.stage.locator('.round.mute');
  await mute.click();
  await user.stage.getByText('あなたの声は届いていません').waitFor();
  assert.equal(await mute.getAttribute('aria-pressed'), 'true');
  await picture(user.page, 'muted');
  await mute.click();
  await user.stage.getByText('あなたの声は届いていません').waitFor({ state: 'hidden' });
  await otomo.leaves();
  await user.endsWith('otomo_end');
});

scenario(
  'who has muted themselves is not heard after a reload either',
  async ({ person }) => {
    const { user, otomo } = await talk(person, 'はちべえ', 'すずらん');
    await user.stage.locator('.round.mute').click();
    await user.stage.getByText('あなたの声は届いていません').waitFor();
    await user.page.reload();
    await user.on('talk');
    await Promise.all([user.talks(), otomo.talks()]);
    await user.stage.getByText('あなたの声は届いていません').waitFor();
    await user.stage.locator('.round.mute').click();
    await user.stage.getByText('あなたの声は届いていません').waitFor({ state: 'hidden' });
    await otomo.leaves();
    await user.endsWith('otomo_end');
  },
  WAITS_FOR_RELOADS,
);

scenario('a microphone that is lost in a call is told, and may be used again', async ({ person }) => {
  const { user, otomo } = await pair(person, 'きゅうべえ', 'あやめ');
  await user.page.evaluate(() => {
    const { mediaDevices } = navigator;
    const original = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => (window.given = await original(wanted));
  });
  await user.calls('あやめ');
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
  await user.page.evaluate(() => {
    const [track] = window.given.getAudioTracks();
    track.stop();
    track.dispatchEvent(new Event('ended'));
  });
  await user.stage.getByText('マイクが使えなくなりました').waitFor();
  await picture(user.page, 'microphone lost');
  await user.stage.getByText('マイクをもう一度使う').click();
  await user.stage.getByText('マイクが使えなくなりました').waitFor({ state: 'hidden' });
  await user.stage.locator('.round.mute:focus').waitFor();
  await Promise.all([user.sendsAndHears(), otomo.sendsAndHears()]);
  assert.equal(await user.page.evaluate(() => window.given.getAudioTracks()[0].readyState), 'live');
  await user.leaves();
  await otomo.endsWith('user_end');
});

scenario('one may give up while the browser asks for the microphone', async ({ person }) => {
  const { user, otomo } = await pair(person, 'じゅうべえ', 'なでしこ');
  await user.page.evaluate(() => {
    const { mediaDevices } = navigator;
    const original = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (wanted) => {
      await new Promise((resolve) => (window.allow = resolve));
      window.given = await original(wanted);
      return window.given;
    };
  });
  await user.calls('なでしこ');
  await user.stage.getByText('マイクの許可を待っています').waitFor();
  await picture(user.page, 'asking');
  await user.leaves();
  await user.isIdle();
  await user.page.evaluate(() => window.allow());
  await user.page.waitForFunction(() => window.given?.getAudioTracks()[0].readyState === 'ended');
  await user.isIdle();
  assert.equal(await otomo.page.evaluate(() => window.otomo.state().call.phase), 'idle');
});

scenario('by keyboard alone: call, answer, hang up; Escape ends nothing by accident', async ({ person }) => {
  const { user, otomo } = await pair(person, 'はちろう', 'つばき');
  await user.card('つばき').locator('.call-button').focus();
  await user.page.keyboard.press('Enter');
  await otomo.on('incoming');
  await otomo.page.keyboard.press('Escape');
  await otomo.on('incoming');
  // Decline, answer; mute, hang up: the keyboard begins before them.
  for (const key of ['Tab', 'Tab', 'Enter']) await otomo.page.keyboard.press(key);
  await Promise.all([user.talks(), otomo.talks()]);
  await user.page.keyboard.press('Escape');
  await user.on('talk');
  for (const key of ['Tab', 'Tab', 'Enter']) await user.page.keyboard.press(key);
  await Promise.all([user.endsWith('user_end'), otomo.endsWith('user_end')]);
  await user.page.keyboard.press('Escape');
  await user.isIdle();
});

scenario('a name is text, whatever it holds', async ({ person }) => {
  const name = '<img src=x onerror=alert(1)>';
  const { user, otomo } = await pair(person, name, '<b>すみれ</b>');
  await user.calls('<b>すみれ</b>');
  await otomo.on('incoming');
  assert.equal(await otomo.stage.locator('#stage-title').textContent(), name);
  assert.equal(await otomo.page.locator('dialog img').count(), 0);
  await user.leaves();
  await otomo.isIdle();
});

scenario('who vanishes in the middle of a call is waited for, and then the call ends', async ({ person }) => {
  const { user, otomo } = await talk(person, 'くろう', 'ぼたん');
  const before = await placeOfHangUp(otomo);
  await user.page.context().close();
  await otomo.stage.getByText('相手の接続が切れました').waitFor({ timeout: PATIENCE_MS });
  await otomo.stage.getByText(/あと\d+秒/).waitFor();
  await picture(otomo.page, 'peer away');
  assert.deepEqual(await placeOfHangUp(otomo), before, 'the button to hang up stays where it was');
  await otomo.endsWith('disconnect');
});

scenario('what is told in a call covers none of its buttons', async ({ person }) => {
  const [user, otomo, writer] = await Promise.all([person('しおり'), person('りんどう'), person('つばさ')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), writer.enterAs('user')]);
  const chatter = new Chatter(writer);
  await chatter.talksTo('りんどう');
  await chatter.writes('あとで話せますか');
  await chatter.writes('それとも明日');
  await otomo.page.locator('.notice').nth(1).waitFor({ timeout: PATIENCE_MS });
  await user.calls('りんどう');
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
  for (const [width, height] of [[1280, 720], [390, 844], [844, 390]]) {
    await otomo.page.setViewportSize({ width, height });
    const pressed = { trial: true, timeout: PATIENCE_MS };
    for (const button of await otomo.stage.locator('.answers button').all()) await button.click(pressed);
  }
  await picture(otomo.page, 'told in a call');
  assert.equal(await otomo.stage.locator('.notice').count(), 2, 'both were there all the time');
  await otomo.leaves();
  await user.endsWith('otomo_end');
});

scenario('on the smallest phone the buttons of a call are in view, whatever is said above them', async ({ person }) => {
  const phone = (name, locale) => person(name, { locale, viewport: { width: 320, height: 568 } });
  const [user, otomo] = await Promise.all([phone('Juro', 'en-GB'), phone('かりん', 'ja-JP')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees('かりん', 'online');
  await user.calls('かりん');
  await otomo.on('incoming');
  await fits(otomo, 'incoming on a small phone');
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);
  const before = await placeOfHangUp(user);
  await otomo.page.context().close();
  await user.stage.getByText('The other side lost its connection').waitFor({ timeout: PATIENCE_MS });
  await fits(user, 'peer away on a small phone');
  assert.deepEqual(await placeOfHangUp(user), before, 'the button to hang up stays where it was');
});

/** Once the stage has risen: in whole pixels. */
async function placeOfHangUp({ stage }) {
  await stage.evaluate((element) => Promise.all(element.getAnimations().map(({ finished }) => finished)));
  const { x, y } = await stage.locator('.round.reject').boundingBox();
  return [x, y].map(Math.round);
}

/** Nothing of the stage has to be scrolled to. */
async function fits({ page, stage }, name) {
  await picture(page, name);
  const hidden = await stage.evaluate((element) => element.scrollHeight - element.clientHeight);
  assert.equal(hidden, 0, `${hidden} pixels are out of view`);
}

scenario('without a microphone nobody is rung, and a ring can still be declined', async ({ person }) => {
  const { user, otomo } = await pair(person, 'とうま', 'さつき');
  const takeAway = () => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  };
  const restore = await user.page.evaluateHandle(() => navigator.mediaDevices.getUserMedia);
  await user.page.evaluate(takeAway);
  await user.calls('さつき');
  await user.page.getByText('マイクを使えません').waitFor();
  await user.isIdle();
  assert.equal(await otomo.page.evaluate(() => window.otomo.state().call.phase), 'idle');

  await user.page.evaluate((original) => {
    navigator.mediaDevices.getUserMedia = original;
  }, restore);
  await otomo.page.evaluate(takeAway);
  await user.calls('さつき');
  await otomo.accepts();
  await otomo.stage.getByText('マイクを使えません').waitFor();
  await picture(otomo.page, 'incoming without microphone');
  await otomo.rejects();
  await user.endsWith('manual_decline');
});
