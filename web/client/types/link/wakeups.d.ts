/**
 * Moments in which the world may have changed: the network came or went, somebody looks at the page again, the machine
 * slept.
 *
 * No browser tells of every sleep. A tick that comes much too late does: whatever stopped it, a link that was there
 * before may be gone, and retries that were due are due now.
 */
/** How often the clock is looked at, in milliseconds. */
export const TICK_MS: 10000;
/** How late a tick must be to mean a sleep, in milliseconds. */
export const ASLEEP_MS: 5000;
/** @typedef {'woke' | 'online' | 'offline' | 'visible'} Wakeup */
export class Wakeups {
    /**
     * @param {import('../clock.js').Clock} clock
     * @param {(what: Wakeup) => void} tell
     * @param {any} [scene] where the events come from: the page's global object
     */
    constructor(clock: import("../clock.js").Clock, tell: (what: Wakeup) => void, scene?: any);
    start(): void;
    stop(): void;
    #private;
}
export type Wakeup = "woke" | "online" | "offline" | "visible";
