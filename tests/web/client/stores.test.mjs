// What views show: pure reducers, and the stores that they are in.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createStore } from '../../../web/client/src/store.js';
import { NO_OTOMOS, reduceOtomos } from '../../../web/client/src/stores/otomos.js';
import { NO_UNREAD, reduceUnread } from '../../../web/client/src/stores/unread.js';
import { back, live, settle, world } from './support/world.mjs';

describe('a store', () => {
  test('keeps its snapshot while nothing changes, and freezes it all the way down', () => {
    const store = createStore({ list: [{ name: 'a' }] });
    const before = store.get();
    let told = 0;
    const end = store.subscribe(() => (told += 1));
    store.set(before);
    assert.equal(store.get(), before);
    assert.equal(told, 0);
    assert.throws(() => (before.list[0].name = 'b'), TypeError);
    store.set({ list: [] });
    end();
    store.set({ list: [] });
    assert.equal(told, 1);
  });
});

describe('the list of otomo', () => {
  const entry = (userId, status, timestamp, name) => ({ userId, status, timestamp, version: 1, name });
  const snapshot = (...otomos) => ({ type: 'otomo_status_snapshot', otomos });
  const update = (userId, status, timestamp) => ({ type: 'otomo_status_update', userId, status, timestamp });
  const after = (...events) => events.reduce(reduceOtomos, NO_OTOMOS);
  const ids = ({ list }) => list.map(({ userId }) => userId).join('');

  test('is in the order that people see', () => {
    const state = after(
      snapshot(entry('a', 'online', 5), entry('b', 'busy', 9), entry('c', 'break', 2), entry('d', 'offline', 7)),
      update('d', 'online', 6),
      update('a', 'offline', 8),
      update('e', 'busy', 10),
    );
    assert.equal(ids(state), 'debca');
    assert.equal(state.list[0].status, 'online');
  });

  test('of two changes in one second the later one comes first, as in a fresh snapshot', () => {
    assert.equal(ids(after(snapshot(entry('a', 'online', 5)), update('b', 'online', 5), update('c', 'online', 5))), 'cba');
  });

  test('a snapshot and the updates after it give what a fresh snapshot gives', () => {
    // A small world, visited by chance: the order in which a server lists follows from its changes.
    const statuses = ['online', 'busy', 'break', 'offline'];
    let seed = 1;
    const pick = (count) => (seed = (seed * 48_271) % 2_147_483_647) % count;
    for (let round = 0; round < 300; round += 1) {
      const truth = new Map();
      let change = 0;
      const fresh = () => {
        const all = [...truth].map(([userId, fact]) => ({ userId, ...fact }));
        const rank = ({ status }) => statuses.indexOf(status);
        all.sort((a, b) => rank(a) - rank(b) || b.timestamp - a.timestamp || b.change - a.change);
        return snapshot(...all.map(({ userId, status, timestamp }) => entry(userId, status, timestamp, userId)));
      };
      const happens = () => {
        const userId = 'abcde'[pick(5)];
        const status = statuses[pick(4)];
        change += 1;
        const fact = { status, timestamp: Math.floor(change / 3), change };
        if (truth.get(userId)?.status === status) return null;
        truth.set(userId, fact);
        return update(userId, status, fact.timestamp);
      };
      for (let i = 0; i < 10; i += 1) happens();
      let state = after(fresh());
      for (let i = 0; i < 10; i += 1) state = [happens()].filter(Boolean).reduce(reduceOtomos, state);
      const { list } = after(fresh());
      const plain = (all) => all.map(({ userId, status, timestamp }) => `${userId} ${status} ${timestamp}`);
      assert.deepEqual(plain(state.list), plain(list), `round ${round}`);
    }
  });

  test('comes in several messages, and the old one stays in view until it is whole', () => {
    const first = after(snapshot(entry('a', 'online', 5)));
    const half = reduceOtomos(first, { ...snapshot(entry('b', 'online', 9)), more: true });
    assert.equal(ids(half), 'a');
    assert.equal(ids(reduceOtomos(half, snapshot(entry('a', 'busy', 8)))), 'ba');
  });

  test('of which a link broke off one half begins anew with the next', () => {
    const state = after(
      { ...snapshot(entry('a', 'online', 5), entry('b', 'busy', 5)), more: true },
      { type: 'connected' },
      { ...snapshot(entry('a', 'online', 5), entry('b', 'busy', 5)), more: true },
      snapshot(entry('c', 'offline', 5)),
    );
    assert.equal(ids(state), 'abc');
  });

  test('keeps what is told between two of its messages, of people in either', () => {
    const told = [update('b', 'online', 9), update('c', 'online', 8), update('a', 'offline', 7)];
    const first = { ...snapshot(entry('a', 'online', 5), entry('b', 'busy', 5)), more: true };
    const state = after(first, ...told, snapshot(entry('c', 'offline', 5)));
    assert.equal(ids(state), 'bca');
    assert.deepEqual(state.list.map(({ status }) => status), ['online', 'online', 'offline']);
  });

  test('stays the same object where nothing changed', async () => {
    const seen = await live();
    await seen.socket().says(snapshot(entry('a', 'online', 5, 'A')));
    const before = seen.otomo.otomos.get();
    await seen.socket().says(snapshot(entry('a', 'online', 5, 'A')), update('a', 'online', 5));
    assert.equal(seen.otomo.otomos.get(), before);
    assert.equal(seen.otomo.otomosKnown, true);
  });

  test('asks for the name of who came after it was made, once', async () => {
    const rest = (_, path) => (path === '/api/otomo/b' ? [200, { name: 'Bee', avatar: null }] : [404, {}]);
    const seen = await live({ rest });
    await seen.socket().says(snapshot(entry('a', 'online', 5, 'A')), update('b', 'online', 6), update('b', 'busy', 7));
    assert.deepEqual(
      seen.otomo.otomos.get().map(({ name }) => name),
      ['A', 'Bee'],
    );
    assert.equal(seen.requests.filter(({ path }) => path === '/api/otomo/b').length, 1);
  });

  test('asks for a name again where the answer was not to be had, and not where there is none', async () => {
    const answers = { b: [[503, { error: { code: 'UNAVAILABLE', message: 'm' } }], [200, { name: 'Bee' }]], c: [[403, { error: { code: 'FORBIDDEN', message: 'm' } }]] };
    const seen = await live({ rest: (_, path) => answers[path.at(-1)]?.shift() ?? [404, {}], topics: ['otomo'] });
    await seen.socket().says(snapshot(), update('b', 'online', 6), update('c', 'online', 5));
    await settle();
    await seen.socket().says(update('b', 'busy', 7), update('c', 'busy', 6));
    await settle();
    assert.deepEqual(seen.otomo.otomos.get().map(({ name }) => name), ['Bee', null]);
    assert.equal(seen.requests.length, 3);
  });
});

