/**
 * When to come back after a connection ended. Pure: the caller supplies chance and time.
 *
 * The wait is "full jitter": anything between nothing and an exponentially growing bound. A thousand
 * clients that a restarted server dropped in one instant then return spread out, not in one wave.
 */

/** The bound of the first wait, in milliseconds. */
export const BASE_MS = 500;

/** The bound that waits stop growing at, in milliseconds. */
export const CAP_MS = 30_000;

/** How many waits at least fit into the time for which a server waits for somebody in a call. */
export const WAITS_IN_GRACE = 4;

/** The least wait where the server asked for a pause without saying how long, in milliseconds. */
export const PAUSE_MS = 5_000;

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
export function fullJitter(attempt, chance, capMs = CAP_MS) {
  return chance * Math.min(capMs, BASE_MS * 2 ** attempt);
}

/**
 * Where the bound stops growing for who is in a call: a server that is back after however long waits for them from then on, and
 * a call whose voice never broke would be lost by a wait that is longer.
 *
 * @param {number} graceMs for how long it waits; 0 where it is not known
 * @returns {number} milliseconds
 */
export function capInCall(graceMs) {
  return graceMs > 0 ? Math.min(CAP_MS, Math.max(BASE_MS, graceMs / WAITS_IN_GRACE)) : CAP_MS;
}

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
export function planReturn(code, closing, attempt, chance, capMs) {
  const told = closing?.code ?? code;
  if (closing?.reconnect === false || (told >= 4000 && told < 4100)) return { action: 'stop' };
  const jitter = fullJitter(attempt, chance, capMs);
  const pauses = told >= 4100 && told < 4200;
  const leastMs = closing?.retryAfterMs ?? (pauses ? PAUSE_MS : 0);
  // "At once" holds for the first attempt: whoever is sent away again and again takes its time.
  const atOnce = told >= 4200 && told < 4300 && attempt === 0;
  return { action: 'return', delayMs: leastMs + (atOnce ? 0 : jitter), leastMs, renew: told === 4202 };
}
