/**
 * The WebSocket to the server, kept up over every break.
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

/** A connection that lived this long starts its next absence with the shortest wait, in milliseconds. */
const STABLE_MS = 5_000;

/** How long an answer may take before the link counts as lost, in milliseconds. */
const ANSWER_MS = 10_000;

/**
 * The code with which this page leaves a link that it no longer trusts. Not 1000: that is a goodbye, and
 * an otomo who says goodbye is offline at once.
 */
const ABANDONED = 3001;

/** A command that the server refused, or (`DISCONNECTED`) whose answer the link did not live to see. */
export class Refused extends Error {
  /**
   * @param {string} code of the server's catalogue
   * @param {string} message for programmers
   * @param {Record<string, any>} [context]
   */
  constructor(code, message, context = {}) {
    super(message);
    this.name = 'Refused';
    this.code = code;
    this.context = context;
  }
}

/**
 * @typedef {import('../state/store.js').Event} Message
 * @typedef {import('../state/store.js').Link} Link
 * @typedef {{resolve: (answer: Message) => void, reject: (reason: Refused) => void, timer: any}} Pending
 *
 * @typedef {object} Parts
 * @property {() => string} address where to connect; asked anew for every attempt
 * @property {() => string} token
 * @property {() => Promise<boolean>} renewToken gets a new token; false where nobody can
 * @property {() => number} seq the position in the durable stream
 * @property {(message: Message) => void} onMessage everything that comes, in order
 * @property {(link: Link) => void} onLink
 * @property {(url: string, protocols: string[]) => WebSocket} [open]
 * @property {() => number} [chance] from 0 up to 1
 */

export class Connection {
  #parts;
  /** @type {WebSocket | null} */
  #socket = null;
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
  /** Whether a heartbeat went out and nothing came since. */
  #silent = false;
  #running = false;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = {
      open: (/** @type {string} */ url, /** @type {string[]} */ protocols) => new WebSocket(url, protocols),
      chance: Math.random,
      ...parts,
    };
  }

  /** Connects, and stays so until `stop` or a close that forbids to return. */
  start() {
    this.#running = true;
    this.#connect();
  }

  /** Says goodbye: the server takes it as leaving, not as a broken link. */
  stop() {
    this.#running = false;
    this.#drop(1000);
  }

  /** The network or the person is back: try now, or prove that the link still holds. */
  nudge() {
    if (!this.#running) return;
    if (this.#socket === null) {
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
    if (this.#liveSince === null || this.#socket === null) return false;
    this.#socket.send(JSON.stringify({ type, ...fields }));
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
    if (!this.#running || this.#socket !== null) return;
    clearTimeout(this.#retry);
    this.#parts.onLink({ phase: 'connecting', code: null });
    // The token travels as a subprotocol: unlike the address it is not written into logs.
    const socket = this.#parts.open(this.#parts.address(), ['bearer', this.#parts.token()]);
    this.#socket = socket;
    this.#closing = null;
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code }) => this.#closed(code);
  }

  /** @param {Message} message */
  #receive(message) {
    this.#silent = false;
    if (isDurable(message) && !this.#continues(message)) return;
    switch (message.type) {
      case 'connected':
        this.#keepAlive(message.heartbeat);
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
    const socket = this.#socket;
    if (!this.send('heartbeat')) return;
    this.#silent = true;
    setTimeout(() => {
      if (this.#silent && this.#socket === socket) this.#lost();
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
    const socket = this.#socket;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close(code);
    this.#release();
  }

  /** Forgets the socket; whoever waits for an answer is told that none will come. */
  #release() {
    clearInterval(this.#heartbeat);
    this.#socket = null;
    this.#liveSince = null;
    this.#silent = false;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(new Refused('DISCONNECTED', 'the connection was lost before the answer'));
    }
    this.#pending.clear();
  }
}
