// What is shown: old snapshot and event give the new snapshot.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CANCELLED, deservesSummary, endingKey, OVER, REFUSED } from '../../web/demo/state/ending.js';
import { inListOrder, NO_OTOMOS, reduceOtomos, STATUSES } from '../../web/demo/state/otomos.js';
import { reduce, START, Store } from '../../web/demo/state/store.js';

const ME = { userId: 'me', role: 'user', name: 'Me', avatar: null, token: 't', lent: true };
const PEER = { userId: 'o1', name: 'Hana', avatar: null };
const RING = {
  type: 'incoming_call',
  callId: 'c',
  fromUserId: 'u1',
  fromUserName: 'Taro',
  fromUserAvatar: null,
  timestamp: 1_000,
  expiresAt: 1_030,
  remainingMs: 28_000,
};

/** Plays events from the start, one a second. */
function play(...events) {
  return events.reduce((state, event, index) => reduce(state, event, index * 1_000), START);
}

const calling = [
  { type: 'page_identity', identity: ME },
  { type: 'page_call', callId: 'c', peer: PEER },
];
const talking = [
  ...calling,
  { type: 'call_accepted', callId: 'c' },
  { type: 'call_connected', callId: 'c', connectedAt: 3 },
];
const ids = (/** @type {import('../../web/demo/state/otomos.js').Otomos} */ otomos) =>
  inListOrder(otomos).map(({ userId }) => userId);

describe('the list', () => {
  const snapshot = (...entries) => ({
    type: 'otomo_status_snapshot',
    otomos: entries.map(([userId, status, timestamp]) => ({ userId, status, timestamp, name: userId.toUpperCase() })),
  });

  test('online, busy, break, offline; then the most recent change first', () => {
    const otomos = reduceOtomos(
      NO_OTOMOS,
      snapshot(
        ['a', 'offline', 9],
        ['b', 'break', 9],
        ['c', 'busy', 1],
        ['d', 'online', 1],
        ['e', 'busy', 2],
        ['f', 'online', 5],
      ),
    );
    assert.deepEqual(ids(otomos), ['f', 'd', 'e', 'c', 'b', 'a']);
  });

  test('a snapshot in several messages is one list, and replaces the one before', () => {
    let otomos = reduceOtomos(NO_OTOMOS, snapshot(['gone', 'online', 9]));
    otomos = reduceOtomos(otomos, { ...snapshot(['b', 'online', 5], ['c', 'online', 5]), more: true });
    otomos = reduceOtomos(otomos, { ...snapshot(['a', 'online', 5]), more: true });
    otomos = reduceOtomos(otomos, snapshot(['d', 'offline', 5]));
    assert.deepEqual(ids(otomos), ['b', 'c', 'a', 'd']);
    assert.deepEqual(ids(reduceOtomos(otomos, snapshot(['e', 'online', 1]))), ['e']);
  });

  test('of changes in one second the one heard of last comes first, as in a fresh snapshot', () => {
    let otomos = reduceOtomos(NO_OTOMOS, snapshot(['b', 'online', 5], ['a', 'online', 5]));
    assert.deepEqual(ids(otomos), ['b', 'a']);
    otomos = reduceOtomos(otomos, { type: 'otomo_status_update', userId: 'c', status: 'online', timestamp: 5 });
    assert.deepEqual(ids(otomos), ['c', 'b', 'a']);
  });

  test('law: a snapshot and updates give what a fresh snapshot gives', () => {
    // A small generator with a fixed seed: the same thousand histories each time.
    let seed = 42;
    const pick = (/** @type {number} */ n) => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let round = 0; round < 1_000; round += 1) {
      /** @type {Map<string, any>} */
      const truth = new Map();
      let otomos = reduceOtomos(NO_OTOMOS, snapshot());
      for (let second = 1; second <= 12; second += 1) {
        const userId = `o${pick(5)}`;
        const status = STATUSES[pick(4)];
        truth.set(userId, { userId, status, timestamp: second, name: null, avatar: null });
        otomos = reduceOtomos(otomos, { type: 'otomo_status_update', userId, status, timestamp: second });
      }
      const sorted = [...truth.values()].sort(
        (a, b) => STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status) || b.timestamp - a.timestamp,
      );
      const fresh = reduceOtomos(NO_OTOMOS, { type: 'otomo_status_snapshot', otomos: sorted });
      assert.deepEqual(ids(otomos), ids(fresh));
      for (const { userId, status } of inListOrder(fresh)) assert.equal(otomos.byId.get(userId)?.status, status);
    }
  });

  test('an update touches nothing but status and time', () => {
    const before = reduceOtomos(NO_OTOMOS, snapshot(['a', 'online', 1]));
    const after = reduceOtomos(before, { type: 'otomo_status_update', userId: 'a', status: 'busy', timestamp: 2 });
    assert.equal(after.byId.get('a')?.name, 'A');
    assert.equal(before.byId.get('a')?.status, 'online');
  });
});

