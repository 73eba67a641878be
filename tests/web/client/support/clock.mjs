// A clock that only the test moves.

/** @implements {import('../../../../web/client/src/clock.js').Clock} */
export class ManualClock {
  #now = 1_700_000_000_000;
  #timers = [];

  now() {
    return this.#now;
  }

  after(ms, run) {
    const timer = { due: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Whether it might keep a worker. */
  isOpen = false;

  open() {
    this.isOpen = true;
  }

  /** Takes nothing back: whoever is done has to do so itself. */
  close() {
    this.isOpen = false;
  }

  /** How many wait. */
  get waiting() {
    return this.#timers.length;
  }

  /** Goes on by `ms`; timers run when they are due, and what they promise is settled. */
  async tick(ms) {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.due);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.run();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** The machine sleeps: time goes on, and nothing runs until it is over. */
  async sleep(ms) {
    this.#now += ms;
    await this.tick(0);
  }

  #next(end) {
    const due = this.#timers.filter((timer) => timer.due <= end);
    return due.sort((a, b) => a.due - b.due)[0];
  }
}

/** Lets everything that was promised come about. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));
