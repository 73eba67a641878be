/**
 * What the server says before it closes (`closing`).
 * @typedef {object} Closing
 * @property {number} code
 * @property {string} [reason]
 * @property {boolean} [reconnect] whether to come back at all
 * @property {number} [retryAfterMs] the least wait
 */
/**
 * What to do next: `stop` for good, or come back after `delayMs`, and not before `leastMs` whoever asks; with a
 * new token where `renew` says so.
 * @typedef {{action: 'stop'} | {action: 'return', delayMs: number, leastMs: number, renew: boolean}} Plan
 */
/**
 * @param {number} attempt how many attempts failed before, from 0
 * @param {number} chance from 0 up to 1
 * @param {number} [capMs] where the bound stops growing
 * @returns {number} milliseconds
 */
export function fullJitter(attempt: number, chance: number, capMs?: number): number;
/**
 * Where the bound stops growing for who is in a call: a server that is back after however long waits for them from then on, and
 * a call whose voice never broke would be lost by a wait that is longer.
 *
 * @param {number} graceMs for how long it waits; 0 where it is not known
 * @returns {number} milliseconds
 */
export function capInCall(graceMs: number): number;
/**
 * Reads the end of a connection: the ranges of the close codes are a promise of the protocol
 * (4000-4099 never, 4100-4199 after a pause, 4200-4299 at once), and `closing` says the same earlier.
 *
 * @param {number} code the WebSocket close code, 1006 where the link just broke
 * @param {Closing | null} closing what the server said before, if it did
 * @param {number} attempt how many attempts failed before, from 0
 * @param {number} chance from 0 up to 1
 * @param {number} [capMs] where the bound of the wait stops growing
 * @returns {Plan}
 */
export function planReturn(code: number, closing: Closing | null, attempt: number, chance: number, capMs?: number): Plan;
/**
 * When to come back after a connection ended. Pure: the caller supplies chance and time.
 *
 * The wait is "full jitter": anything between nothing and an exponentially growing bound. A thousand
 * clients that a restarted server dropped in one instant then return spread out, not in one wave.
 */
/** The bound of the first wait, in milliseconds. */
export const BASE_MS: 500;
/** The bound that waits stop growing at, in milliseconds. */
export const CAP_MS: 30000;
/** How many waits at least fit into the time for which a server waits for somebody in a call. */
export const WAITS_IN_GRACE: 4;
/** The least wait where the server asked for a pause without saying how long, in milliseconds. */
export const PAUSE_MS: 5000;
/**
 * What the server says before it closes (`closing`).
 */
export type Closing = {
    code: number;
    reason?: string | undefined;
    /**
     * whether to come back at all
     */
    reconnect?: boolean | undefined;
    /**
     * the least wait
     */
    retryAfterMs?: number | undefined;
};
/**
 * What to do next: `stop` for good, or come back after `delayMs`, and not before `leastMs` whoever asks; with a
 * new token where `renew` says so.
 */
export type Plan = {
    action: "stop";
} | {
    action: "return";
    delayMs: number;
    leastMs: number;
    renew: boolean;
};
