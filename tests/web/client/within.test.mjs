// Waiting for something, but not for ever.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { within } from '../../../web/client/src/within.js';
import { ManualClock, settle } from './support/clock.mjs';

/** Asks what the test answers. */
function asked(more) {
  const clock = new ManualClock();
  const seen = { clock };
  const ask = (signal) => new Promise((resolve, reject) => Object.assign(seen, { signal, resolve, reject }));
  seen.answer = within(clock, 1_000, ask, { what: 'tea', ...more });
  seen.answer.catch(() => {});
  return seen;
}

describe('within a time', () => {
  test('what is answered is given, what fails fails, and nothing is waited for afterwards', async () => {
    const good = asked();
    good.resolve('here');
    assert.equal(await good.answer, 'here');
    const bad = asked();
    bad.reject(new Error('no'));
    await assert.rejects(bad.answer, { message: 'no' });
    await settle();
    for (const { clock, signal } of [good, bad]) assert.deepEqual([clock.waiting, signal.aborted], [0, false]);
  });

  test('what fails before it is waited for fails as well, and nothing is waited for', async () => {
    const [clock, caller] = [new ManualClock(), new AbortController()];
    const fails = () => {
      throw new Error('no');
    };
    await assert.rejects(within(clock, 1_000, fails, { what: 'tea', signal: caller.signal }), { message: 'no' });
    await settle();
    assert.equal(clock.waiting, 0);
  });

  test('what takes too long is told to stop, and says so whatever it says to that', async () => {
    const { clock, signal, reject, answer } = asked({ what: 'GET /x' });
    signal.addEventListener('abort', () => reject(new Error('aborted')));
    await clock.tick(999);
    assert.equal(signal.aborted, false);
    await clock.tick(1);
    assert.equal(signal.aborted, true);
    await assert.rejects(answer, { code: 'TIMEOUT', message: 'GET /x: no answer in 1000 ms' });
  });

  test('its caller may give up, before it is asked too, and leaves nothing behind', async () => {
    const caller = new AbortController();
    const given = asked({ signal: caller.signal });
    caller.abort('gone');
    await assert.rejects(given.answer, { code: 'ABORTED', cause: 'gone' });
    assert.deepEqual([given.signal.aborted, given.clock.waiting], [true, 0]);
    const never = asked({ signal: caller.signal });
    await assert.rejects(never.answer, { code: 'ABORTED' });
    assert.deepEqual([never.signal, never.clock.waiting], [undefined, 0]);
  });
});
