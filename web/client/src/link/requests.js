/**
 * Commands that wait for their answers.
 *
 * Those that may be said twice without harm wait for the link, and are said again after each return until their time
 * is up: whoever sends a message need not care about tunnels. The others are refused with `DISCONNECTED` where
 * nobody can tell whether they were done.
 */

import { OtomoError } from '../errors.js';
import { newId } from '../id.js';
import { ANSWERLESS, named, REPEATABLE } from './commands.js';

/** How long commands that are repeated may take by default, in milliseconds: a tunnel, a restart. */
export const REPEATED_MS = 30_000;

/**
 * How much longer than the app's backend (`actionTimeoutMs` of the server's limits) the answer to a command may take, in
 * milliseconds. A server that asks another node gives up 10 s after that time, and its word has to come here.
 */
export const ANSWER_MS = 15_000;

/** After so long without an answer the link itself is in doubt, in milliseconds. */
export const DOUBT_MS = 10_000;

/**
 * Longer pauses than this, which a refusal asks for, are for people to decide, in milliseconds. Who waits for as long as it
 * takes decides nothing: such a request keeps to what the server asks for, and else to this at most.
 */
export const PATIENCE_MS = 5_000;

/** The pause after a refusal that names none, in milliseconds. */
const PAUSE_MS = 1_000;

/**
 * @typedef {object} RequestOptions
 * @property {number} [timeoutMs] how long to wait for the answer, over all repeats; `Infinity` for as long as it takes,
 *   also over refusals for haste and a store that is away. 30,000 where the command may be repeated, else 15,000 more
 *   than the app's backend has for actions
 * @property {boolean} [retry] whether it may be repeated; what the protocol says of the command where it is not given.
 *   `false`: said once, not even again after a refusal for haste
 * @property {AbortSignal} [signal] gives up waiting; a command that has gone out may still be carried out
 *
 * @typedef {object} Pending
 * @property {string} type
 * @property {string} text
 * @property {number} bytes how long it is
 * @property {boolean} repeats whether it is said again where nobody can tell if it was done
 * @property {boolean} patient whether it is said again after a refusal for haste
 * @property {number} until milliseconds since 1970
 * @property {boolean} sent whether it is out on the link that is there now
 * @property {number} refusals
 * @property {(answer: any) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {(() => void)[]} ends what to take back when it is over
 * @property {() => void} cancelDoubt takes back the question whether the link still holds
 * @property {() => void} cancelPause takes back what says it again after a refusal
 */

