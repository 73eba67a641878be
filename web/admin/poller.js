/**
 * Looks at the server again and again: every two seconds while all is well, more and more seldom while it is away, and not
 * at all in a tab that nobody sees.
 */

/** Between two looks, in milliseconds. */
export const EVERY_MS = 2_000;

/** The same at most, while the server is away. */
export const AWAY_MS = 30_000;

/**
 * @param {number} failures looks in a row that failed
 * @returns {number} milliseconds until the next look
 */
export function pauseAfter(failures) {
  return Math.min(EVERY_MS * 2 ** failures, AWAY_MS);
}

/**
 * @typedef {object} Parts
 * @property {(isNewest: () => boolean) => Promise<void>} look rejects if the server is away. What it finds out is to be
 *   shown only while it is the newest
 * @property {(failure: unknown, nextMs: number) => void} failed told of each look that failed, and when the next one is
 * @property {(ms: number, run: () => void) => () => void} after runs something once; returns what takes it back
 */

export class Poller {
  #parts;
  #failures = 0;
  #awake = false;
  /** Counts the looks: what an older one found out is old. */
  #looks = 0;
  /** @type {(() => void) | null} */
  #cancel = null;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Looks now, and from now on. */
  wake() {
    this.#awake = true;
    this.nudge();
  }

  /** Looks no more. */
  sleep() {
    this.#awake = false;
    this.#looks += 1;
    this.#cancel?.();
    this.#cancel = null;
  }

  /** Looks now, instead of later. */
  nudge() {
    if (!this.#awake) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#looks += 1;
    void this.#look(this.#looks);
  }

  /** @param {number} number */
  async #look(number) {
    let failure = null;
    try {
      await this.#parts.look(() => number === this.#looks);
    } catch (error) {
      failure = error ?? new Error('the look failed');
    }
    if (number !== this.#looks) return;
    this.#failures = failure === null ? 0 : this.#failures + 1;
    const next = pauseAfter(this.#failures);
    if (failure !== null) this.#parts.failed(failure, next);
    // Whoever was told may have stopped this.
    if (number === this.#looks) this.#cancel = this.#parts.after(next, () => this.nudge());
  }
}
