// The connection itself, on wires that obey the test and a clock that only it moves.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';

import { Connection } from '../../web/demo/net/connection.js';

const CONNECTED = {
  type: 'connected',
  seq: 0,
  heartbeat: { intervalMs: 25_000, timeoutMs: 10_000 },
  limits: { messageSize: 65_536 },
  timestamp: 0,
};

/** A wire whose server side is the test. */
class TestWire {
  sent = [];
  closedWith = null;

  /** @param {number} lastSeq from where it was opened @param {string} token with what */
  constructor(lastSeq, token) {
    Object.assign(this, { lastSeq, token });
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.closedWith = code;
  }

  says(...messages) {
    for (const message of messages) this.onmessage({ data: JSON.stringify(message) });
  }

  breaks(code = 1006) {
    this.onclose({ code });
  }
}

/** A connection with everything that it did: wires opened, messages handed on, phases. */
function world({ seq = 0, renews = true } = {}) {
  const seen = { wires: [], messages: [], phases: [], renewals: 0, seq };
  seen.connection = new Connection({
    open: () => {
      const wire = new TestWire(seen.seq, `token-${seen.renewals}`);
      seen.wires.push(wire);
      return wire;
    },
    token: () => `token-${seen.renewals}`,
    renewToken: async () => {
      seen.renewals += 1;
      return renews;
    },
    seq: () => seen.seq,
    onMessage: (message) => {
      seen.messages.push(message.type);
      if (message.seq > seen.seq) seen.seq = message.seq;
    },
    onLink: ({ phase }) => seen.phases.push(phase),
    chance: () => 0.5,
  });
  seen.connection.start();
  return seen;
}

function live(options) {
  const seen = world(options);
  seen.wires[0].says(CONNECTED, { type: 'ready', seq: seen.seq });
  return seen;
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] }));
afterEach(() => mock.timers.reset());

