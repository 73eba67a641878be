// The pages around a call: the door, the list, the waiting screen, languages, leaving.

import assert from 'node:assert/strict';

import { Person, PATIENCE_MS } from './support/person.mjs';
import { picture, scenario } from './support/scenario.mjs';
import { SECRET, sign } from './support/tokens.mjs';

scenario('development mode lends identities: pick one and be there', async ({ person, server }) => {
  const people = await (await fetch(new URL('/dev/people', server.url))).json();
  const [aUser, anOtomo] = ['user', 'otomo'].map((role) => people.find((one) => one.role === role));
  const [user, otomo] = [await person(aUser.name), await person(anOtomo.name)];
  await user.page.locator(`.person[data-user-id="${aUser.userId}"]`).waitFor();
  await picture(user.page, 'welcome');
  await user.page.locator(`.person[data-user-id="${aUser.userId}"]`).click();
  await otomo.page.locator(`.person[data-user-id="${anOtomo.userId}"]`).click();
  await Promise.all([user.isLive(), otomo.isLive()]);
  await user.sees(anOtomo.name, 'online');
  assert.equal(await user.page.locator('.self-name').textContent(), aUser.name);
});

scenario('the list follows an otomo through break and back, sorted as it goes', async ({ person }) => {
  const user = await (await person('ながめ')).enterAs('user');
  const [first, second] = [
    await (await person('いちか')).enterAs('otomo'),
    await (await person('にか')).enterAs('otomo'),
  ];
  await user.sees('にか', 'online');
  const online = user.page.locator('.otomo[data-status=online] h2');
  assert.deepEqual((await online.allTextContents()).slice(0, 2), ['にか', 'いちか']);

  await second.page.getByText('15分後').click();
  await second.page.getByRole('button', { name: '離席モードにする' }).click();
  await user.sees('にか', 'break');
  await user.card('にか').getByText('離席中').waitFor();
  assert.equal(await user.card('にか').locator('.call-button').isVisible(), false);
  await second.page.getByText(/に待機中へ戻ります/).waitFor();
  const order = await user.page.locator('.otomo h2').allTextContents();
  assert.ok(order.indexOf('いちか') < order.indexOf('にか'));
  await picture(second.page, 'waiting break');
  await picture(user.page, 'list break');

  await second.page.getByRole('button', { name: '待機中にする' }).click();
  await user.sees('にか', 'online');
  await picture(first.page, 'waiting');
});

scenario('who leaves is offline at once, who reloads is not', async ({ person }) => {
  const user = await (await person('まつ')).enterAs('user');
  const otomo = await (await person('らん')).enterAs('otomo');
  await user.sees('らん', 'online');
  await user.page.evaluate(() => {
    window.statuses = [];
    new MutationObserver((changes) => {
      for (const { oldValue } of changes) window.statuses.push(oldValue);
    }).observe(document.querySelector('#otomo-list'), {
      subtree: true,
      attributeFilter: ['data-status'],
      attributeOldValue: true,
    });
  });
  await otomo.page.reload();
  await otomo.isLive();
  await otomo.page.locator('#sign-out').click();
  await user.card('らん').and(user.page.locator('[data-status=offline]')).waitFor({ timeout: 2_000 });
  // What the card showed before each time it was drawn: drawing the same status again is no change.
  const shown = await user.page.evaluate(() => [...window.statuses, 'offline']);
  assert.deepEqual(shown.filter((status, at) => status !== shown[at - 1]), ['online', 'offline']);
  await otomo.page.locator('.person').first().waitFor();
});

scenario('two tabs are two people, and a duplicated tab is another device', async ({ person }) => {
  const first = await (await person('ふたり')).enterAs('user');
  const device = await first.page.evaluate(() => sessionStorage.getItem('otomo.device'));
  const [copy] = await Promise.all([
    first.page.context().waitForEvent('page'),
    first.page.evaluate(() => void window.open(location.href)),
  ]);
  const second = new Person(copy, 'ふたり');
  await second.isLive();
  assert.notEqual(await copy.evaluate(() => sessionStorage.getItem('otomo.device')), device);
  await first.page.reload();
  await first.isLive();
  assert.equal(await first.page.evaluate(() => sessionStorage.getItem('otomo.device')), device);
});

