// What is shown: old snapshot and event give the new snapshot.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { deservesSummary, endingKey } from '../../web/demo/state/ending.js';
import { listed, NO_CLIENT } from '../../web/demo/state/client.js';
import { reduce, START, Store } from '../../web/demo/state/store.js';

const ME = { userId: 'me', role: 'user', name: 'Me', avatar: null, token: 't', lent: true };
/** Plays events from the start, one a second. */
function play(...events) {
  return events.reduce((state, event, index) => reduce(state, event, index * 1_000), START);
}

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

  test('stand with the newest first, once each', () => {
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
    const busy = { type: 'page_client', client: { ...NO_CLIENT, balance: 7, call: { ...NO_CLIENT.call, phase: 'connected' } } };
    const state = play({ type: 'page_identity', identity: ME }, busy, { type: 'page_identity', identity: null });
    assert.deepEqual(state, { ...START, me: null });
  });
});

describe('the words for an end', () => {
  const key = (kind, reason, side = 'caller') =>
    endingKey({ side, ending: { kind, reason, durationSeconds: null, points: 0 } });

  const { $defs } = JSON.parse(readFileSync(new URL('../../web/schemas/messages.json', import.meta.url), 'utf8'));
  const wordsOf = (name) => $defs[name].oneOf.map((word) => word.const);
  const silent = (kind, words) => words.filter((word) => key(kind, word) === 'ending.other');

  test('exist for every reason of the protocol', () => {
    const reasons = { refused: 'RejectReason', cancelled: 'CancelReason', over: 'EndReason' };
    for (const [kind, name] of Object.entries(reasons)) assert.deepEqual(silent(kind, wordsOf(name)), [], kind);
  });

  test('exist for every code by which a call may fail', () => {
    const refusals = ['OTOMO_NOT_FOUND', 'CALLER_BUSY', 'INSUFFICIENT_POINTS', 'CALL_ALREADY_ENDED', 'CALL_ALREADY_ACCEPTED'];
    const general = ['RATE_LIMITED', 'FORBIDDEN', 'UNAVAILABLE', 'INTERNAL_ERROR'];
    const known = wordsOf('ErrorCode');
    assert.deepEqual([...refusals, ...general].filter((code) => !known.includes(code)), [], 'codes of the server');
    assert.deepEqual(silent('failed', [...refusals, ...general, 'TIMEOUT', 'DISCONNECTED', 'MICROPHONE', 'lost']), []);
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

describe('what the client tells', () => {
  const link = (phase, transport) => ({ type: 'page_client', client: { ...NO_CLIENT, link: { ...NO_CLIENT.link, phase, transport } } });

  test('is shown as it is, and what carries the link is remembered while there is none', () => {
    const state = play(link('live', 'sse'), link('away', null));
    assert.equal(state.link.phase, 'away');
    assert.equal(state.transport, 'sse');
  });

  test('does not take back a choice of transport while the new one is not there yet', () => {
    const chosen = play(link('live', 'websocket'), { type: 'page_transport', transport: 'sse' }, link('connecting', null));
    assert.equal(chosen.transport, 'sse');
  });

  test('names the people of the list', () => {
    const hana = { userId: 'o1', name: 'Hana', avatar: null, status: 'online', timestamp: 1 };
    assert.equal(listed({ otomos: [hana] }, 'o1'), hana);
    assert.equal(listed({ otomos: [hana] }, undefined), undefined);
  });
});

describe('the store', () => {
  test('tells every watcher the same events in the same order, each with the state that it led to', () => {
    const store = new Store(() => 0);
    const seen = [[], []];
    store.watch((state, { type }) => {
      seen[0].push([type, state.inbox.seq]);
      if (type === 'first') store.dispatch({ type: 'call_missed', seq: 7 });
    });
    store.watch((state, { type }) => seen[1].push([type, state.inbox.seq]));
    store.dispatch({ type: 'first' });
    assert.deepEqual(seen[0], [
      ['first', 0],
      ['call_missed', 7],
    ]);
    assert.deepEqual(seen[1], seen[0]);
  });
});