export class Requests {
  #parts;
  /** In the order in which they were asked. @type {Map<string, Pending>} */
  #pending = new Map();
  #count = 0;
  /** The longest command that the server takes, in bytes: a longer one would cost the link. */
  #sizeMax = Infinity;
  /** How long others than those that are repeated may take, in milliseconds. */
  #onceMs = ANSWER_MS;

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {(text: string) => boolean} parts.send false while away
   * @param {() => boolean} parts.returns whether a link is there or will be
   * @param {() => void} parts.probe proves that the link still holds
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @param {string} type
   * @param {Record<string, any>} fields
   * @param {RequestOptions} [options]
   * @returns {Promise<any>} the answer
   * @throws {OtomoError}
   */
  request(type, fields, { retry, timeoutMs, signal } = {}) {
    const repeats = retry ?? REPEATABLE.has(type);
    const waitMs = timeoutMs ?? (repeats ? REPEATED_MS : this.#onceMs);
    return new Promise((resolve, reject) => {
      const requestId = `r${(this.#count += 1)}`;
      const text = JSON.stringify({ type, ...named(type, fields, newId), requestId });
      const bytes = new TextEncoder().encode(text).length;
      const error = this.#unfit(type, bytes, signal);
      if (error !== null) {
        reject(error);
        return;
      }
      const { clock } = this.#parts;
      /** @type {Pending} */
      const pending = {
        type, text, bytes, repeats, patient: retry !== false, resolve, reject,
        sent: false, refusals: 0, until: clock.now() + waitMs, ends: [], cancelDoubt() {}, cancelPause() {},
      };
      this.#pending.set(requestId, pending);
      this.#limit(requestId, pending, waitMs, signal);
      if (!this.#say(pending) && !(repeats && this.#parts.returns())) {
        this.#fail(requestId, new OtomoError('DISCONNECTED', `${type} while not connected`, { sent: false }));
      }
    });
  }

  /**
   * A connection is there, with these limits. What waits and is longer than it takes is refused.
   *
   * @param {object} limits
   * @param {number} limits.messageSize bytes; 0 for any number
   * @param {number} [limits.actionTimeoutMs] how long the app's backend has for an action; a server of before does not say it
   */
  keepTo({ messageSize, actionTimeoutMs = 0 }) {
    this.#onceMs = actionTimeoutMs + ANSWER_MS;
    this.#sizeMax = messageSize > 0 ? messageSize : Infinity;
    for (const [requestId, { type, bytes }] of [...this.#pending]) {
      const error = this.#unfit(type, bytes);
      if (error !== null) this.#fail(requestId, error);
    }
  }

  /** The link is up: say all that waits, in the order in which it was asked. */
  live() {
    for (const pending of this.#pending.values()) this.#say(pending);
  }

  /** The link is gone, and comes back. */
  lost() {
    for (const [requestId, pending] of this.#pending) {
      pending.cancelDoubt();
      const { sent, repeats, type } = pending;
      pending.sent = false;
      if (!repeats && sent) {
        this.#fail(requestId, new OtomoError('DISCONNECTED', `the link was lost before ${type} was answered`, { sent: true }));
      }
    }
  }

  /** Nobody comes back. @param {Record<string, any>} [context] why */
  end(context = {}) {
    for (const [requestId, { type, sent }] of [...this.#pending]) {
      this.#fail(requestId, new OtomoError('DISCONNECTED', `${type}: the connection was ended`, { sent, ...context }));
    }
  }

  /** @param {any} message which may be an answer */
  answer(message) {
    const pending = this.#pending.get(message.requestId);
    if (pending === undefined) return;
    if (message.type !== 'error') {
      this.#settle(message.requestId, pending);
      pending.resolve(message);
    } else if (!this.#again(pending, message)) {
      this.#fail(message.requestId, new OtomoError(message.code, message.message, message.context));
    }
  }

  /**
   * @param {string} type
   * @param {number} bytes
   * @param {AbortSignal} [signal]
   * @returns {OtomoError | null} why it cannot be sent at all
   */
  #unfit(type, bytes, signal) {
    if (signal?.aborted) return aborted(type, signal);
    if (ANSWERLESS.has(type)) return new OtomoError('NO_ANSWER', `${type} has no answer: use send()`);
    if (bytes <= this.#sizeMax) return null;
    return new OtomoError('MESSAGE_TOO_LARGE', `${type} has ${bytes} bytes; the server takes ${this.#sizeMax}`);
  }

  /**
   * @param {string} requestId
   * @param {Pending} pending
   * @param {number} waitMs
   * @param {AbortSignal | undefined} signal
   */
  #limit(requestId, { type, ends }, waitMs, signal) {
    if (Number.isFinite(waitMs)) {
      const late = () => this.#fail(requestId, new OtomoError('TIMEOUT', `${type}: no answer in ${waitMs} ms`));
      ends.push(this.#parts.clock.after(waitMs, late));
    }
    if (signal !== undefined) {
      const abort = () => this.#fail(requestId, aborted(type, signal));
      signal.addEventListener('abort', abort, { once: true });
      ends.push(() => signal.removeEventListener('abort', abort));
    }
  }

  /**
   * @param {Pending} pending
   * @returns {boolean} whether it is out
   */
  #say(pending) {
    if (pending.sent || !this.#parts.send(pending.text)) return pending.sent;
    pending.sent = true;
    pending.cancelPause();
    pending.cancelDoubt();
    pending.cancelDoubt = this.#parts.clock.after(DOUBT_MS, () => this.#parts.probe());
    return true;
  }

  /**
   * A refusal for want of room did nothing, so the same may be asked again; a server that was not able to
   * answer may have done it all the same. Other refusals that pass are for people: a server that has failed at it
   * (`INTERNAL_ERROR`) most likely fails again.
   *
   * @param {Pending} pending
   * @param {{code: string, context?: Record<string, any>}} refusal
   * @returns {boolean} whether it will be asked again
   */
  #again(pending, { code, context }) {
    const mayRepeat = (code === 'RATE_LIMITED' && pending.patient) || (code === 'UNAVAILABLE' && pending.repeats);
    if (!mayRepeat) return false;
    const { clock } = this.#parts;
    const endless = pending.until === Infinity;
    const pauseMs = PAUSE_MS * 2 ** pending.refusals;
    const waitMs = context?.retryAfterMs ?? (endless ? Math.min(pauseMs, PATIENCE_MS) : pauseMs);
    if (!endless && (waitMs > PATIENCE_MS || clock.now() + waitMs >= pending.until)) return false;
    pending.cancelDoubt();
    pending.refusals += 1;
    pending.sent = false;
    // Away by then: the return says it.
    pending.cancelPause = clock.after(waitMs, () => this.#say(pending));
    return true;
  }

  /** @param {string} requestId @param {unknown} error */
  #fail(requestId, error) {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) return;
    this.#settle(requestId, pending);
    pending.reject(error);
  }

  /** @param {string} requestId @param {Pending} pending */
  #settle(requestId, { ends, cancelDoubt, cancelPause }) {
    this.#pending.delete(requestId);
    cancelDoubt();
    cancelPause();
    for (const end of ends) end();
  }
}

/**
 * @param {string} type
 * @param {AbortSignal} signal
 */
function aborted(type, { reason }) {
  return new OtomoError('ABORTED', `${type} was given up`, {}, reason);
}
