// The connection: kept up over every break, from where it stood.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { back, begun, CONNECTED, live, settle, TestStorage, tokenOf } from './support/world.mjs';

const missed = (seq, prev) => ({ type: 'call_missed', callId: `c${seq}`, seq, prev });

describe('a connection', () => {
  test('is live once the server is ready', async () => {
    const seen = await begun();
    assert.deepEqual(seen.phases, ['connecting']);
    assert.equal(seen.socket().url.pathname, '/ws');
    assert.deepEqual(seen.socket().query, { device: 'desk' });
    assert.deepEqual(seen.socket().protocols, ['bearer', tokenOf('me')]);
    await seen.socket().says(CONNECTED, { type: 'ready', seq: 3 });
    assert.deepEqual(seen.phases, ['connecting', 'live']);
    assert.equal(seen.otomo.link.get().transport, 'websocket');
    assert.equal(seen.otomo.hello.userId, 'me');
  });

  test('comes back after a break and resumes where it stood', async () => {
    const seen = await live();
    await seen.socket().says(missed(4, 0));
    await seen.socket().breaks();
    const { phase, retryAt } = seen.otomo.link.get();
    assert.equal(phase, 'away');
    assert.equal(retryAt, seen.clock.now() + 250);
    await seen.clock.tick(250);
    assert.equal(seen.sockets.length, 2);
    assert.equal(seen.socket().query.lastSeq, '4');
  });

  test('waits longer with each failure, and short again after a stable connection', async () => {
    const seen = await live({ transport: 'websocket' });
    for (const waitMs of [250, 500, 1_000, 2_000]) {
      const before = seen.sockets.length;
      await seen.socket().breaks();
      await seen.clock.tick(waitMs - 1);
      assert.equal(seen.sockets.length, before);
      await seen.clock.tick(1);
      assert.equal(seen.sockets.length, before + 1);
    }
    await back(seen);
    await seen.clock.tick(5_000);
    await seen.socket().breaks();
    await seen.clock.tick(250);
    assert.equal(seen.sockets.length, 6);
  });

  test('hands on no repeat, and leaves and comes back over a gap', async () => {
    const seen = await live({ hello: { seq: 7 } });
    await seen.socket().says(missed(7, 6));
    await seen.socket().says(missed(9, 8));
    assert.deepEqual(seen.events.filter(({ type }) => type === 'call_missed'), []);
    assert.equal(seen.sockets[0].closedWith, 3001);
    await seen.clock.tick(250);
    assert.equal(seen.socket().query.lastSeq, '7');
    // What its topics leave out is no gap.
    await back(seen, { seq: 7 });
    await seen.socket().says(missed(9, 7));
    assert.equal(seen.events.at(-1).seq, 9);
  });

  test('comes back for what the stream still holds where it cannot be continued', async () => {
    const seen = await live({ hello: { seq: 7 } });
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await seen.socket().says(CONNECTED, { type: 'resync', reason: 'retention', firstSeq: 40, seq: 90 });
    assert.equal(seen.events.at(-1).type, 'resync');
    assert.equal(seen.sockets[1].closedWith, 3001);
    await seen.clock.tick(500);
    assert.equal(seen.socket().query.lastSeq, '39');
  });

  test('goes on from the present where another database does not know its position', async () => {
    const seen = await live({ hello: { seq: 70 } });
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await seen.socket().says({ ...CONNECTED, seq: 5 }, { type: 'resync', reason: 'unknown_seq', firstSeq: 1, seq: 5 });
    await seen.socket().says({ type: 'ready', seq: 5 }, missed(6, 5));
    assert.equal(seen.events.at(-1).seq, 6);
    assert.equal(seen.sockets.length, 2);
  });

  test('gives up an attempt that says nothing', async () => {
    const seen = await begun({ transport: 'websocket' });
    seen.socket().opens();
    await seen.clock.tick(10_000);
    assert.equal(seen.sockets[0].closedWith, 3001);
    assert.equal(seen.otomo.link.get().phase, 'away');
    await seen.clock.tick(250);
    assert.equal(seen.sockets.length, 2);
  });

  test('stops for good where it is told so, and says why', async () => {
    const seen = await live();
    await seen.socket().says({ type: 'closing', code: 4003, reason: 'disabled', reconnect: false, retryAfterMs: 0 });
    await seen.socket().breaks();
    await seen.clock.tick(60_000);
    const { phase, closing } = seen.otomo.link.get();
    assert.deepEqual({ phase, closing }, { phase: 'refused', closing: { code: 4003, reason: 'disabled' } });
    assert.equal(seen.sockets.length, 1);
    seen.otomo.start();
    await seen.clock.tick(0);
    assert.equal(seen.sockets.length, 2);
  });

  test('that is started anew by who hears of its end carries what is asked for then', async () => {
    const seen = await live();
    const closing = { code: 4003, reason: '' };
    const before = assert.rejects(seen.otomo.request('ping', {}), { code: 'DISCONNECTED', context: { sent: true, closing } });
    let after;
    seen.otomo.link.subscribe(() => {
      if (seen.otomo.link.get().phase !== 'refused') return;
      seen.otomo.start();
      after = seen.otomo.request('ping', {});
    });
    await seen.socket().breaks(4003);
    await before;
    await back(seen);
    const [{ requestId }] = seen.socket().of('ping');
    await seen.socket().says({ type: 'pong', requestId });
    assert.equal((await after).type, 'pong');
  });

  test('keeps the pause that the server asks for, whoever hurries', async () => {
    const seen = await live();
    await seen.socket().says({ type: 'closing', code: 4100, reason: 'slow', reconnect: true, retryAfterMs: 8_000 });
    await seen.socket().breaks(4100);
    seen.otomo.nudge();
    await seen.clock.tick(7_999);
    assert.equal(seen.sockets.length, 1);
    await seen.clock.tick(1);
    assert.equal(seen.sockets.length, 2);
  });

  test('holds what the server said before one close for that one alone', async () => {
    const seen = await live();
    await seen.socket().says({ type: 'closing', code: 4100, reason: 'slow', reconnect: true, retryAfterMs: 8_000 });
    await seen.socket().breaks(4100);
    await seen.clock.tick(9_000);
    await seen.socket().breaks();
    const { retryAt, closing } = seen.otomo.link.get();
    assert.deepEqual(closing, { code: 1006, reason: '' });
    assert.ok(retryAt < seen.clock.now() + 8_000);
  });

  test('says goodbye with 1000, and tries at once when nudged', async () => {
    const seen = await live();
    await seen.socket().breaks();
    seen.otomo.nudge();
    await seen.clock.tick(0);
    assert.equal(seen.sockets.length, 2);
    seen.otomo.stop();
    assert.equal(seen.sockets[1].closedWith, 1000);
    assert.equal(seen.otomo.link.get().phase, 'idle');
    await seen.clock.tick(60_000);
    assert.equal(seen.sockets.length, 2);
    assert.equal(seen.clock.waiting, 0);
  });

  test('that was stopped while it waited for its token opens nothing', async () => {
    let give;
    const seen = await begun({ token: () => new Promise((resolve) => (give = resolve)) });
    seen.otomo.stop();
    give(tokenOf('me'));
    await seen.clock.tick(0);
    assert.equal(seen.sockets.filter(({ closedWith }) => closedWith === null).length, 0);
    assert.equal(seen.otomo.link.get().phase, 'idle');
  });

  test('changes its transport without a goodbye, from where it stands', async () => {
    const seen = await live();
    await seen.socket().says(missed(4, 0));
    seen.otomo.useTransport('websocket');
    await seen.clock.tick(0);
    assert.equal(seen.sockets[0].closedWith, 3001);
    assert.equal(seen.sockets[1].query.lastSeq, '4');
  });
});

