/**
 * Moments in which the world may have changed: the network came or went, somebody looks at the page again, the machine
 * slept.
 *
 * No browser tells of every sleep. A tick that comes much too late does: whatever stopped it, a link that was there
 * before may be gone, and retries that were due are due now.
 */

/** How often the clock is looked at, in milliseconds. */
export const TICK_MS = 10_000;

/** How late a tick must be to mean a sleep, in milliseconds. */
export const ASLEEP_MS = 5_000;

/** @typedef {'woke' | 'online' | 'offline' | 'visible'} Wakeup */

export class Wakeups {
  #clock;
  #tell;
  #scene;
  /** @type {(() => void)[]} */
  #ends = [];

  /**
   * @param {import('../clock.js').Clock} clock
   * @param {(what: Wakeup) => void} tell
   * @param {any} [scene] where the events come from: the page's global object
   */
  constructor(clock, tell, scene = globalThis) {
    this.#clock = clock;
    this.#tell = tell;
    this.#scene = scene;
  }

  start() {
    if (this.#ends.length > 0) return;
    const { document } = this.#scene;
    this.#listen(this.#scene, 'online', () => this.#tell('online'));
    this.#listen(this.#scene, 'offline', () => this.#tell('offline'));
    // Out of the back-forward cache, and out of a freeze.
    this.#listen(this.#scene, 'pageshow', (event) => event.persisted && this.#tell('woke'));
    this.#listen(document, 'resume', () => this.#tell('woke'));
    this.#listen(document, 'visibilitychange', () => document.visibilityState === 'visible' && this.#tell('visible'));
    this.#tick();
  }

  stop() {
    for (const end of this.#ends.splice(0)) end();
  }

  #tick() {
    const due = this.#clock.now() + TICK_MS;
    const cancel = this.#clock.after(TICK_MS, () => {
      this.#ends.splice(this.#ends.indexOf(cancel), 1);
      const late = this.#clock.now() - due;
      this.#tick();
      if (late > ASLEEP_MS) this.#tell('woke');
    });
    this.#ends.push(cancel);
  }

  /**
   * @param {EventTarget | undefined} target
   * @param {string} type
   * @param {(event: any) => void} listener
   */
  #listen(target, type, listener) {
    if (typeof target?.addEventListener !== 'function') return;
    target.addEventListener(type, listener);
    this.#ends.push(() => target.removeEventListener(type, listener));
  }
}