describe('a connection', () => {
  test('is live once the server is ready', () => {
    const seen = world();
    assert.deepEqual(seen.phases, ['connecting']);
    seen.wires[0].says(CONNECTED, { type: 'ready', seq: 3 });
    assert.deepEqual(seen.phases, ['connecting', 'live']);
    assert.deepEqual(seen.messages, ['connected', 'ready']);
  });

  test('pairs answers and refusals with their requests', async () => {
    const { connection, wires } = live();
    const accepted = connection.request('call_accept', { callId: 'c' });
    const refused = connection.request('call_request', { callId: 'd' });
    const [first, second] = wires[0].sent;
    wires[0].says({
      type: 'error',
      code: 'CALLER_BUSY',
      message: 'm',
      context: { callId: 'd' },
      requestId: second.requestId,
    });
    wires[0].says({ type: 'call_accept_ack', callId: 'c', requestId: first.requestId });
    assert.equal((await accepted).type, 'call_accept_ack');
    await assert.rejects(refused, { code: 'CALLER_BUSY', context: { callId: 'd' } });
  });

  test('tells who waits for an answer that the link is gone', async () => {
    const { connection, wires } = live();
    const answer = connection.request('call_accept', { callId: 'c' });
    wires[0].breaks();
    await assert.rejects(answer, { code: 'DISCONNECTED' });
    await assert.rejects(connection.request('call_accept', { callId: 'c' }), { code: 'DISCONNECTED' });
  });

  test('comes back after a break and resumes where it stood', async () => {
    const seen = live();
    seen.wires[0].says({ type: 'call_missed', seq: 4, prev: 0 });
    seen.wires[0].breaks();
    await settle();
    assert.equal(seen.phases.at(-1), 'waiting');
    mock.timers.tick(250);
    assert.equal(seen.wires.length, 2);
    assert.equal(seen.wires[1].lastSeq, 4);
  });

  test('waits longer with each failure, and short again after a stable connection', async () => {
    const seen = live();
    for (const waitMs of [250, 500, 1_000, 2_000]) {
      const before = seen.wires.length;
      seen.wires.at(-1).breaks();
      await settle();
      mock.timers.tick(waitMs - 1);
      assert.equal(seen.wires.length, before);
      mock.timers.tick(1);
      assert.equal(seen.wires.length, before + 1);
    }
    seen.wires.at(-1).says(CONNECTED, { type: 'ready', seq: 0 });
    mock.timers.tick(5_000);
    seen.wires.at(-1).breaks();
    await settle();
    mock.timers.tick(250);
    assert.equal(seen.wires.length, 6);
  });

  test('hands on no repeat, and leaves and comes back over a gap', async () => {
    const seen = live({ seq: 7 });
    seen.wires[0].says({ type: 'call_missed', seq: 7, prev: 6 });
    assert.ok(!seen.messages.includes('call_missed'));
    seen.wires[0].says({ type: 'call_missed', seq: 9, prev: 8 });
    assert.ok(!seen.messages.includes('call_missed'));
    assert.equal(seen.wires[0].closedWith, 3001);
    await settle();
    mock.timers.tick(250);
    assert.equal(seen.wires[1].lastSeq, 7);
  });

  test('comes back for what the stream still holds where it cannot be continued', async () => {
    const seen = world({ seq: 7 });
    seen.wires[0].says(CONNECTED, { type: 'resync', reason: 'retention', firstSeq: 40, seq: 90 });
    assert.equal(seen.wires[0].closedWith, 3001);
    assert.ok(seen.messages.includes('resync'));
    await settle();
    mock.timers.tick(250);
    assert.equal(seen.wires.length, 2);
  });

  test('takes silence after a heartbeat for a dead link, and any word for life', async () => {
    const seen = live();
    mock.timers.tick(25_000);
    assert.deepEqual(
      seen.wires[0].sent.map(({ type }) => type),
      ['heartbeat'],
    );
    seen.wires[0].says({ type: 'otomo_status_update' });
    mock.timers.tick(10_000);
    assert.equal(seen.wires[0].closedWith, null);
    mock.timers.tick(15_000);
    mock.timers.tick(10_000);
    assert.equal(seen.wires[0].closedWith, 3001);
    await settle();
    assert.equal(seen.phases.at(-1), 'waiting');
  });

  test('stops for good where it is told so', async () => {
    const seen = live();
    seen.wires[0].breaks(4003);
    await settle();
    mock.timers.tick(60_000);
    assert.equal(seen.phases.at(-1), 'stopped');
    assert.equal(seen.wires.length, 1);
  });

  test('renews its token while connected, and before it comes back from an expired one', async () => {
    const seen = live();
    seen.wires[0].says({ type: 'token_expiring', expiresAt: 1 });
    await settle();
    assert.deepEqual(seen.wires[0].sent, [{ type: 'token_refresh', token: 'token-1' }]);
    seen.wires[0].breaks(4202);
    await settle();
    mock.timers.tick(1);
    assert.equal(seen.wires[1].token, 'token-2');
  });

  test('stops where an expired token cannot be renewed', async () => {
    const seen = live({ renews: false });
    seen.wires[0].breaks(4202);
    await settle();
    mock.timers.tick(60_000);
    assert.equal(seen.phases.at(-1), 'stopped');
    assert.equal(seen.wires.length, 1);
  });

  test('goes on over another wire from where it stands, at once and without a goodbye', async () => {
    const seen = live();
    seen.wires[0].says({ type: 'new-message', seq: 4, prev: 0 });
    const answer = seen.connection.request('message_send', {});
    seen.connection.rewire();
    await assert.rejects(answer, { code: 'DISCONNECTED' });
    assert.equal(seen.wires[0].closedWith, 3001);
    assert.equal(seen.wires[1].lastSeq, 4);
    seen.wires[1].breaks();
    await settle();
    seen.connection.rewire();
    assert.equal(seen.wires.length, 3);
    seen.connection.stop();
    seen.connection.rewire();
    assert.equal(seen.wires.length, 3);
  });

  test('refuses by itself what is longer than the server takes: it would cost the link', async () => {
    const { connection, wires } = live();
    const body = 'あ'.repeat(30_000);
    await assert.rejects(connection.request('message_send', { body }), { code: 'MESSAGE_TOO_LARGE' });
    assert.deepEqual(wires[0].sent, []);
  });

  test('says goodbye with 1000, and tries at once when nudged', async () => {
    const seen = live();
    seen.wires[0].breaks();
    await settle();
    seen.connection.nudge();
    assert.equal(seen.wires.length, 2);
    mock.timers.tick(60_000);
    assert.equal(seen.wires.length, 2);
    seen.connection.stop();
    assert.equal(seen.wires[1].closedWith, 1000);
  });
});
