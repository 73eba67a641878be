/**
 * The connection to the server, kept up over every break, whatever carries it.
 *
 * It knows the connection's own messages (`connected`, `ready`, `closing`, `token_expiring`, `resync`), keeps the
 * durable stream without gaps and repeats, pairs commands with their answers, and hands everything on.
 */

import { OtomoError } from '../errors.js';
import { planReturn } from './backoff.js';
import { ABANDONED, BROKEN, GOODBYE } from './close_codes.js';
import { Heartbeat } from './heartbeat.js';
import { Requests } from './requests.js';

/** A connection that lived this long starts its next absence with the shortest wait, in milliseconds. */
const STABLE_MS = 5_000;

/** How long an attempt may go without a word before it counts as failed, in milliseconds. */
export const CONNECT_MS = 10_000;

/** An attempt this young was made after the world changed, in milliseconds. */
const FRESH_MS = 2_000;

/** When to look again where a change of transport would disturb just now, in milliseconds. */
const BUSY_MS = 60_000;

/** How long an answer may take once there is reason to doubt the link, in milliseconds. */
export const PROBE_MS = 5_000;

/** What the link closes with where there is no token to come back with: as a server that finds it expired. */
const NO_TOKEN = 4202;

/**
 * The connection, as people see it.
 *
 * @typedef {object} Link
 * @property {'idle' | 'connecting' | 'live' | 'away' | 'refused'} phase `idle`: not started; `connecting`: an attempt is
 *   under way; `live`: up, and everything that was missed has come; `away`: waits for the next attempt; `refused`: it
 *   will not come back by itself, and `closing` says why
 * @property {import('./websocket.js').Transport | null} transport what carries it
 * @property {number | null} retryAt when the next attempt begins, milliseconds since 1970
 * @property {Readonly<import('./backoff.js').Closing> | null} closing why the last connection ended
 */

/** @type {Link} */
export const IDLE = Object.freeze({ phase: 'idle', transport: null, retryAt: null, closing: null });

/**
 * @typedef {object} Parts
 * @property {import('../clock.js').Clock} clock
 * @property {() => Promise<import('./websocket.js').Wire>} dial begins an attempt
 * @property {import('./tokens.js').Tokens} tokens
 * @property {import('./position.js').Position} position
 * @property {import('./transports.js').Transports} transports
 * @property {() => Promise<boolean>} webSocketsComeThrough
 * @property {() => number | undefined} capMs where the bound of the wait between attempts stops growing just now, in milliseconds;
 *   `undefined` for the usual one
 * @property {() => boolean} mayMove whether a change of transport would disturb nobody just now
 * @property {(message: any) => void} onMessage everything that comes, in order
 * @property {(link: Link) => void} onLink
 * @property {() => number} chance from 0 up to 1
 * @property {(what: string, detail: unknown) => void} log
 */

