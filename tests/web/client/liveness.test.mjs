// Heartbeats and wake-ups: what a client finds out by itself about its link.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BEHIND_MS, WorkerClock } from '../../../web/client/src/clock.js';
import { Wakeups } from '../../../web/client/src/link/wakeups.js';
import { back, begun, live, ManualClock, settle } from './support/world.mjs';

const beats = (seen) => seen.socket().of('heartbeat').length;

describe('a heartbeat', () => {
  test('goes out after an interval without a word, and its silence means a dead link', async () => {
    const seen = await live();
    await seen.clock.tick(25_000);
    assert.equal(beats(seen), 1);
    await seen.clock.tick(9_999);
    assert.equal(seen.socket().closedWith, null);
    await seen.clock.tick(1);
    assert.equal(seen.sockets[0].closedWith, 3001);
    assert.equal(seen.otomo.link.get().phase, 'away');
  });

  test('is not needed while the other side speaks, and is answered by any word', async () => {
    const seen = await live();
    await seen.clock.tick(20_000);
    await seen.socket().says({ type: 'otomo_status_update', userId: 'a', status: 'busy', timestamp: 1 });
    await seen.clock.tick(20_000);
    assert.equal(beats(seen), 0);
    await seen.clock.tick(5_000);
    assert.equal(beats(seen), 1);
    await seen.socket().says({ type: 'otomo_status_update', userId: 'a', status: 'online', timestamp: 2 });
    await seen.clock.tick(24_999);
    assert.equal(seen.socket().closedWith, null);
    await seen.clock.tick(1);
    assert.equal(beats(seen), 2);
  });

  test('whose verdict comes late is doubted once: answers may wait behind the timer', async () => {
    const seen = await live();
    await seen.clock.tick(25_000);
    await seen.clock.sleep(60_000);
    assert.equal(seen.socket().closedWith, null);
    assert.equal(beats(seen), 2);
    await seen.clock.tick(10_000);
    assert.equal(seen.sockets[0].closedWith, 3001);
  });

  test('goes on after the return', async () => {
    const seen = await live();
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await back(seen);
    await seen.clock.tick(25_000);
    assert.equal(beats(seen), 1);
  });
});

describe('after a sleep', () => {
  test('the first tick proves the link, in less time than a heartbeat has', async () => {
    const seen = await live();
    await seen.clock.sleep(20_000);
    assert.equal(beats(seen), 1);
    await seen.clock.tick(5_000);
    assert.equal(seen.sockets[0].closedWith, 3001);
  });

  test('whoever is away tries at once, with the shortest wait after that', async () => {
    const seen = await live({ transport: 'websocket' });
    for (const waitMs of [250, 500, 1_000, 2_000, 4_000]) {
      await seen.socket().breaks();
      await seen.clock.tick(waitMs);
    }
    await seen.socket().breaks();
    const before = seen.sockets.length;
    await seen.clock.tick(5_000);
    assert.equal(seen.sockets.length, before);
    await seen.clock.sleep(100_000);
    assert.equal(seen.sockets.length, before + 1);
  });

  test('an attempt from before is not trusted', async () => {
    const seen = await begun({ transport: 'websocket' });
    await seen.clock.sleep(40_000);
    assert.equal(seen.sockets[0].closedWith, 3001);
    await seen.clock.tick(250);
    assert.equal(seen.sockets.length, 2);
  });
});

describe('wake-ups', () => {
  /** A page whose events are the test's. */
  function scene() {
    const page = new EventTarget();
    page.document = new EventTarget();
    page.document.visibilityState = 'hidden';
    const told = [];
    const wakeups = new Wakeups(new ManualClock(), (what) => told.push(what), page);
    wakeups.start();
    return { page, told, wakeups };
  }

  test('are the network, the eyes of a person, and the end of a freeze', () => {
    const { page, told, wakeups } = scene();
    for (const type of ['online', 'offline']) page.dispatchEvent(new Event(type));
    page.document.dispatchEvent(new Event('visibilitychange'));
    page.document.visibilityState = 'visible';
    page.document.dispatchEvent(new Event('visibilitychange'));
    page.document.dispatchEvent(new Event('resume'));
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
    page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    assert.deepEqual(told, ['online', 'offline', 'visible', 'woke', 'woke']);
    wakeups.stop();
    page.dispatchEvent(new Event('online'));
    assert.equal(told.length, 5);
  });
});

