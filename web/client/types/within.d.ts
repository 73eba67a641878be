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
export function within<T>(clock: import("./clock.js").Clock, ms: number, ask: (signal: AbortSignal) => T | Promise<T>, { what, signal }: {
    what: string;
    signal?: AbortSignal | undefined;
}): Promise<T>;
