/**
 * Whether the other side is still there.
 *
 * A page cannot see the server's pings, and a laptop that slept holds a socket that looks open. So after an
 * interval without a word it asks; no answer in time, and the link is gone.
 *
 * Silence counts only from a question that really went out, and only if the timer that ends it came in time:
 * after a freeze timers fire before the answers that wait behind them are read.
 */

/** How late a timer may be before its verdict is doubted, in milliseconds. */
const SLACK_MS = 2_000;

export class Heartbeat {
  #parts;
  #intervalMs = Infinity;
  #timeoutMs = 0;
  #lastHeard = 0;
  /** @type {(() => void) | null} takes back the next question */
  #next = null;
  /** The question that waits for a word. @type {{sentAt: number, limitMs: number, cancel: () => void} | null} */
  #open = null;
  /** Whether a late verdict was doubted already. */
  #doubted = false;

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {() => boolean} parts.beat asks; false where nothing can be sent
   * @param {() => void} parts.lost
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {{intervalMs: number, timeoutMs: number}} settings as the server says */
  start({ intervalMs, timeoutMs }) {
    this.stop();
    this.#intervalMs = intervalMs;
    this.#timeoutMs = timeoutMs;
    this.heard();
  }

  stop() {
    this.#next?.();
    this.#next = null;
    this.#settle();
    this.#intervalMs = Infinity;
  }

  /** The other side said something, whatever it was. */
  heard() {
    this.#lastHeard = this.#parts.clock.now();
    const asked = this.#open !== null;
    this.#settle();
    if (asked || this.#next === null) this.#arm();
  }

  /** Asks now. @param {number} [limitMs] how long an answer may take, if not as long as the server says */
  probe(limitMs = this.#timeoutMs) {
    if (this.#open !== null || this.#intervalMs === Infinity || !this.#parts.beat()) return;
    const { clock } = this.#parts;
    const within = Math.min(limitMs, this.#timeoutMs);
    this.#open = { sentAt: clock.now(), limitMs: within, cancel: clock.after(within, () => this.#judge()) };
  }

  #arm() {
    this.#next?.();
    this.#next = null;
    if (this.#intervalMs === Infinity) return;
    const { clock } = this.#parts;
    const due = this.#lastHeard + this.#intervalMs - clock.now();
    this.#next = clock.after(Math.max(0, due), () => this.#tick());
  }

  #tick() {
    this.#next = null;
    if (this.#parts.clock.now() - this.#lastHeard < this.#intervalMs) this.#arm();
    else this.probe();
  }

  #judge() {
    if (this.#open === null) return;
    const { sentAt, limitMs } = this.#open;
    const late = this.#parts.clock.now() - sentAt > limitMs + SLACK_MS;
    this.#open = null;
    if (late && !this.#doubted) {
      this.#doubted = true;
      this.probe(limitMs);
    } else {
      this.#parts.lost();
    }
  }

  #settle() {
    this.#open?.cancel();
    this.#open = null;
    this.#doubted = false;
  }
}
