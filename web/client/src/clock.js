/**
 * Time: what the clock says, and timers that also run in a tab that nobody looks at.
 *
 * Browsers let the timers of a hidden page fire once a minute at most; those of a dedicated worker are left
 * alone. So timers live in a worker where there may be one, and in the page where not (Node.js, a page whose
 * policy forbids workers, a library that is served from another origin). Nothing here relies on being exact:
 * whoever must know how long something took asks `now`.
 *
 * A worker may also be there and say nothing: each of its timers has one in the page behind it, a little later.
 */

/**
 * @typedef {object} Clock
 * @property {() => number} now milliseconds since 1970
 * @property {(ms: number, run: () => void) => () => void} after runs something once; returns what takes it back
 * @property {() => void} open timers may keep a worker from now on
 * @property {() => void} close ends the worker, if there is one; timers that wait, and those to come, are the page's
 */

/** The longest wait that timers understand, in milliseconds. */
const MAX_MS = 2_147_483_647;

/** How much later than in the worker a timer runs in the page, in milliseconds. */
export const BEHIND_MS = 2_000;

/** @returns {Clock} with timers of the page */
export function pageClock() {
  return {
    now: () => Date.now(),
    after(ms, run) {
      const timer = setTimeout(run, Math.min(ms, MAX_MS));
      return () => clearTimeout(timer);
    },
    open() {},
    close() {},
  };
}

/**
 * Timers in a worker while it is open; those of the page before and after, and if the worker does not start.
 * @implements {Clock}
 */
export class WorkerClock {
  #page = pageClock();
  /** @type {Worker | null} */
  #worker = null;
  #open = false;
  #broken = false;
  #last = 0;
  /** Those that wait in the worker, with what takes back the one in the page. @type {Map<number, {due: number, run: () => void, back: () => void}>} */
  #waiting = new Map();
  #start;

  /** @param {() => Worker} [start] */
  constructor(start = startWorker) {
    this.#start = start;
  }

  now() {
    return Date.now();
  }

  /**
   * @param {number} ms
   * @param {() => void} run
   */
  after(ms, run) {
    const worker = this.#ready();
    if (worker === null) return this.#page.after(ms, run);
    const id = (this.#last += 1);
    const entry = { due: this.now() + ms, run, back: this.#page.after(ms + BEHIND_MS, () => this.#fire(id)) };
    this.#waiting.set(id, entry);
    worker.postMessage({ id, ms: Math.min(ms, MAX_MS) });
    return () => {
      if (!this.#waiting.delete(id)) return;
      entry.back();
      this.#worker?.postMessage({ id, ms: null });
    };
  }

  open() {
    this.#open = true;
  }

  close() {
    this.#open = false;
    this.#fallBack();
  }

  /** @returns {Worker | null} */
  #ready() {
    if (this.#worker !== null || this.#broken || !this.#open) return this.#worker;
    try {
      const worker = this.#start();
      worker.onmessage = ({ data }) => this.#fire(data);
      worker.onerror = (event) => {
        event.preventDefault?.();
        this.#broken = true;
        this.#fallBack();
      };
      this.#worker = worker;
    } catch {
      this.#broken = true;
    }
    return this.#worker;
  }

  /** @param {number} id */
  #fire(id) {
    const entry = this.#waiting.get(id);
    if (entry === undefined) return;
    this.#waiting.delete(id);
    entry.back();
    entry.run();
  }

  /** There is no worker any more: its timers go on in the page. */
  #fallBack() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const [id, entry] of this.#waiting) {
      entry.back();
      entry.back = this.#page.after(Math.max(0, entry.due - this.now()), () => this.#fire(id));
    }
  }
}

/** @returns {Worker} */
function startWorker() {
  // Written so that bundlers see that the worker's file belongs to it.
  return new Worker(new URL('./clock_worker.js', import.meta.url), { type: 'module', name: 'otomo-clock' });
}

/** @returns {Clock} the best that there is here */
export function defaultClock() {
  const inPage = typeof Worker === 'function' && typeof document !== 'undefined';
  return inPage ? new WorkerClock() : pageClock();
}