scenario('the language follows the browser, then the choice, and the choice stays', async ({ person }) => {
  const guest = await person('Guest', { locale: 'en-GB', viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
  await guest.page.getByText('Who would you like to be?').waitFor();
  await picture(guest.page, 'welcome english phone dark');
  await guest.enterAs('user');
  await guest.page.locator('#language').click();
  await guest.page.getByRole('heading', { name: 'おともはん' }).waitFor();
  assert.equal(await guest.page.locator('html').getAttribute('lang'), 'ja');
  await picture(guest.page, 'list phone dark');
  await guest.page.reload();
  await guest.isLive();
  await guest.page.getByRole('heading', { name: 'おともはん' }).waitFor();
});

scenario(
  'a production server lends nobody: the page takes a token of the app',
  async ({ person, expects }) => {
    // What is left of a token that is none any more is refused once by every road.
    expects('404 /dev/people', '401 /api/');
    const user = await person('みどり');
    const enter = async (token) => {
      await user.page.locator('#token').fill(token);
      await user.page.getByRole('button', { name: '入る' }).click();
    };
    await enter('not a token');
    await user.page.getByText('トークンとして読めません').waitFor();
    await picture(user.page, 'welcome production');

    const exp = Math.floor(Date.now() / 1000) + 600;
    const claims = { sub: 'midori', role: 'user', name: 'みどり', exp };
    await enter(`${sign(claims)}x`);
    await user.page.getByText('サインインの期限が切れたか、正しくありません').waitFor({ timeout: PATIENCE_MS });
    await user.page.locator('#sign-out').click();
    await enter(sign(claims));
    await user.isLive();
    assert.equal(await user.page.locator('.self-name').textContent(), 'みどり');
  },
  { OTOMO_AUTH__HS256_SECRET: SECRET },
);

scenario('a server that crashes is found again, and so is a call', async ({ person, server }) => {
  const user = await (await person('つよし')).enterAs('user');
  const otomo = await (await person('のぞみ')).enterAs('otomo');
  await user.sees('のぞみ', 'online');
  await user.calls('のぞみ');
  await otomo.accepts();
  await Promise.all([user.talks(), otomo.talks()]);

  await server.crashAndReturn();
  await Promise.all([user.isLive(), otomo.isLive()]);
  await Promise.all([user.talks(), otomo.talks()]);
  await Promise.all([user.sendsAndHears(), otomo.sendsAndHears()]);
  await otomo.leaves();
  await Promise.all([user.endsWith('otomo_end'), otomo.endsWith('otomo_end')]);
  await user.dismisses();
  await user.card('のぞみ').and(user.page.locator('[data-status=online]')).waitFor({ timeout: PATIENCE_MS });
});

scenario(
  'who was lent a token by a server that then lost its secret is lent the next one',
  async ({ person, server }) => {
    const { page } = await (await person('まゆ')).enterAs('user');
    const lent = await page.evaluate(() => window.otomo.state().me.token);
    await server.loseSecretAndReturn();
    const lives = (/** @type {string} */ old) => {
      const { me, link } = window.otomo.state();
      return link.phase === 'live' && me.token !== old;
    };
    await page.waitForFunction(lives, lent, { timeout: PATIENCE_MS });
    await page.reload();
    await new Person(page, 'まゆ').isLive();
  },
  {},
);

scenario('a ring in a tab that nobody sees is told by the system, where that is allowed', async ({ person }) => {
  const [user, otomo] = await Promise.all([person('まこと'), person('しおり')]);
  await otomo.page.context().grantPermissions(['notifications']);
  await otomo.page.reload();
  await otomo.page.evaluate(() => {
    window.away = true;
    Object.defineProperty(document, 'hidden', { get: () => window.away });
    window.told = [];
    window.Notification = class extends Notification {
      constructor(title, options) {
        super(title, options);
        window.told.push(title);
        this.addEventListener('close', () => window.told.push('closed'));
      }
      close() {
        super.close();
        window.told.push('close');
      }
    };
  });
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  const told = () => otomo.page.evaluate(() => window.told.filter((word) => word !== 'closed'));
  assert.ok(await otomo.page.locator('.allow-alerts').isHidden(), 'it is allowed already');
  await user.sees('しおり', 'online');
  await user.calls('しおり');
  await otomo.on('incoming');
  assert.deepEqual(await told(), ['着信：まこと']);
  await otomo.page.evaluate(() => {
    window.away = false;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  assert.deepEqual(await told(), ['着信：まこと', 'close'], 'one is here now');
  await otomo.rejects();
  await otomo.isIdle();
  await user.endsWith('manual_decline');
  await user.dismisses();

  await otomo.page.evaluate(() => (window.away = true));
  await user.calls('しおり');
  await otomo.on('incoming');
  await user.leaves();
  await otomo.isIdle();
  assert.deepEqual((await told()).slice(2), ['着信：まこと', 'close'], 'it rings no more');
});
