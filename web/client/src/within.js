/**
 * Waiting for something, but not for ever.
 */

import { OtomoError } from './errors.js';

/**
 * Asks, and gives up once the time is over, or its caller says so.
 *
 * @template T
 * @param {import('./clock.js').Clock} clock
 * @param {number} ms
 * @param {(signal: AbortSignal) => T | Promise<T>} ask the signal is aborted when nobody waits any more
 * @param {object} more
 * @param {string} more.what is asked for, for the error's message: people read it
 * @param {AbortSignal} [more.signal] of the caller
 * @returns {Promise<T>}
 * @throws {OtomoError} `TIMEOUT`, `ABORTED`; and whatever `ask` throws
 */
export function within(clock, ms, ask, { what, signal }) {
  return new Promise((resolve, reject) => {
    const given = new AbortController();
    const fail = (/** @type {OtomoError} */ error) => {
      end();
      reject(error);
      given.abort();
    };
    const abort = () => fail(new OtomoError('ABORTED', `${what} was given up`, {}, signal?.reason));
    const cancel = clock.after(ms, () => fail(new OtomoError('TIMEOUT', `${what}: no answer in ${ms} ms`)));
    const end = () => {
      cancel();
      signal?.removeEventListener('abort', abort);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    else (async () => ask(given.signal))().then(resolve, reject).finally(end);
  });
}
