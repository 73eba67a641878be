// A tab is behind another one for five minutes and some. Browsers slow its timers down: to one a second, and after five minutes
// to one a minute, unless there is a call.

import assert from 'node:assert/strict';
import { describe } from 'node:test';

import { Chatter } from '../support/chatter.mjs';
import { PATIENCE_MS } from '../support/person.mjs';
import { picture } from '../support/scenario.mjs';
import { HIDDEN_MS, LONG, lasts } from './support/pace.mjs';
import { chat, hide, speak, story, titled } from './support/stage.mjs';
import { light, statusOf, watch } from './support/watching.mjs';

/** The browser did slow the page's timers down: those of a tenth of a second came once a second, or more rarely. */
async function wasSlow({ timer }, ms) {
  const { count, longestMs } = await timer.read();
  assert.ok(count > 0 && count <= ms / 1000 + 2, `${count} ticks in ${ms / 1000} s`);
  if (LONG) assert.ok(longestMs > 20_000, 'at last they came once a minute');
  console.log(`${count} ticks of 0.1 s in ${ms / 1000} s behind another tab, the longest pause ${Math.round(longestMs)} ms`);
}

describe('a tab is in the background', { concurrency: LONG ? 2 : 1 }, () => {
  // The otomo looks at another tab. The tab counts what is unread, and a call rings in it at once, as the caller sees. To others
  // the otomo was there all the time, over one and the same connection. Back in front: the ring can be answered, and
  // the messages are there, once, and unread until they are looked at.
  story(`for ${HIDDEN_MS / 1000} s: messages are counted, and a call rings`, async ({ person, owner }) => {
    const [user, otomo, witness] = await Promise.all([person('はる'), owner('なつ'), person('あき')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), witness.enterAs('user')]);
    const pair = await chat(user, otomo);
    await pair.otomo.toHome();
    await witness.sees('なつ', 'online');
    const statuses = await watch(witness.page, statusOf, 'なつ');
    const lights = await watch(otomo.page, light);
    const began = Date.now();
    await hide(otomo);
    await pair.user.writes('もうすぐかけます');
    await pair.user.sent('もうすぐかけます');
    await titled(otomo, '(1) おともはん');
    await lasts(HIDDEN_MS, began);
    await wasSlow(otomo, Date.now() - began);
    await pair.user.writes('かけます');
    await titled(otomo, '(2) おともはん');
    assert.equal(await pair.user.message('かけます').locator('.message-state').textContent(), '');

    await pair.user.toHome();
    await user.calls('なつ');
    await titled(otomo, '着信：はる');
    await user.stage.getByText('呼び出しています').waitFor({ timeout: PATIENCE_MS });
    assert.equal(await otomo.page.evaluate(() => document.visibilityState), 'hidden');
    await otomo.page.bringToFront();
    await picture(otomo.page, 'back in front of a ring');
    await otomo.accepts();
    await speak(user, otomo);
    assert.deepEqual(await statuses(), ['online', 'busy']);
    await otomo.leaves();
    await user.endsWith('otomo_end');
    await Promise.all([user.dismisses(), otomo.dismisses()]);
    await titled(otomo, '(2) おともはん');
    assert.equal(await pair.otomo.badge.textContent(), '2');
    await pair.otomo.opens('はる');
    await pair.otomo.reads(['もしもし', 'もうすぐかけます', 'かけます']);
    await titled(otomo, 'おともはん');
    assert.deepEqual(await lights(), ['live']);
  });

  // The user looks at another tab, in a conversation and beside a list that changes. In front again the list is as it is for
  // everybody, also where it changed several times; what came in the conversation is there and is read now, not before.
  story(`for ${HIDDEN_MS / 1000} s: the list and the chat are right`, async ({ person, owner }) => {
    const [user, otomo, second, witness] = await Promise.all([owner('はる'), person('なつ'), person('ふゆ'), person('あき')]);
    await Promise.all([user.enterAs('user'), otomo.enterAs('otomo'), second.enterAs('otomo'), witness.enterAs('user')]);
    const pair = await chat(user, otomo);
    const lights = await watch(user.page, light);
    const began = Date.now();
    await hide(user);
    await pair.otomo.writes('見えますか');
    await pair.otomo.sent('見えますか');
    await second.page.getByText('離席モードにする').click();
    await witness.sees('ふゆ', 'break');
    await lasts(HIDDEN_MS, began);
    await wasSlow(user, Date.now() - began);
    await pair.otomo.writes('聞こえますか');
    await titled(user, '(2) おともはん');
    assert.equal(await pair.otomo.message('見えますか').locator('.message-state').textContent(), '');
    await second.page.getByText('待機中にする').click();
    await witness.sees('ふゆ', 'online');
    await new Chatter(otomo).toHome();
    await otomo.page.getByText('離席モードにする').click();
    await witness.sees('なつ', 'break');

    await user.page.bringToFront();
    await pair.user.reads(['もしもし', '見えますか', '聞こえますか']);
    await titled(user, 'おともはん');
    await pair.otomo.opens('はる');
    await pair.otomo.isReadBy('聞こえますか');
    await pair.user.toHome();
    await Promise.all([user.sees('ふゆ', 'online'), user.sees('なつ', 'break')]);
    const shown = ({ page }) => page.locator('.otomo .otomo-name').allTextContents();
    assert.deepEqual(await shown(user), await shown(witness));
    assert.deepEqual(await lights(), ['live']);
  });
});