describe('what is unread', () => {
  const snapshot = (...conversations) => ({ type: 'unread_snapshot', asOfSeq: 0, conversations });
  const said = (conversationId, messageSeq, senderId = 'you') => ({ type: 'new-message', conversationId, messageSeq, senderId });
  const read = (conversationId, messageSeq, userId = 'me') => ({ type: 'message-read', conversationId, messageSeq, userId });
  const after = (...events) => events.reduce((state, event) => reduceUnread(state, event, 'me'), NO_UNREAD);

  test('is the last message less the last one read, whatever is heard twice or late', () => {
    const told = snapshot({ conversationId: 'k', lastSeq: 12, readSeq: 9, unread: 3 });
    const events = [told, said('k', 13), said('k', 13), said('l', 1), read('k', 10), read('k', 9), read('k', 12, 'you')];
    assert.deepEqual(after(...events), {
      total: 4,
      conversations: { k: { unread: 3, readSeq: 10, lastSeq: 13 }, l: { unread: 1, readSeq: 0, lastSeq: 1 } },
    });
  });

  test('has nothing of what its person wrote: who sends has read what was before', () => {
    const told = snapshot({ conversationId: 'k', lastSeq: 12, readSeq: 9, unread: 3 });
    assert.equal(after(told, said('k', 13, 'me')).total, 0);
  });

  test('begins anew with a snapshot, which leaves out what has nothing unread', () => {
    const state = after(said('k', 5), snapshot({ conversationId: 'l', lastSeq: 2, readSeq: 1, unread: 1 }));
    assert.deepEqual(Object.keys(state.conversations), ['l']);
    assert.equal(after(said('k', 40)).conversations.k.unread, 1);
  });
});

describe('who is typing', () => {
  const start = (userId, conversationId = 'k') => ({ type: 'typing-start', conversationId, userId, expiresInMs: 8_000 });

  test('ends when they stop, when they have sent, when their time is over, and with the link', async () => {
    const seen = await live();
    await seen.socket().says(start('a'), start('b'), start('c'));
    assert.deepEqual(seen.otomo.typing.get(), { k: ['a', 'b', 'c'] });
    await seen.socket().says({ type: 'typing-stop', conversationId: 'k', userId: 'a' });
    await seen.socket().says({ type: 'new-message', conversationId: 'k', senderId: 'b', messageSeq: 1 });
    assert.deepEqual(seen.otomo.typing.get(), { k: ['c'] });
    await seen.clock.tick(4_000);
    await seen.socket().says(start('c'));
    await seen.clock.tick(7_999);
    assert.deepEqual(seen.otomo.typing.get(), { k: ['c'] });
    await seen.clock.tick(1);
    assert.deepEqual(seen.otomo.typing.get(), {});
    await seen.socket().says(start('d'));
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await back(seen);
    assert.deepEqual(seen.otomo.typing.get(), {});
  });
});

