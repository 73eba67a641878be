/**
 * Which transport the next attempt takes, where the app leaves it to us ('auto').
 *
 * A WebSocket, unless it does not come up although HTTP does: then something on the way refuses upgrades, and an
 * event stream with posted commands goes through. Where WebSockets came through before, that takes two attempts: an outage
 * that ends between an attempt and the look is no refusal. That is remembered for the session (a reload need not find out again),
 * and asked again now and then, because networks change.
 */

/** @typedef {import('./websocket.js').Transport} Transport */

/** After how long on an event stream to ask whether WebSockets come through by now, in milliseconds. */
export const ASK_AGAIN_MS = 300_000;

/** The wait that asking in vain grows to, in milliseconds. */
export const ASK_AGAIN_MAX_MS = 3_600_000;

/** @type {string} */
const KEY = 'otomo.transport';

export class Transports {
  #choice;
  #storage;
  /** Whether WebSockets were found not to come through. */
  #blocked = false;
  /** Whether the last attempt was a WebSocket over which nothing came. */
  #suspect = false;
  /** Whether WebSockets have come through, and no attempt was spent on that after a look. */
  #proven = false;
  #askings = 0;

  /**
   * @param {Transport | 'auto'} choice
   * @param {import('./position.js').KeyValue | null} storage
   */
  constructor(choice, storage) {
    this.#choice = choice;
    this.#storage = storage;
    this.#blocked = this.#remembered();
  }

  /** @param {Transport | 'auto'} choice */
  choose(choice) {
    this.#choice = choice;
    this.#suspect = false;
  }

  /** @returns {boolean} whether to look if HTTP gets through before `next` */
  get wantsLook() {
    return this.#choice === 'auto' && this.#suspect && !this.#blocked;
  }

  /**
   * @param {boolean} httpGetsThrough what a look told, if there was one
   * @returns {Transport}
   */
  next(httpGetsThrough = false) {
    if (this.#choice !== 'auto') return this.#choice;
    if (this.#blocked) return 'sse';
    if (!this.#suspect || !httpGetsThrough) return 'websocket';
    // The server may have come back between the attempt and the look: what came through before is tried once more.
    const again = this.#proven;
    this.#proven = false;
    return again ? 'websocket' : 'sse';
  }

  /** An attempt ended. @param {Transport} transport @param {boolean} heard whether anything came over it */
  ended(transport, heard) {
    if (transport === 'websocket') {
      this.#suspect = !heard;
      this.#proven ||= heard;
      return;
    }
    // An event stream that does not come up either says nothing of WebSockets: the next attempt is one.
    if (!heard) this.#forget();
  }

  /**
   * Lives on an event stream that nobody chose.
   * @returns {number | null} after how long to ask whether WebSockets come through; null: never
   */
  get askInMs() {
    if (this.#choice !== 'auto') return null;
    if (this.#askings === 0 && !this.#blocked) return 0;
    return Math.min(ASK_AGAIN_MAX_MS, ASK_AGAIN_MS * 2 ** Math.max(0, this.#askings - 1));
  }

  /** It was asked. @param {boolean} comesThrough */
  asked(comesThrough) {
    if (comesThrough) {
      this.#forget();
      return;
    }
    this.#askings += 1;
    this.#blocked = true;
    this.#remember('sse');
  }

  #forget() {
    this.#blocked = this.#suspect = false;
    this.#askings = 0;
    this.#remember(null);
  }

  #remembered() {
    try {
      return this.#storage?.getItem(KEY) === 'sse';
    } catch {
      return false;
    }
  }

  /** @param {'sse' | null} transport */
  #remember(transport) {
    try {
      if (transport === null) this.#storage?.removeItem(KEY);
      else this.#storage?.setItem(KEY, transport);
    } catch {
      // Found out again after a reload, then.
    }
  }
}