describe('timers in a worker', () => {
  /** A worker whose inside is the test. */
  class TestWorker {
    got = [];
    ended = false;

    postMessage(message) {
      this.got.push(message);
    }

    terminate() {
      this.ended = true;
    }
  }

  const opened = (start) => {
    const clock = new WorkerClock(start);
    clock.open();
    return clock;
  };

  test('run when the worker says so, and are taken back there', () => {
    const worker = new TestWorker();
    const clock = opened(() => worker);
    const ran = [];
    clock.after(10, () => ran.push('a'));
    const end = clock.after(20, () => ran.push('b'));
    end();
    assert.deepEqual(worker.got, [
      { id: 1, ms: 10 },
      { id: 2, ms: 20 },
      { id: 2, ms: null },
    ]);
    worker.onmessage({ data: 2 });
    worker.onmessage({ data: 1 });
    assert.deepEqual(ran, ['a']);
  });

  test('are those of the page before a start and after the end, which leave no worker behind', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const workers = [];
    const clock = new WorkerClock(() => workers[workers.push(new TestWorker()) - 1]);
    const ran = [];
    clock.after(10, () => ran.push('before'));
    clock.open();
    clock.after(10, () => ran.push('through the end'));
    const end = clock.after(10, () => ran.push('taken back'));
    clock.close();
    end();
    clock.after(10, () => ran.push('after'));
    assert.deepEqual(workers.map(({ ended }) => ended), [true]);
    t.mock.timers.tick(10);
    assert.deepEqual(ran, ['before', 'through the end', 'after']);
    clock.open();
    clock.after(10, () => {});
    assert.equal(workers.length, 2);
    clock.close();
  });

  test('run in the page where the worker is there and says nothing', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const worker = new TestWorker();
    const clock = opened(() => worker);
    const ran = [];
    clock.after(100, () => ran.push('a'));
    const end = clock.after(100, () => ran.push('taken back'));
    end();
    t.mock.timers.tick(100 + BEHIND_MS - 1);
    assert.deepEqual(ran, []);
    t.mock.timers.tick(1);
    worker.onmessage({ data: 1 });
    assert.deepEqual(ran, ['a'], 'and once, should it speak after all');
  });

  test('go on in the page where the worker does not start', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const worker = new TestWorker();
    const clock = opened(() => worker);
    const ran = [];
    clock.after(100, () => ran.push('before'));
    const end = clock.after(100, () => ran.push('taken back'));
    t.mock.timers.tick(40);
    worker.onerror({ preventDefault() {} });
    clock.after(60, () => ran.push('after'));
    end();
    t.mock.timers.tick(59);
    assert.deepEqual(ran, []);
    t.mock.timers.tick(1);
    assert.deepEqual(ran, ['before', 'after']);
    const forbidden = opened(() => {
      throw new Error('a policy');
    });
    forbidden.after(1, () => ran.push('forbidden'));
    t.mock.timers.tick(1);
    assert.equal(ran.at(-1), 'forbidden');
  });

  test('are those of the worker that the package brings', async () => {
    const said = [];
    globalThis.postMessage = (id) => said.push(id);
    try {
      await import('../../../web/client/src/clock_worker.js');
      globalThis.onmessage({ data: { id: 1, ms: 1 } });
      globalThis.onmessage({ data: { id: 2, ms: 1 } });
      globalThis.onmessage({ data: { id: 2, ms: null } });
      const third = new Promise((resolve) => (globalThis.postMessage = (id) => said.push(id) && id === 3 && resolve()));
      globalThis.onmessage({ data: { id: 3, ms: 5 } });
      await third;
      assert.deepEqual(said, [1, 3]);
    } finally {
      delete globalThis.postMessage;
      delete globalThis.onmessage;
    }
  });
});

test('nudges that come while everything is in order cost one heartbeat', async () => {
  const seen = await live();
  seen.otomo.nudge();
  seen.otomo.nudge();
  await settle();
  assert.equal(beats(seen), 1);
});