export class Connection {
  #parts;
  #heartbeat;
  /** @type {Requests} */
  requests;
  /** @type {import('./websocket.js').Wire | null} */
  #wire = null;
  /** Whether anything came over it. */
  #heard = false;
  /** Since when it is there, milliseconds since 1970. */
  #adoptedAt = 0;
  /** The attempt that waits for its token; another one, or none, if it is not wanted any more. @type {object | null} */
  #dialing = null;
  #attempt = 0;
  /** Takes back whatever this connection waits for next. */
  #timers = { retry() {}, guard() {}, ask() {} };
  /** What the server said before the close. @type {import('./backoff.js').Closing | null} */
  #closing = null;
  /** Before when the server wants to hear nothing, milliseconds since 1970. */
  #notBefore = 0;
  /** When this connection became live; null before. @type {number | null} */
  #liveSince = null;
  #running = false;
  /** Whether it was ever started. */
  #begun = false;
  /** As it was told last. @type {Link} */
  #link = IDLE;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { clock } = parts;
    this.#heartbeat = new Heartbeat({ clock, beat: () => this.send('heartbeat'), lost: () => this.#lost() });
    this.requests = new Requests({
      clock,
      send: (text) => this.#say(text),
      returns: () => this.#running || !this.#begun,
      probe: () => this.#heartbeat.probe(PROBE_MS),
    });
  }

  /** Whether it is there, or comes back. */
  get running() {
    return this.#running;
  }

  /** Connects, and stays connected until `stop` or a close that forbids coming back. */
  start() {
    if (this.#running) return;
    this.#running = this.#begun = true;
    this.#attempt = 0;
    this.#notBefore = 0;
    this.#parts.tokens.forget();
    this.#connect();
  }

  /** Says goodbye: the server takes it as leaving, not as a broken link. */
  stop() {
    this.#running = false;
    this.#drop(GOODBYE);
    this.requests.end();
    if (this.#link !== IDLE) this.#tell('idle', {});
  }

  /** Changes the transport, without a goodbye: the new wire goes on where this one ends. */
  rewire() {
    if (!this.#running) return;
    this.#drop(ABANDONED);
    this.requests.lost();
    this.#attempt = 0;
    this.#connect();
  }

  /** The network or the person is back: try now, or prove that the link still holds. */
  nudge() {
    if (!this.#running) return;
    if (this.#liveSince !== null) this.#heartbeat.probe(PROBE_MS);
    else if (this.#wire === null && this.#dialing === null) this.#hurry();
  }

  /** As `nudge`, after which an attempt from before is not trusted either. */
  wake() {
    const old = this.#parts.clock.now() - this.#adoptedAt > FRESH_MS;
    if (this.#wire !== null && this.#liveSince === null && old) this.#lost();
    this.nudge();
  }

  /**
   * Sends a command without waiting for an answer. While away it is dropped.
   *
   * @param {string} type
   * @param {object} [fields]
   * @returns {boolean} whether it went out
   */
  send(type, fields = {}) {
    return this.#say(JSON.stringify({ type, ...fields }));
  }

  /** @param {string} text */
  #say(text) {
    if (this.#liveSince === null || this.#wire === null) return false;
    this.#wire.send(text);
    return true;
  }

  /** The next attempt at once, unless the server asked for a pause. */
  #hurry() {
    this.#attempt = 0;
    const waitMs = this.#notBefore - this.#parts.clock.now();
    if (waitMs <= 0) this.#connect();
    else this.#retryIn(waitMs);
  }

  async #connect() {
    if (!this.#running || this.#wire !== null || this.#dialing !== null) return;
    this.#timers.retry();
    const attempt = {};
    this.#dialing = attempt;
    this.#tell('connecting', { transport: null });
    const wire = await this.#parts.dial().catch((error) => this.#undialed(attempt, error));
    if (!wire) return;
    if (this.#dialing !== attempt) {
      wire.close(ABANDONED);
      return;
    }
    this.#dialing = null;
    this.#adopt(wire);
  }

  /** @param {import('./websocket.js').Wire} wire */
  #adopt(wire) {
    this.#wire = wire;
    this.#heard = false;
    this.#adoptedAt = this.#parts.clock.now();
    this.#watch();
    wire.onmessage = (message) => this.#receive(message);
    wire.onalive = () => this.#heartbeat.heard();
    wire.onclose = (end) => this.#ended(end);
    this.#tell('connecting', {});
  }

  /**
   * @param {object} attempt
   * @param {unknown} error
   * @returns {null}
   */
  #undialed(attempt, error) {
    if (this.#dialing !== attempt) return null;
    this.#dialing = null;
    const known = error instanceof OtomoError ? error : new OtomoError('INTERNAL_ERROR', String(error), {}, error);
    this.#parts.log('no attempt', known);
    const reason = known.message;
    if (known.context.final === true) this.#ended({ code: BROKEN, closing: { code: NO_TOKEN, reason, reconnect: false } });
    else this.#ended({ code: BROKEN, closing: { code: BROKEN, reason } });
    return null;
  }

  /** An attempt that says nothing for too long has failed. */
  #watch() {
    this.#timers.guard();
    this.#timers.guard = this.#parts.clock.after(CONNECT_MS, () => this.#lost());
  }

  /** @param {any} message */
  #receive(message) {
    this.#heard = true;
    this.#heartbeat.heard();
    if (this.#liveSince === null) this.#watch();
    const verdict = this.#parts.position.judge(message);
    if (verdict === 'repeat') return;
    // After a gap the stream is taken up again by coming back.
    if (verdict === 'gap') {
      this.#lost();
      return;
    }
    const wire = this.#wire;
    this.#own(message);
    this.#parts.onMessage(message);
    this.requests.answer(message);
    const comeBack = this.#parts.position.took(message);
    // A listener may have ended or changed the link meanwhile.
    if (comeBack && this.#wire === wire) this.#lost();
  }

  /** @param {any} message which may be the connection's own */
  #own(message) {
    switch (message.type) {
      case 'connected':
        this.#heartbeat.start(message.heartbeat);
        this.requests.keepTo(message.limits);
        break;
      case 'ready':
        this.#live();
        break;
      case 'closing':
        this.#closing = message;
        break;
      case 'token_expiring':
        this.#refreshToken();
        break;
      default:
        break;
    }
  }

  #live() {
    const { clock } = this.#parts;
    this.#timers.guard();
    this.#liveSince = clock.now();
    this.#tell('live', { closing: null });
    this.requests.live();
    this.#askLater();
  }

  /** Where nobody can renew it, the server closes with 4202, and coming back asks again. */
  async #refreshToken() {
    try {
      const token = await this.#parts.tokens.renew('expiring');
      await this.requests.request('token_refresh', { token });
    } catch (error) {
      this.#parts.log('token not refreshed', error);
    }
  }

  /** Lives on an event stream that nobody chose: asks now and then whether WebSockets come through by now. */
  #askLater() {
    const { transports, clock } = this.#parts;
    const waitMs = transports.askInMs;
    if (this.#wire?.transport !== 'sse' || waitMs === null) return;
    this.#timers.ask();
    this.#timers.ask = clock.after(waitMs, () => this.#ask());
  }

  async #ask() {
    const wire = this.#wire;
    const { transports, webSocketsComeThrough, mayMove, clock } = this.#parts;
    if (!mayMove()) {
      this.#timers.ask = clock.after(BUSY_MS, () => this.#ask());
      return;
    }
    const through = await webSocketsComeThrough();
    if (this.#wire !== wire || wire === null) return;
    transports.asked(through);
    if (through) this.rewire();
    else this.#askLater();
  }

  get #stable() {
    return this.#liveSince !== null && this.#parts.clock.now() - this.#liveSince >= STABLE_MS;
  }

  /** The link is up in name only, or something of it was lost: leave it and come back. */
  #lost() {
    this.#wire?.close(ABANDONED);
    this.#ended({ code: BROKEN });
  }

  /** A link is over, or an attempt came to nothing. @param {import('./websocket.js').WireEnd} end */
  #ended(end) {
    const { clock, chance, capMs, transports } = this.#parts;
    if (this.#wire !== null) transports.ended(this.#wire.transport, this.#heard);
    const { code } = end;
    const closing = this.#closing ?? end.closing ?? null;
    const attempt = this.#stable ? 0 : this.#attempt;
    this.#attempt = attempt + 1;
    this.#release();
    const plan = planReturn(code, closing, attempt, chance(), capMs());
    if (!this.#running) return;
    const why = Object.freeze({ code: closing?.code ?? code, reason: closing?.reason ?? '' });
    if (plan.action === 'stop') {
      this.#running = false;
      // Before anybody hears of it: who starts anew then asks for more, which is not over.
      this.requests.end({ closing: why });
      this.#tell('refused', { transport: null, closing: why });
      return;
    }
    if (plan.renew) this.#parts.tokens.spend('expired');
    this.#notBefore = clock.now() + plan.leastMs;
    this.requests.lost();
    this.#retryIn(plan.delayMs, why);
  }

  /**
   * @param {number} delayMs
   * @param {import('./backoff.js').Closing} [closing]
   */
  #retryIn(delayMs, closing) {
    const { clock } = this.#parts;
    this.#timers.retry();
    this.#timers.retry = clock.after(delayMs, () => this.#connect());
    this.#tell('away', { transport: null, retryAt: clock.now() + delayMs, ...(closing ? { closing } : {}) });
  }

  /**
   * @param {Link['phase']} phase
   * @param {Partial<Link>} change
   */
  #tell(phase, change) {
    const transport = this.#wire?.transport ?? null;
    this.#link = phase === 'idle' ? IDLE : { ...this.#link, transport, retryAt: null, ...change, phase };
    this.#parts.onLink(this.#link);
  }

  /** Leaves without hearing of the end. @param {number} code what to tell the other side */
  #drop(code) {
    this.#timers.retry();
    this.#dialing = null;
    this.#wire?.close(code);
    this.#release();
  }

  /** Forgets the wire. */
  #release() {
    this.#timers.guard();
    this.#timers.ask();
    this.#heartbeat.stop();
    this.#wire = this.#closing = this.#liveSince = null;
  }
}
