/** @returns {Clock} with timers of the page */
export function pageClock(): Clock;
/** @returns {Clock} the best that there is here */
export function defaultClock(): Clock;
/** How much later than in the worker a timer runs in the page, in milliseconds. */
export const BEHIND_MS: 2000;
/**
 * Timers in a worker while it is open; those of the page before and after, and if the worker does not start.
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
    open(): void;
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
     * timers may keep a worker from now on
     */
    open: () => void;
    /**
     * ends the worker, if there is one; timers that wait, and those to come, are the page's
     */
    close: () => void;
};
