/**
 * The connection to the server, kept up over every break, whatever carries it (`wire.js`).
 *
 * It knows the connection's own messages (`connected`, `heartbeat`, `closing`, token renewal, `ready`),
 * pairs commands with their answers, checks the durable stream for gaps, and hands everything on.
 *
 * Why a heartbeat of our own beside the server's pings: a page cannot see pings, and a laptop that slept
 * holds a socket that looks open. Nothing heard after a heartbeat, so the link is gone. The timer counts
 * silence only since a heartbeat was really sent, because timers of hidden tabs are throttled.
 */

import { isDurable, judge } from '../state/inbox.js';
import { planReturn } from './backoff.js';
import { Refused } from './refused.js';

/** A connection that lived this long starts its next absence with the shortest wait, in milliseconds. */
const STABLE_MS = 5_000;

/** What a command has beside its fields (type, requestId), at most, in bytes. */
const ENVELOPE = 256;

/** How long an answer may take before the link counts as lost, in milliseconds. */
const ANSWER_MS = 10_000;

/**
 * The code with which this page leaves a link that it no longer trusts. Not 1000: that is a goodbye, and
 * an otomo who says goodbye is offline at once.
 */
const ABANDONED = 3001;

/**
 * @typedef {import('../state/store.js').Event} Message
 * @typedef {import('../state/store.js').Link} Link
 * @typedef {{resolve: (answer: Message) => void, reject: (reason: Refused) => void, timer: any}} Pending
 *
 * @typedef {object} Parts
 * @property {() => import('./wire.js').Wire} open begins an attempt
 * @property {() => string} token
 * @property {() => Promise<boolean>} renewToken gets a new token; false where nobody can
 * @property {() => number} seq the position in the durable stream
 * @property {(message: Message) => void} onMessage everything that comes, in order
 * @property {(link: Link) => void} onLink
 * @property {() => number} [chance] from 0 up to 1
 */

