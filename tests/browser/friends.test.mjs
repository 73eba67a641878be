// Friends in real browsers: they ask, accept, see each other come and go, and part.

import assert from 'node:assert/strict';

import { Chatter } from './support/chatter.mjs';
import { PATIENCE_MS } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

/** What somebody does and sees on the friends page. */
class Befriender {
  /** @param {import('./support/person.mjs').Person} person */
  constructor(person) {
    this.page = person.page;
    this.said = this.page.locator('#friend-said');
  }

  async goes() {
    await this.page.locator('#to-friends').click();
    await this.page.getByRole('heading', { name: '友だち', exact: true, level: 1 }).waitFor();
  }

  id() {
    return this.page.locator('#own-id').textContent();
  }

  async asks(id) {
    await this.page.locator('#friend-id').fill(id);
    await this.page.locator('.ask-form button').click();
  }

  /** @param {'friend' | 'incoming' | 'outgoing'} standing @param {string} name */
  row(standing, name) {
    return this.page.locator(`#list-${standing} .person-row`, { hasText: name });
  }

  async has(standing, name) {
    await this.row(standing, name).waitFor({ timeout: PATIENCE_MS });
  }

  async hasNot(standing, name) {
    await this.row(standing, name).waitFor({ state: 'detached', timeout: PATIENCE_MS });
  }
}

async function two(person, oneName, otherName, options) {
  const [one, other] = await Promise.all([person(oneName), person(otherName, options)]);
  await Promise.all([one.enterAs('user'), other.enterAs('user')]);
  const befrienders = [new Befriender(one), new Befriender(other)];
  for (const befriender of befrienders) await befriender.goes();
  return befrienders;
}

scenario('two become friends, see each other come and go, and part again', async ({ person }) => {
  const [one, other] = await two(person, 'はるき', 'なつめ');
  await one.asks(await other.id());
  await one.said.getByText('申請しました').waitFor();
  await one.has('outgoing', 'なつめ');

  await other.page.locator('.notice', { hasText: 'はるきさんから友だち申請が届きました' }).waitFor({ timeout: PATIENCE_MS });
  // The notice tells of it, the list counts it, and that is asked for only then.
  await other.page.locator('#to-friends .count').getByText('1', { exact: true }).waitFor({ timeout: PATIENCE_MS });
  await other.row('incoming', 'はるき').getByRole('button', { name: 'はるきさんの申請を承認する' }).click();
  await Promise.all([one.has('friend', 'なつめ'), other.has('friend', 'はるき')]);
  await one.page.locator('.notice', { hasText: 'なつめさんと友だちになりました' }).waitFor({ timeout: PATIENCE_MS });
  await one.row('friend', 'なつめ').getByText('オンライン', { exact: true }).waitFor({ timeout: PATIENCE_MS });
  assert.equal(await other.page.locator('#list-incoming').isVisible(), false);

  await one.page.locator('#to-home').click();
  const beside = one.page.locator('.home-side .person-row', { hasText: 'なつめ' });
  await beside.waitFor({ timeout: PATIENCE_MS });
  await other.page.locator('#sign-out').click();
  await beside.waitFor({ state: 'detached', timeout: PATIENCE_MS });
  await one.goes();
  await one.row('friend', 'なつめ').getByText('最終オンライン').waitFor({ timeout: PATIENCE_MS });

  await one.row('friend', 'なつめ').getByRole('button', { name: 'なつめさんと友だちをやめる' }).click();
  await one.page.keyboard.press('Escape');
  await one.has('friend', 'なつめ');
  await one.row('friend', 'なつめ').getByRole('button', { name: 'なつめさんと友だちをやめる' }).click();
  await one.page.locator('.confirm').getByRole('button', { name: '友だちをやめる' }).click();
  await one.hasNot('friend', 'なつめ');
});

scenario('a request can be declined, and one of one’s own be taken back', async ({ person }) => {
  const [one, other] = await two(person, 'あきら', 'ふゆみ');
  await one.asks(await other.id());
  await other.row('incoming', 'あきら').getByRole('button', { name: '断る' }).click();
  await other.hasNot('incoming', 'あきら');
  // Nobody is told that they were declined; who looks again sees it.
  await one.page.locator('#to-points').click();
  await one.goes();
  await one.hasNot('outgoing', 'ふゆみ');

  await one.asks(await other.id());
  await one.row('outgoing', 'ふゆみ').getByRole('button', { name: '取り消す' }).click();
  await one.hasNot('outgoing', 'ふゆみ');
});

scenario('on a phone one can read who asks, however long the name', async ({ person }) => {
  const name = 'Aoi Nakamura-Wolfeschlegelsteinhausen';
  const [one, other] = await two(person, name, 'あやめ', { viewport: { width: 390, height: 844 } });
  await one.asks(await other.id());
  await other.has('incoming', name);
  const shown = other.row('incoming', name).locator('.person-name');
  const cut = await shown.evaluate((it) => it.scrollWidth > it.clientWidth || it.scrollHeight > it.clientHeight);
  assert.equal(cut, false, 'the name is cut');
});

scenario('who cannot be asked is said where one asked', async ({ person, expects }) => {
  expects('404 /api/friends/nobody-at-all', '400 /api/friends/user-');
  const [one] = await two(person, 'いずみ', 'しおり');
  await one.asks('nobody-at-all');
  await one.said.getByText('そのIDの人は見つかりません').waitFor();
  assert.equal(await one.page.locator('#friend-id').getAttribute('aria-invalid'), 'true');
  await one.asks(await one.id());
  await one.said.getByText('このIDには申請できません').waitFor();
});

scenario('who one has met can be asked without an id, and written to', async ({ person }) => {
  const [user, otomo] = await Promise.all([person('ゆうま'), person('すず')]);
  await Promise.all([user.enterAs('user'), otomo.enterAs('otomo')]);
  await user.sees('すず', 'online');
  const [asker, asked] = [new Befriender(user), new Befriender(otomo)];
  await asker.goes();
  await asker.page.locator('#suggestions .person-row', { hasText: 'すず' }).getByRole('button').click();
  await asker.has('outgoing', 'すず');
  await asked.page.locator('.notice-link').click();
  await asked.row('incoming', 'ゆうま').getByRole('button', { name: '承認する' }).click();
  await asker.row('friend', 'すず').getByRole('button', { name: 'メッセージを送る' }).click();
  await new Chatter(user).isIn('すず');
});

scenario('a row that was there before its name is known by it once it comes', async ({ person }) => {
  const { page } = await person('はる');
  const labels = await page.evaluate(async () => {
    const { personRow } = await import(new URL('/demo/views/person_row.js', location.href).href);
    const row = personRow([{ symbol: 'chat', label: (name) => `To ${name}`, act: () => {} }]);
    const button = row.element.querySelector('button');
    return [null, 'Hana'].map((name) => {
      row.update({ userId: 'u-1', name, avatar: null }, {});
      return [button.ariaLabel, button.title];
    });
  });
  assert.deepEqual(labels, [['To u-1', 'To u-1'], ['To Hana', 'To Hana']]);
});
