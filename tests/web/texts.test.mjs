// Languages, tokens, descriptions: what the page reads and writes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { MESSAGES, translatorOf } from '../../web/demo/i18n.js';
import { readToken } from '../../web/demo/token.js';
import { tintOf } from '../../web/demo/ui/avatar.js';
import { duration, hoursOf, pickLanguage } from '../../web/shared/i18n.js';
import { describePage } from './support/page.mjs';

describePage('demo', MESSAGES);

describe('languages', () => {
  test('fill in what they are given, as text', () => {
    const t = translatorOf('en');
    assert.equal(t.text('list.callName', { name: '<b>{count}</b>' }), 'Call <b>{count}</b>');
    assert.equal(t.text('no.such.text'), 'no.such.text');
  });

  test('say what there is one of as one', () => {
    const [en, ja] = [translatorOf('en'), translatorOf('ja')];
    assert.deepEqual([0, 1, 2].map((count) => en.text('nav.asked', { count })), [
      '0 friend requests',
      '1 friend request',
      '2 friend requests',
    ]);
    assert.equal(en.text('chat.members', { count: 1, online: 1 }), '1 member, 1 online');
    assert.equal(ja.text('nav.asked', { count: 1 }), ja.text('nav.asked', { count: 2 }).replace('2', '1'));
  });

  test('are picked by choice, then by the browser, then English', () => {
    assert.equal(pickLanguage('en', ['ja-JP']), 'en');
    assert.equal(pickLanguage(null, ['ja-JP', 'en']), 'ja');
    assert.equal(pickLanguage(null, ['fr-FR', 'JA']), 'ja');
    assert.equal(pickLanguage('klingon', ['de']), 'en');
  });

  test('count hours as the browser’s own language does, where both are usual', () => {
    const evening = new Date(2026, 10, 22, 15, 6);
    const written = (/** @type {string} */ locale) =>
      new Intl.DateTimeFormat('en', { timeStyle: 'short', ...hoursOf('en', locale) }).format(evening);
    assert.deepEqual(['en-GB', 'de', 'ja'].map(written), ['15:06', '15:06', '15:06']);
    assert.match(written('en-US'), /^3:06\sPM$/);
    assert.deepEqual(hoursOf('ja', 'en-US'), {});
  });

  test('write times', () => {
    const [ja, en] = [translatorOf('ja'), translatorOf('en')];
    assert.equal(en.span(3 * 60_000), '3 minutes');
    assert.equal(en.ago(0, 7_200_000), '2 hours ago');
    assert.equal(ja.ago(0, 180_000), '3 分前');
    assert.equal(en.ago(0, 3 * 86_400_000), '3 days ago');
    const noon = (/** @type {number} */ day, year = 2026) => new Date(year, 10, day, 12, 5).getTime();
    assert.deepEqual([22, 21].map((day) => ja.day(noon(day), noon(22))), ['今日', '昨日']);
    assert.equal(ja.day(noon(3), noon(22)), '11月3日(火)');
    assert.equal(en.day(noon(3, 2025), noon(22)), 'November 3, 2025');
    assert.deepEqual([22, 21, 3].map((day) => ja.shortTime(noon(day), noon(22))), ['12:05', '昨日', '11/3']);
    assert.equal(en.list(['Hana', 'Taro']), 'Hana, Taro');
    assert.deepEqual([0, 65, 3_723, -4].map(duration), ['0:00', '1:05', '1:02:03', '0:00']);
  });
});

describe('a token', () => {
  const token = (claims) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

  test('says who its bearer is, in any script', () => {
    const person = readToken(token({ sub: 'u1', role: 'user', name: 'たろう🌸', exp: 1 }));
    assert.deepEqual(person, { userId: 'u1', role: 'user', name: 'たろう🌸', avatar: null });
  });

  test('that is none is not read', () => {
    for (const text of [
      '',
      'abc',
      'a.b.c',
      '..',
      token({ role: 'user' }),
      token({ sub: 7, role: 'user' }),
      `e30.${'@'.repeat(8)}.x`,
    ]) {
      assert.equal(readToken(text), null, text);
    }
  });
});

describe('the page', () => {
  test('keeps to one colour per person, among eight', () => {
    for (const id of ['a', 'otomo-123', '🌸', '']) {
      assert.equal(tintOf(id), tintOf(id));
      assert.ok(tintOf(id) >= 0 && tintOf(id) < 8);
    }
  });
});