test('a backend may call its own events whatever it likes: no store takes them for its own', async () => {
  const seen = await live({ rest: (_, path) => (path === '/api/points' ? [200, { balance: 100 }] : [404, {}]) });
  await seen.socket().says({ type: 'incoming_call', callId: 'c', fromUserId: 'taro', remainingMs: 1, expiresAt: 2, timestamp: 1 });
  const stores = () => [seen.otomo.points, seen.otomo.friends, seen.otomo.otomos, seen.otomo.calls.store].map((store) => store.get());
  const before = stores();
  await seen.socket().says(
    { type: 'client_points', balance: 1 },
    { type: 'client_friends', statuses: { a: true } },
    { type: 'client_call_left', callId: 'c' },
    { type: 'client_call_failed', callId: 'c', reason: 'x' },
    { type: 'client_wish', callId: 'c', wish: 'leave' },
    { type: 'leave', act: 'leave', callId: 'c' },
  );
  assert.deepEqual(stores(), before);
  assert.equal(seen.events.at(-6).balance, 1);
});

describe('friends', () => {
  const rest = (_, path) => (path === '/api/friends/online-status' ? [200, { data: { statuses: { a: true, b: false } } }] : [404, {}]);

  test('come from REST first, before there is a connection', async () => {
    const seen = world({ rest });
    seen.otomo.start();
    await settle();
    await settle();
    assert.deepEqual(seen.otomo.friends.get().statuses, { a: true, b: false });
    assert.equal(seen.otomo.link.get().phase, 'connecting');
  });

  test('are then what the stream tells, which an older answer of REST does not undo', async () => {
    let answer;
    const seen = await live({ rest: (_, path) => (path.startsWith('/api/friends') ? new Promise((resolve) => (answer = resolve)) : [404, {}]) });
    await seen.socket().says({ type: 'friend_status_changed', user_id: 'a', status: 'offline', timestamp: 1_706_604_520_125 });
    answer([200, { data: { statuses: { a: true, b: true } } }]);
    await settle();
    assert.deepEqual(seen.otomo.friends.get(), { statuses: { a: false, b: true }, lastSeen: { a: 1_706_604_520 } });
    await seen.socket().says({ type: 'friend_status_snapshot', statuses: { b: false }, lastSeen: { b: 7 } });
    await seen.socket().says({ type: 'user-online', userId: 'b', timestamp: 8 });
    assert.deepEqual(seen.otomo.friends.get(), { statuses: { b: true }, lastSeen: {} });
  });

  test('are those of REST again where the client was stopped meanwhile', async () => {
    const seen = await live({ rest });
    await seen.socket().says({ type: 'friend_status_snapshot', statuses: { a: false, b: true }, lastSeen: { a: 7 } });
    seen.otomo.stop();
    seen.otomo.start();
    await settle();
    await settle();
    assert.deepEqual(seen.otomo.friends.get(), { statuses: { a: true, b: false }, lastSeen: {} });
  });

  test('are not asked for by who does not listen to them', async () => {
    const seen = await live({ rest, topics: ['otomo'] });
    assert.deepEqual(seen.requests, []);
  });
});

describe('points', () => {
  const update = (balance) => ({ type: 'sp_update', current_sp: balance, amount_changed: -30 });

  test('come from REST, then from the stream, and from REST again where the stream was not taken up', async () => {
    let balance = 100;
    const seen = await live({ rest: (_, path) => (path === '/api/points' ? [200, { balance }] : [404, {}]) });
    assert.deepEqual(seen.otomo.points.get(), { balance: 100, last: null });
    await seen.socket().says({ ...update(70), seq: 1, prev: 0 });
    assert.equal(seen.otomo.points.get().balance, 70);
    assert.equal(seen.otomo.points.get().last.amount_changed, -30);
    await seen.socket().breaks();
    await seen.clock.tick(250);
    balance = 55;
    await back(seen, { seq: 1 });
    assert.equal(seen.otomo.points.get().balance, 70, 'what was missed would have come');
    await seen.socket().says({ type: 'resync', reason: 'unknown_seq', firstSeq: 1, seq: 1 });
    await settle();
    assert.equal(seen.otomo.points.get().balance, 55);
  });

  test('told by the stream are not undone by an older answer of REST', async () => {
    let answer;
    const rest = (_, path) => (path === '/api/points' ? new Promise((resolve) => (answer = resolve)) : [404, {}]);
    const seen = await live({ rest });
    await seen.socket().says(update(70));
    answer([200, { balance: 100 }]);
    await settle();
    assert.equal(seen.otomo.points.get().balance, 70);
  });
});