export class Connection {
  #parts;
  /** @type {import('./wire.js').Wire | null} */
  #wire = null;
  /** @type {Map<string, Pending>} */
  #pending = new Map();
  #requests = 0;
  #attempt = 0;
  /** @type {any} the next attempt */
  #retry = null;
  /** @type {any} */
  #heartbeat = null;
  /** How long silence may last after a heartbeat, as the server says, in milliseconds. */
  #silenceMs = ANSWER_MS;
  /** @type {import('./backoff.js').Closing | null} */
  #closing = null;
  /** When this connection became live; null before. @type {number | null} */
  #liveSince = null;
  /** The longest command that the server takes, in bytes: a longer one would cost the link. */
  #sizeMax = Infinity;
  /** Whether a heartbeat went out and nothing came since. */
  #silent = false;
  #running = false;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = { chance: Math.random, ...parts };
  }

  /** Connects, and stays connected until `stop` or a close that forbids coming back. */
  start() {
    this.#running = true;
    this.#connect();
  }

  /** Says goodbye: the server takes it as leaving, not as a broken link. */
  stop() {
    this.#running = false;
    this.#drop(1000);
  }

  /** Changes the transport, without a goodbye: the new wire goes on where this one ends. */
  rewire() {
    if (!this.#running) return;
    this.#drop(ABANDONED);
    this.#attempt = 0;
    this.#connect();
  }

  /** The network or the person is back: try now, or prove that the link still holds. */
  nudge() {
    if (!this.#running) return;
    if (this.#wire === null) {
      this.#attempt = 0;
      this.#connect();
    } else if (this.#liveSince !== null) {
      this.#beat();
    }
  }

  /**
   * Sends a command that has no answer. While away it is dropped: what counts is asked again from the
   * snapshot after the return.
   *
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   * @returns {boolean} whether it went out
   */
  send(type, fields = {}) {
    if (this.#liveSince === null || this.#wire === null) return false;
    this.#wire.send(JSON.stringify({ type, ...fields }));
    return true;
  }

  /**
   * Sends a command and waits for its answer.
   *
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   * @returns {Promise<Message>}
   * @throws {Refused}
   */
  request(type, fields = {}) {
    const requestId = `r${(this.#requests += 1)}`;
    return new Promise((resolve, reject) => {
      if (new TextEncoder().encode(JSON.stringify(fields)).length > this.#sizeMax) {
        reject(new Refused('MESSAGE_TOO_LARGE', `${type} is longer than the server takes`));
        return;
      }
      if (!this.send(type, { ...fields, requestId })) {
        reject(new Refused('DISCONNECTED', `${type} while not connected`));
        return;
      }
      // A server that leaves a question open is as good as gone: the return asks again.
      const timer = setTimeout(() => this.#lost(), ANSWER_MS);
      this.#pending.set(requestId, { resolve, reject, timer });
    });
  }

  #connect() {
    if (!this.#running || this.#wire !== null) return;
    clearTimeout(this.#retry);
    this.#parts.onLink({ phase: 'connecting', code: null });
    const wire = this.#parts.open();
    this.#wire = wire;
    this.#closing = null;
    wire.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    wire.onclose = ({ code }) => this.#closed(code);
  }

  /** @param {Message} message */
  #receive(message) {
    this.#silent = false;
    if (isDurable(message) && !this.#continues(message)) return;
    switch (message.type) {
      case 'connected':
        this.#keepAlive(message.heartbeat);
        this.#sizeMax = message.limits.messageSize - ENVELOPE;
        break;
      case 'ready':
        this.#liveSince = Date.now();
        this.#parts.onLink({ phase: 'live', code: null });
        break;
      case 'closing':
        this.#closing = /** @type {any} */ (message);
        break;
      case 'token_expiring':
        this.#refreshToken();
        break;
      default:
        break;
    }
    this.#parts.onMessage(message);
    this.#answer(message);
    // This connection goes on from the head of the stream; the next one gets all that is still held.
    if (message.type === 'resync') this.#lost();
  }

  /**
   * @param {Message} message durable
   * @returns {boolean} whether it is the next one; after a gap the stream is taken up again by coming back
   */
  #continues(message) {
    const verdict = judge(this.#parts.seq(), /** @type {any} */ (message));
    if (verdict === 'gap') this.#lost();
    return verdict === 'take';
  }

  /** @param {Message} message */
  #answer(message) {
    const pending = this.#pending.get(message.requestId);
    if (pending === undefined) return;
    this.#pending.delete(message.requestId);
    clearTimeout(pending.timer);
    if (message.type === 'error') {
      pending.reject(new Refused(message.code, message.message, message.context));
    } else {
      pending.resolve(message);
    }
  }

  async #refreshToken() {
    // Where nobody can renew it, the server closes with 4202 and the person is asked.
    if (await this.#parts.renewToken()) this.send('token_refresh', { token: this.#parts.token() });
  }

  /** @param {{intervalMs: number, timeoutMs: number}} settings */
  #keepAlive({ intervalMs, timeoutMs }) {
    this.#silenceMs = timeoutMs;
    clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), intervalMs);
  }

  #beat() {
    const wire = this.#wire;
    if (!this.send('heartbeat')) return;
    this.#silent = true;
    setTimeout(() => {
      if (this.#silent && this.#wire === wire) this.#lost();
    }, this.#silenceMs);
  }

  /** The link is up in name only, or something of it was lost: leave it and come back. */
  #lost() {
    this.#drop(ABANDONED);
    this.#closed(1006);
  }

  /** @param {number} code */
  #closed(code) {
    const attempt = this.#liveSince !== null && Date.now() - this.#liveSince >= STABLE_MS ? 0 : this.#attempt;
    this.#attempt = attempt + 1;
    const plan = planReturn(code, this.#closing, attempt, this.#parts.chance());
    this.#release();
    if (!this.#running) return;
    if (plan.action === 'stop') {
      this.#running = false;
      this.#parts.onLink({ phase: 'stopped', code });
    } else {
      this.#return(plan);
    }
  }

  /** @param {{action: 'return', delayMs: number, renew: boolean}} plan */
  async #return({ delayMs, renew }) {
    this.#parts.onLink({ phase: 'waiting', code: null });
    if (renew && !(await this.#parts.renewToken())) {
      this.#running = false;
      this.#parts.onLink({ phase: 'stopped', code: 4202 });
      return;
    }
    this.#retry = setTimeout(() => this.#connect(), delayMs);
  }

  /** @param {number} code what to tell the other side */
  #drop(code) {
    clearTimeout(this.#retry);
    const wire = this.#wire;
    if (wire === null) return;
    wire.onmessage = null;
    wire.onclose = null;
    wire.close(code);
    this.#release();
  }

  /** Forgets the wire; whoever waits for an answer is told that none will come. */
  #release() {
    clearInterval(this.#heartbeat);
    this.#wire = null;
    this.#liveSince = null;
    this.#silent = false;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new Refused('DISCONNECTED', 'the connection was lost before the answer'));
    }
    this.#pending.clear();
  }
}
