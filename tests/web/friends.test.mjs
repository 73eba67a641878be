// Friends, points and notices: what is shown of them, and what loads them.

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';

import { levelOf } from '../../web/demo/call/level.js';
import { FriendsController } from '../../web/demo/friends/controller.js';
import { refusalKey } from '../../web/demo/friends/refusal.js';
import { OtomoError } from '../../web/client/src/index.js';
import { PointsController } from '../../web/demo/points/controller.js';
import { NO_CLIENT } from '../../web/demo/state/client.js';
import { NO_FRIENDS, reduceFriends, standingAs } from '../../web/demo/state/friends.js';
import { NO_NOTICES, NOTICES_MAX, reduceNotices } from '../../web/demo/state/notices.js';
import { FRIENDS, hashOf, HOME, POINTS, readPlace } from '../../web/demo/state/place.js';
import { NO_POINTS, reducePoints } from '../../web/demo/state/points.js';
import { Store } from '../../web/demo/state/store.js';
import { clearNotices, tellNews } from '../../web/demo/teller.js';

const ME = { userId: 'me', role: 'user', name: 'Me', avatar: null, token: 't', lent: true };
const LIVE = { type: 'page_client', client: { ...NO_CLIENT, link: { ...NO_CLIENT.link, phase: 'live' } } };
const settle = () => new Promise((resolve) => setImmediate(resolve));
const friend = (userId, standing = 'friend', since = '2026-11-22T12:00:00.000Z') => ({
  userId,
  name: userId.toUpperCase(),
  avatar: null,
  standing,
  since,
});
const transaction = (number, amount = 10) => ({
  transactionId: `t${number}`,
  amount,
  balance_before: 0,
  balance_after: amount,
  transaction_type: 'purchase',
  description: '',
  action: '',
  metadata: {},
  createdAt: '2026-11-22T12:00:00.000Z',
});
const playOn = (reducer, start) => (...events) => events.reduce(reducer, start);

describe('the list of friends', () => {
  const play = playOn(reduceFriends, NO_FRIENDS);
  const ids = (friends, standing) => standingAs(friends, standing).map(({ userId }) => userId);

  test('is what REST lists, by standing, in its order', () => {
    const items = [friend('b'), friend('c', 'incoming'), friend('a'), friend('d', 'outgoing')];
    const friends = play({ type: 'page_friends', items });
    assert.deepEqual(['friend', 'incoming', 'outgoing'].map((standing) => ids(friends, standing)), [['b', 'a'], ['c'], ['d']]);
    assert.equal(friends.known, true);
    assert.equal(friends.byId.get('b').since, Date.UTC(2026, 10, 22, 12));
  });

  test('takes what an answer says of one of them, and keeps their name', () => {
    const accepted = { userId: 'c', standing: 'friend', since: '2026-11-23T12:00:00.000Z' };
    const friends = play(
      { type: 'page_friends', items: [friend('a'), friend('c', 'incoming')] },
      { type: 'page_friend', item: accepted },
    );
    assert.deepEqual(ids(friends, 'friend'), ['c', 'a']);
    assert.deepEqual(ids(friends, 'incoming'), []);
    assert.equal(friends.byId.get('c').name, 'C');
    assert.deepEqual(ids(reduceFriends(friends, { type: 'page_friend_gone', userId: 'a' }), 'friend'), ['c']);
  });

  test('that could not be loaded keeps what it had', () => {
    const friends = play({ type: 'page_friends', items: [friend('a')] }, { type: 'page_friends_failed' });
    assert.equal(friends.failed, true);
    assert.deepEqual(ids(friends, 'friend'), ['a']);
    assert.equal(reduceFriends(friends, { type: 'page_friends', items: [] }).failed, false);
  });
});