describe('a call at its caller', () => {
  test('goes from the request to the talk', () => {
    assert.equal(play(...calling).call?.phase, 'requesting');
    assert.equal(play(...calling, { type: 'call_ringing', callId: 'c' }).call?.phase, 'ringing');
    assert.equal(play(...talking.slice(0, 3)).call?.phase, 'connecting');
    const { call } = play(...talking);
    assert.equal(call?.phase, 'connected');
    assert.equal(call?.connectedAt, 3_000);
  });

  test('a late `call_ringing` or `signaling_start` leads nowhere back', () => {
    for (const type of ['call_ringing', 'signaling_start', 'call_accepted']) {
      assert.equal(play(...talking, { type, callId: 'c' }).call?.phase, 'connected', type);
    }
  });

  test('events of another call change nothing', () => {
    for (const type of ['call_end', 'call_rejected', 'call_connected', 'call_cancelled']) {
      assert.equal(play(...calling, { type, callId: 'other', reason: 'busy' }).call?.phase, 'requesting', type);
    }
  });

  test('an end keeps its reason and length, and a second end changes neither', () => {
    const end = { type: 'call_end', callId: 'c', reason: 'otomo_end', durationSeconds: 61, totalChargedPoints: 120 };
    const { call } = play(...talking, end, { ...end, reason: 'disconnect' });
    assert.deepEqual(call?.ending, { kind: 'over', reason: 'otomo_end', durationSeconds: 61, points: 120 });
  });

  test('a call that never connected has no length', () => {
    const { call } = play(...calling, { type: 'call_rejected', callId: 'c', reason: 'away' });
    assert.deepEqual(call?.ending, { kind: 'refused', reason: 'away', durationSeconds: null, points: 0 });
  });

  test('the own cancel leaves nothing to tell', () => {
    assert.equal(play(...calling, { type: 'call_cancel_ack', callId: 'c' }).call, null);
  });

  test('the peer goes and comes back', () => {
    const away = play(...talking, { type: 'call_peer_reconnecting', callId: 'c', deadline: 14 });
    assert.equal(away.call?.peerBackBy, 14_000);
    assert.equal(
      play(
        ...talking,
        { type: 'call_peer_reconnecting', callId: 'c', deadline: 14 },
        { type: 'call_peer_back', callId: 'c' },
      ).call?.peerBackBy,
      null,
    );
  });
});