describe('a clock', () => {
  test('keeps no worker once nobody comes back, and has nothing more to do', async () => {
    for (const end of [(seen) => seen.otomo.stop(), (seen) => seen.socket().breaks(4001)]) {
      const seen = await live({ topics: ['otomo'] });
      assert.equal(seen.clock.isOpen, true);
      await end(seen);
      assert.deepEqual([seen.clock.isOpen, seen.clock.waiting], [false, 0]);
      seen.otomo.start();
      await settle();
      assert.equal(seen.clock.isOpen, true);
    }
  });

  test('goes on for whoever waits at the end: a question keeps its limit', async () => {
    const seen = await live({ rest: () => new Promise(() => {}) });
    const late = assert.rejects(seen.otomo.rest.get('/a', { timeoutMs: 2_000 }), { code: 'TIMEOUT' });
    seen.otomo.stop();
    await seen.clock.tick(2_000);
    await late;
  });
});

describe('a position', () => {
  test('outlives a reload, one for each person and choice of topics', async () => {
    const storage = new TestStorage();
    const first = await live({ storage });
    await first.socket().says(missed(4, 0));
    const lastSeqOf = async (options) => (await begun({ storage, ...options })).socket().query.lastSeq;
    assert.equal(await lastSeqOf({}), '4');
    assert.equal(await lastSeqOf({ token: tokenOf('you') }), undefined);
    assert.equal(await lastSeqOf({ topics: ['chat'] }), undefined);
  });

  test('is saved after the listeners have run: a crash between repeats an event and loses none', async () => {
    const storage = new TestStorage();
    const seen = await live({ storage });
    let during;
    seen.otomo.on('call_missed', () => (during = storage.getItem('otomo.position.me.')));
    await seen.socket().says(missed(4, 0));
    assert.deepEqual([during, storage.getItem('otomo.position.me.')], ['0', '4']);
  });

  test('begins with all that is kept where the app wants it', async () => {
    const seen = await begun({ startAt: 'oldest' });
    assert.equal(seen.socket().query.lastSeq, '0');
  });

  test('that cannot be saved stops nothing', async () => {
    const full = { getItem: () => null, removeItem() {}, setItem: () => assert.fail('full') };
    const seen = await live({ storage: full });
    await seen.socket().says(missed(4, 0));
    assert.equal(seen.events.at(-1).seq, 4);
  });
});

describe('listeners', () => {
  test('that throw cost nobody else anything', async () => {
    const seen = await live();
    const { error } = console;
    const reported = [];
    console.error = (fault) => reported.push(fault.message);
    try {
      seen.otomo.on('notification', () => assert.fail('mine'));
      let heard = 0;
      const off = seen.otomo.on('notification', () => (heard += 1));
      await seen.socket().says({ type: 'notification' });
      off();
      await seen.socket().says({ type: 'notification' });
      assert.equal(heard, 1);
      assert.deepEqual(reported, ['mine', 'mine']);
      assert.equal(seen.otomo.link.get().phase, 'live');
    } finally {
      console.error = error;
    }
  });
});