describe('the changes of an account', () => {
  const play = playOn(reducePoints, NO_POINTS);
  const page = (items, nextCursor = null) => ({ type: 'page_points', items, nextCursor });
  const ids = ({ transactions }) => transactions.map(({ id }) => id);

  test('goes on behind its first page, without holes or repeats', () => {
    const first = play(page([transaction(4), transaction(3)], 'c1'));
    const older = { type: 'page_points_older', items: [transaction(2), transaction(1)], nextCursor: null };
    const all = reducePoints(first, older);
    assert.deepEqual(ids(all), ['t4', 't3', 't2', 't1']);
    assert.equal(all.cursor, null);
    const newer = reducePoints(all, page([transaction(5), transaction(4)], 'c2'));
    assert.deepEqual(ids(newer), ['t5', 't4', 't3', 't2', 't1']);
    assert.equal(newer.cursor, null, 'the end that was reached stays reached');
    const apart = reducePoints(all, page([transaction(9), transaction(8)], 'c3'));
    assert.deepEqual([ids(apart), apart.cursor], [['t9', 't8'], 'c3'], 'what lies in between is loaded anew');
  });

  test('says that loading failed, until it works', () => {
    const failed = play({ type: 'page_points_loading' }, { type: 'page_points_failed' });
    assert.deepEqual([failed.loading, failed.failed], [false, true]);
    assert.equal(reducePoints(failed, page([])).failed, false);
  });
});

describe('notices', () => {
  const play = playOn(reduceNotices, NO_NOTICES);
  const notice = (key, more = {}) => ({ type: 'page_notice', notice: { key, ...more } });
  const keys = (notices) => notices.map(({ key }) => key);

  test('stand in a row, the newest last, and no more than one can read', () => {
    const many = Array.from({ length: NOTICES_MAX + 2 }, (_, index) => notice(`n${index}`));
    assert.deepEqual(keys(play(...many)), ['n2', 'n3', 'n4']);
  });

  test('are not told twice at once, and each is closed by itself', () => {
    const row = play(notice('a'), notice('b'), notice('a'));
    assert.deepEqual(keys(row), ['b', 'a']);
    assert.deepEqual(keys(reduceNotices(row, { type: 'page_notice_closed', id: row[0].id })), ['a']);
    assert.equal(new Set(play(notice('a'), notice('b'), notice('c')).map(({ id }) => id)).size, 3);
  });

  test('that lead somewhere are gone once their person goes anywhere', () => {
    const row = play(notice('a', { place: POINTS }), notice('b'), { type: 'page_place', place: HOME });
    assert.deepEqual(keys(row), ['b']);
  });
});

describe('places', () => {
  test('of friends and points have addresses', () => {
    for (const place of [FRIENDS, POINTS]) assert.equal(readPlace(hashOf(place)), place);
    assert.equal(readPlace('#/nowhere'), HOME);
  });
});

describe('a level meter', () => {
  test('is still for silence, full for a shout, and between by steps of loudness', () => {
    const tone = (amplitude) => Array.from({ length: 480 }, (_, index) => amplitude * Math.sin((index * Math.PI) / 12));
    assert.equal(levelOf(tone(0)), 0);
    assert.equal(levelOf(tone(1)), 1);
    const [soft, loud] = [levelOf(tone(0.02)), levelOf(tone(0.2))];
    assert.ok(soft > 0 && loud < 1);
    // A factor of ten is 20 decibels, wherever it begins; the meter shows 48.
    assert.ok(Math.abs(loud - soft - 20 / 48) < 0.001, `${soft} ${loud}`);
  });
});

/** @type {Store} */
let store;
const play = (...events) => events.forEach((event) => store.dispatch(event));

beforeEach(() => {
  store = new Store(() => 0);
  play({ type: 'page_identity', identity: ME });
});

/** Somebody whose REST answers from a table, and remembers what it was asked. */
function session(answers) {
  const asked = [];
  const ask = (method) => async (path, { query = {} } = {}) => {
    asked.push(`${method} ${path}`);
    const answer = answers(method, path, query);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, otomo: { rest: { get: ask('GET'), put: ask('PUT'), delete: ask('DELETE') } } };
}