describe('a call at its otomo', () => {
  const ringing = [{ type: 'page_identity', identity: { ...ME, role: 'otomo' } }, RING];

  test('rings for what remains, however wrong the clock is', () => {
    const { call } = play(...ringing);
    assert.equal(call?.phase, 'incoming');
    assert.equal(call?.ringUntil, 29_000);
    assert.equal(call?.ringMs, 30_000);
    assert.equal(call?.peer.name, 'Taro');
  });

  test('a wish to answer is fulfilled by the answer', () => {
    const wish = { type: 'page_wish', callId: 'c', wish: 'accept' };
    assert.equal(play(...ringing, wish).call?.wish, 'accept');
    const { call } = play(...ringing, wish, { type: 'call_accept_ack', callId: 'c' });
    assert.equal(call?.phase, 'connecting');
    assert.equal(call?.wish, null);
  });

  test('a second ring does not disturb a talk', () => {
    const { call } = play(...ringing, { type: 'call_accept_ack', callId: 'c' }, { ...RING, callId: 'd' });
    assert.equal(call?.callId, 'c');
  });

  test('a cancelled ring needs no page of its own', () => {
    const { call } = play(...ringing, { type: 'call_cancelled', callId: 'c', reason: 'caller_cancelled' });
    assert.equal(call?.phase, 'ended');
    assert.equal(call && deservesSummary(call), false);
  });
});

describe('a snapshot of calls', () => {
  const live = (fields) => ({
    type: 'call_snapshot',
    recent: [],
    call: {
      callId: 'c',
      phase: 'connected',
      role: 'offerer',
      bound: true,
      connectedAt: 3,
      caller: ME,
      otomo: PEER,
      ...fields,
    },
  });

  test('brings a call back after a reload, at the device that speaks in it', () => {
    const { call } = play(calling[0], { type: 'connected', timestamp: 100 }, live({ connectedAt: 90 }));
    assert.equal(call?.phase, 'connected');
    assert.equal(call?.side, 'caller');
    assert.equal(call?.peer.userId, 'o1');
    // The server's clock is 99 s ahead of this page's.
    assert.equal(call?.connectedAt, -9_000);
  });

  test('leaves another device of the same person alone', () => {
    assert.equal(play(calling[0], live({ bound: false })).call, null);
  });

  test('tells how a call ended meanwhile', () => {
    const gone = {
      type: 'call_snapshot',
      call: null,
      recent: [{ callId: 'c', outcome: 'completed', reason: 'otomo_end', durationSeconds: 12 }],
    };
    assert.deepEqual(play(...talking, gone).call?.ending, {
      kind: 'over',
      reason: 'otomo_end',
      durationSeconds: 12,
      points: 0,
    });
    const missed = { ...gone, recent: [{ callId: 'c', outcome: 'missed', reason: 'timeout', durationSeconds: 0 }] };
    assert.equal(play(...calling, missed).call?.ending?.kind, 'refused');
    assert.equal(play(...talking, { type: 'call_snapshot', call: null, recent: [] }).call?.ending?.reason, 'lost');
  });

  test('keeps a request that may never have arrived, to be asked again', () => {
    assert.equal(play(...calling, { type: 'call_snapshot', call: null, recent: [] }).call?.phase, 'requesting');
  });

  test('knows a ring that was answered elsewhere', () => {
    const ringing = [{ type: 'page_identity', identity: ME }, RING];
    const { call } = play(...ringing, live({ bound: false, role: 'answerer', phase: 'connecting' }));
    assert.equal(call?.ending?.reason, 'answered_elsewhere');
    assert.equal(play(...ringing, live({ bound: false, role: 'answerer', phase: 'ringing' })).call?.phase, 'incoming');
  });
});

