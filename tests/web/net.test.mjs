// The connection's rules: when to come back, and when something was lost.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BASE_MS, CAP_MS, fullJitter, PAUSE_MS, planReturn } from '../../web/demo/net/backoff.js';
import { judge } from '../../web/demo/state/inbox.js';

const ALMOST_ONE = 0.999_999;

describe('full jitter', () => {
  test('stays between nothing and a bound that doubles up to the cap', () => {
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const bound = Math.min(CAP_MS, BASE_MS * 2 ** attempt);
      assert.equal(fullJitter(attempt, 0), 0);
      assert.ok(fullJitter(attempt, ALMOST_ONE) < bound);
      assert.ok(fullJitter(attempt, ALMOST_ONE) > bound * 0.99);
    }
  });
});

describe('after a close', () => {
  const plan = (/** @type {number} */ code, attempt = 0, closing = null) => planReturn(code, closing, attempt, 0.5);

  test('4000 to 4099 means never again', () => {
    for (const code of [4000, 4001, 4002, 4003, 4004, 4005, 4099]) {
      assert.deepEqual(plan(code), { action: 'stop' }, String(code));
    }
  });

  test('4100 to 4199 means after a pause', () => {
    for (const code of [4100, 4101, 4102, 4199]) {
      const { action, delayMs } = plan(code);
      assert.equal(action, 'return');
      assert.ok(delayMs >= PAUSE_MS, String(code));
    }
  });

  test('4200 to 4299 means at once, but not for ever at once', () => {
    for (const code of [4200, 4201, 4202, 4299]) {
      assert.equal(plan(code).delayMs, 0, String(code));
      assert.ok(plan(code, 3).delayMs > 0, String(code));
    }
  });

  test('only an expired token is renewed', () => {
    assert.equal(plan(4202).renew, true);
    for (const code of [1001, 1006, 4100, 4200, 4201]) assert.equal(plan(code).renew, false, String(code));
  });

  test('a broken link or a server that went away is worth another attempt', () => {
    for (const code of [1001, 1006, 1011, 1012]) {
      assert.deepEqual(plan(code, 1), { action: 'return', delayMs: BASE_MS, renew: false }, String(code));
    }
  });

  test('what `closing` said holds where the close code is lost', () => {
    const closing = { code: 4003, reconnect: false };
    assert.deepEqual(plan(1006, 0, closing), { action: 'stop' });
    const pause = { code: 4100, reconnect: true, retryAfterMs: 12_000 };
    assert.ok(plan(1006, 0, pause).delayMs >= 12_000);
    const drain = { code: 4200, reconnect: true, retryAfterMs: 250 };
    assert.equal(plan(1006, 0, drain).delayMs, 250);
  });
});

describe('the durable stream', () => {
  test('takes what comes next', () => {
    assert.equal(judge(0, { seq: 1, prev: 0 }), 'take');
    assert.equal(judge(7, { seq: 8, prev: 7 }), 'take');
  });

  test('takes what comes next of these topics, though others lie between', () => {
    assert.equal(judge(7, { seq: 12, prev: 7 }), 'take');
    assert.equal(judge(7, { seq: 12, prev: 3 }), 'take');
    assert.equal(judge(0, { seq: 5, prev: null }), 'take');
    assert.equal(judge(0, { seq: 5 }), 'take');
  });

  test('knows a repeat and a gap', () => {
    assert.equal(judge(7, { seq: 7, prev: 6 }), 'repeat');
    assert.equal(judge(7, { seq: 3, prev: 2 }), 'repeat');
    assert.equal(judge(7, { seq: 9, prev: 8 }), 'gap');
  });
});