describe('what loads friends', () => {
  const follow = (answers) => {
    const api = session(answers);
    const controller = new FriendsController(store, api);
    store.watch((state, event) => controller.follow(state, event));
    return { api, controller };
  };

  test('asks once the link is live, and after each sign of a change', async () => {
    const { api } = follow(() => ({ items: [friend('a')], nextCursor: null }));
    play({ type: 'notification', seq: 1, category: 'friend_request', data: {} }, { type: 'friend_status_snapshot', statuses: {}, lastSeen: {} });
    await settle();
    assert.deepEqual(api.asked, []);
    play(LIVE, { type: 'ready', seq: 1 });
    await settle();
    assert.equal(store.state.friends.byId.size, 1);
    const signs = [
      { type: 'notification', seq: 2, category: 'friend_request', data: {} },
      { type: 'friend_status_snapshot', statuses: {}, lastSeen: {} },
      { type: 'page_place', place: FRIENDS },
    ];
    for (const sign of signs) {
      const before = api.asked.length;
      play(sign);
      await settle();
      assert.equal(api.asked.length, before + 1, sign.type);
    }
    play({ type: 'notification', seq: 3, category: 'news', data: {} }, { type: 'page_place', place: HOME });
    await settle();
    assert.equal(api.asked.length, 4);
  });

  test('asks for every page', async () => {
    const { api } = follow((_, _path, { cursor }) =>
      cursor === 'next' ? { items: [friend('b')] } : { items: [friend('a')], nextCursor: 'next' },
    );
    play(LIVE, { type: 'ready', seq: 0 });
    await settle();
    assert.deepEqual([...store.state.friends.byId.keys()], ['a', 'b']);
    assert.equal(api.asked.length, 2);
  });

  test('says in words why somebody could not be asked, and shows who was', async () => {
    const asked = { userId: 'b', standing: 'outgoing', since: '2026-11-22T12:00:00.000Z' };
    let refusal = new OtomoError('NOT_FOUND', 'nobody');
    const { controller } = follow((method) => (method === 'GET' ? { items: [asked] } : (refusal ?? asked)));
    assert.equal(await controller.ask('b'), 'friends.fault.NOT_FOUND');
    assert.equal(store.state.friends.byId.size, 0);
    refusal = null;
    assert.equal(await controller.ask('b'), null);
    assert.equal(store.state.friends.byId.get('b').standing, 'outgoing');
    for (const [code, key] of [
      ['DISCONNECTED', 'notice.offline'],
      ['RATE_LIMITED', 'friends.fault.RATE_LIMITED'],
      ['INTERNAL_ERROR', 'friends.fault.other'],
    ]) {
      assert.equal(refusalKey({ code }), key);
    }
  });
});

describe('what loads points', () => {
  test('asks again after each change, and for older ones when wanted', async () => {
    const api = session((_, _path, { cursor }) =>
      cursor === 'c' ? { items: [transaction(1)] } : { items: [transaction(2)], nextCursor: 'c' },
    );
    const controller = new PointsController(store, api);
    store.watch((state, event) => controller.follow(state, event));
    play(LIVE, { type: 'ready', seq: 0 });
    await settle();
    assert.equal(store.state.points.cursor, 'c');
    await controller.older();
    assert.deepEqual(store.state.points.transactions.map(({ id }) => id), ['t2', 't1']);
    const before = api.asked.length;
    await controller.older();
    assert.equal(api.asked.length, before, 'there are no older ones');
    play({ type: 'sp_update', seq: 1, current_sp: 20, amount_changed: 10, transaction_type: 'purchase' });
    await settle();
    assert.equal(api.asked.length, before + 1);
  });
});

