/** @returns {Clock} with timers of the page */
export function pageClock(): Clock;
/** @returns {Clock} the best that there is here */
export function defaultClock(): Clock;
/** How much later than in the worker a timer runs in the page, in milliseconds. */
export const BEHIND_MS: 2000;
/**
 * Timers in a worker; those of the page take over if it does not start.
 * @implements {Clock}
 */
export class WorkerClock implements Clock {
    /** @param {() => Worker} [start] */
    constructor(start?: () => Worker);
    now(): number;
    /**
     * @param {number} ms
     * @param {() => void} run
     */
    after(ms: number, run: () => void): () => void;
    close(): void;
    #private;
}
export type Clock = {
    /**
     * milliseconds since 1970
     */
    now: () => number;
    /**
     * runs something once; returns what takes it back
     */
    after: (ms: number, run: () => void) => () => void;
    /**
     * ends the worker, if there is one; timers that wait are taken back
     */
    close: () => void;
};