describe('missed calls', () => {
  const missed = (seq, prev = seq - 1) => ({
    type: 'call_missed',
    seq,
    prev,
    callId: `c${seq}`,
    fromUserId: 'u',
    fromUserName: 'Taro',
    timestamp: seq,
  });

  test('stand with the newest first, once each, and move the position', () => {
    const { inbox } = play(missed(1), missed(2), missed(2), missed(5, 2));
    assert.deepEqual(
      inbox.missed.map(({ seq }) => seq),
      [5, 2, 1],
    );
    assert.equal(inbox.seq, 5);
  });

  test('once seen do not return, not even to a tab that reads the stream from its beginning', () => {
    const { inbox } = play(missed(1), missed(2), { type: 'page_missed_seen' });
    assert.deepEqual(inbox.missed, []);
    const fresh = play(
      { type: 'page_identity', identity: ME, inbox: { seq: 0, seen: inbox.seen, missed: [] } },
      missed(1),
      missed(2),
      missed(3),
    );
    assert.deepEqual(
      fresh.inbox.missed.map(({ seq }) => seq),
      [3],
    );
  });

  test('`ready` moves the position alone', () => {
    const { inbox } = play(missed(1), { type: 'ready', seq: 9 });
    assert.equal(inbox.seq, 9);
    assert.equal(inbox.missed.length, 1);
  });

  test('a stream that no longer reaches back is read from where it begins', () => {
    const { inbox } = play(missed(1), { type: 'resync', reason: 'retention', firstSeq: 40, seq: 90 });
    assert.equal(inbox.seq, 39);
    assert.equal(inbox.missed.length, 1);
  });

  test('another database makes them all void', () => {
    const { inbox } = play(missed(8), { type: 'page_missed_seen' }, missed(9), {
      type: 'resync',
      reason: 'unknown_seq',
      firstSeq: 1,
      seq: 4,
    });
    assert.deepEqual(inbox, { seq: 0, seen: 0, missed: [] });
  });
});

describe("the otomo's own choice", () => {
  const identity = { type: 'page_identity', identity: { ...ME, role: 'otomo' } };
  const own = (status) => ({ type: 'otomo_status_update', userId: 'me', status, timestamp: 1 });

  test('comes from the answer, and stays behind `busy`', () => {
    const state = play(
      identity,
      { type: 'otomo_status_set_ack', status: 'break', shown: 'busy', until: 99 },
      own('busy'),
    );
    assert.deepEqual(state.choice, { status: 'break', until: 99 });
    assert.deepEqual(
      play(identity, { type: 'otomo_status_set_ack', status: 'break', until: 99 }, own('break')).choice,
      { status: 'break', until: 99 },
    );
  });

  test('follows the public status where somebody else changed it', () => {
    assert.deepEqual(play(identity, own('online'), own('break')).choice, { status: 'break', until: null });
  });
});

describe('another person in the same tab', () => {
  test('finds nothing of the one before', () => {
    const state = play(...talking, { type: 'page_identity', identity: null });
    assert.deepEqual(state, { ...START, me: null });
  });
});

describe('the words for an end', () => {
  const key = (kind, reason, side = 'caller') =>
    endingKey({ side, ending: { kind, reason, durationSeconds: null, points: 0 } });

  test('exist for every reason of the protocol', () => {
    for (const reason of REFUSED) assert.equal(key('refused', reason), `ending.refused.${reason}`);
    for (const reason of CANCELLED) assert.equal(key('cancelled', reason), `ending.cancelled.${reason}`);
    for (const reason of OVER) assert.notEqual(key('over', reason), 'ending.other', reason);
  });

  test('know who hung up', () => {
    assert.equal(key('over', 'user_end', 'caller'), 'ending.over.self');
    assert.equal(key('over', 'user_end', 'otomo'), 'ending.over.peer');
    assert.equal(key('over', 'otomo_end', 'otomo'), 'ending.over.self');
  });

  test('stay general for what a newer server may say', () => {
    assert.equal(key('over', 'eclipse'), 'ending.other');
  });
});

describe('the store', () => {
  test('tells every watcher the same events in the same order, each with the state that it led to', () => {
    const store = new Store(() => 0);
    const seen = [[], []];
    store.watch((state, { type }) => {
      seen[0].push([type, state.inbox.seq]);
      if (type === 'first') store.dispatch({ type: 'ready', seq: 7 });
    });
    store.watch((state, { type }) => seen[1].push([type, state.inbox.seq]));
    store.dispatch({ type: 'first' });
    assert.deepEqual(seen[0], [
      ['first', 0],
      ['ready', 7],
    ]);
    assert.deepEqual(seen[1], seen[0]);
  });
});