describe('what is told in a sentence', () => {
  const told = () => store.state.notices.map(({ key }) => key);

  test('is what happens now; what the stream brings before is old', () => {
    tellNews(store, () => {});
    const change = { type: 'sp_update', seq: 1, current_sp: 20, amount_changed: 10, transaction_type: 'purchase' };
    play(change);
    assert.deepEqual(told(), []);
    play(LIVE, change);
    assert.deepEqual(told(), ['notice.pointsGot']);
    assert.deepEqual(store.state.notices[0].params, { amount: 10, balance: 20 });
  });

  test('leads nowhere where its reader is already', () => {
    tellNews(store, () => {});
    const change = { type: 'sp_update', current_sp: 20, amount_changed: 10, transaction_type: 'purchase' };
    play(LIVE, change);
    assert.equal(store.state.notices.at(-1).place, POINTS);
    play({ type: 'page_place', place: POINTS }, { ...change, current_sp: 30 });
    assert.equal(store.state.notices.at(-1).place, undefined);
  });

  test('each in its own words', () => {
    tellNews(store, () => {});
    play(LIVE);
    const data = { userId: 'a', name: 'Hana' };
    for (const [event, key] of [
      [{ type: 'sp_update', current_sp: 0, amount_changed: -5, transaction_type: 'x' }, 'notice.pointsUsed'],
      [{ type: 'sp_daily_recovery', total_amount: 5, balance_after: 5 }, 'notice.recovery'],
      [{ type: 'sp_insufficient', required_amount: 5, current_sp: 1 }, 'notice.insufficient'],
      [{ type: 'notification', category: 'friend_request', message: 'm', data }, 'notice.friendRequest'],
      [{ type: 'notification', category: 'friend_accepted', message: 'm', data }, 'notice.friendAccepted'],
      [{ type: 'notification', category: 'news', message: 'm', data: {} }, 'notice.notification'],
      [{ type: 'notification', category: 'news', title: 't', message: 'm', data: {} }, 'notice.notificationOf'],
    ]) {
      play(event);
      assert.equal(told().at(-1), key);
    }
  });

  test('names who wrote, wherever their name is known', () => {
    tellNews(store, () => {});
    play(LIVE);
    const message = (conversationId, senderId) => ({ type: 'new-message', conversationId, messageSeq: 1, senderId, body: 'b', createdAt: 0 });
    play({ type: 'page_friends', items: [friend('a')] }, message('new', 'a'));
    assert.deepEqual(store.state.notices.at(-1).params, { name: 'A', text: 'b' });
    play(message('another', 'stranger'));
    assert.equal(told().at(-1), 'notice.message');
    const before = told().length;
    play(message('c', 'me'));
    assert.equal(told().length, before);
  });

  test('is not a charge of a call, which the call shows', () => {
    tellNews(store, () => {});
    play(LIVE, { type: 'sp_update', current_sp: 0, amount_changed: -5, transaction_type: 'call_charge' });
    assert.deepEqual(told(), []);
  });

  test('goes after a while, each notice by itself', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    clearNotices(store, () => false);
    play({ type: 'page_notice', notice: { key: 'a' } });
    context.mock.timers.tick(5_000);
    play({ type: 'page_notice', notice: { key: 'b' } });
    context.mock.timers.tick(5_000);
    assert.deepEqual(told(), ['b']);
    context.mock.timers.tick(5_000);
    assert.deepEqual(told(), []);
  });

  test('stays while somebody is in the middle of it, and for good where it leads somewhere', (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    let held = true;
    clearNotices(store, () => held);
    play({ type: 'page_notice', notice: { key: 'a' } }, { type: 'page_notice', notice: { key: 'b', place: HOME } });
    context.mock.timers.tick(60_000);
    assert.deepEqual(told(), ['a', 'b']);
    held = false;
    context.mock.timers.tick(8_000);
    assert.deepEqual(told(), ['b']);
    context.mock.timers.tick(3_600_000);
    assert.deepEqual(told(), ['b']);
    play({ type: 'page_place', place: HOME });
    assert.deepEqual(told(), []);
  });
});
