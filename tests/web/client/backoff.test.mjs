// When to come back.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { BASE_MS, CAP_MS, capInCall, fullJitter, PAUSE_MS, planReturn } from '../../../web/client/src/link/backoff.js';

const ALMOST_ONE = 0.999_999;

test('waits stay between nothing and a bound that doubles up to the cap', () => {
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    const bound = Math.min(CAP_MS, BASE_MS * 2 ** attempt);
    assert.equal(fullJitter(attempt, 0), 0);
    assert.ok(fullJitter(attempt, ALMOST_ONE) < bound);
    assert.ok(fullJitter(attempt, ALMOST_ONE) > bound * 0.99);
  }
});

test('in a call several waits fit into the time for which the server waits; without a call, and where that is not known, none need to', () => {
  assert.equal(capInCall(10_000), 2_500);
  assert.deepEqual([capInCall(0), capInCall(1_000_000), capInCall(100)], [CAP_MS, CAP_MS, BASE_MS]);
  assert.equal(planReturn(1006, null, 9, 0.5, capInCall(10_000)).delayMs, 1_250);
});

describe('after a close', () => {
  const plan = (code, attempt = 0, closing = null) => planReturn(code, closing, attempt, 0.5);

  test('4000 to 4099 means never again', () => {
    for (const code of [4000, 4001, 4002, 4003, 4004, 4005, 4099]) assert.deepEqual(plan(code), { action: 'stop' }, `${code}`);
  });

  test('4100 to 4199 means after a pause, which nobody shortens', () => {
    for (const code of [4100, 4101, 4102, 4199]) {
      const { delayMs, leastMs } = plan(code);
      assert.ok(delayMs >= PAUSE_MS && leastMs === PAUSE_MS, `${code}`);
    }
  });

  test('4200 to 4299 means at once, but not for ever at once', () => {
    for (const code of [4200, 4201, 4202, 4299]) {
      assert.equal(plan(code).delayMs, 0, `${code}`);
      assert.ok(plan(code, 3).delayMs > 0, `${code}`);
    }
  });

  test('only an expired token is renewed', () => {
    assert.equal(plan(4202).renew, true);
    for (const code of [1001, 1006, 4100, 4200, 4201]) assert.equal(plan(code).renew, false, `${code}`);
  });

  test('a broken link or a server that went away is worth another attempt', () => {
    const wanted = { action: 'return', delayMs: BASE_MS, leastMs: 0, renew: false };
    for (const code of [1000, 1001, 1006, 1011, 1012]) assert.deepEqual(plan(code, 1), wanted, `${code}`);
  });

  test('what `closing` said holds where the close code is lost', () => {
    assert.deepEqual(plan(1006, 0, { code: 4003, reconnect: false }), { action: 'stop' });
    assert.deepEqual(plan(1006, 0, { code: 1000, reconnect: false }), { action: 'stop' });
    const { delayMs, leastMs } = plan(1006, 0, { code: 4100, reconnect: true, retryAfterMs: 12_000 });
    assert.deepEqual([delayMs, leastMs], [12_000 + BASE_MS / 2, 12_000]);
  });
});
