/**
 * Asks, and gives up once the time is over, or its caller says so.
 *
 * @template T
 * @param {import('./clock.js').Clock} clock
 * @param {number} ms
 * @param {(signal: AbortSignal) => Promise<T>} ask the signal is aborted when nobody waits any more
 * @param {object} [more]
 * @param {string} [more.what] is asked, for the error's message
 * @param {AbortSignal} [more.signal] of the caller
 * @returns {Promise<T>}
 * @throws {OtomoError} `TIMEOUT`, `ABORTED`; and whatever `ask` throws
 */
export function within<T>(clock: import("./clock.js").Clock, ms: number, ask: (signal: AbortSignal) => Promise<T>, { what, signal }?: {
    what?: string | undefined;
    signal?: AbortSignal | undefined;
}): Promise<T>;
