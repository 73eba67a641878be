/**
 * Goodbyes on their way: calls that are over for their person, and of which the server does not know it yet.
 *
 * Each is repeated over breaks, and while the server refuses it for now, until it is answered, however long that takes: a
 * call that was hung up in a tunnel must not come back at its end. Nor by a page that is loaded anew in there, so they are
 * kept where muting is.
 */

import { parsed } from '../errors.js';

const KEY = 'otomo.goodbyes';

/**
 * @typedef {object} Goodbye
 * @property {string} command by which one leaves
 * @property {string} callId
 * @property {object} fields
 */

export class Goodbyes {
  #request;
  #log;
  #storage;
  /** By their calls. @type {Map<string, Goodbye>} */
  #waiting = new Map();

  /**
   * @param {object} parts
   * @param {(type: string, fields: object, options: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
   * @param {import('../link/position.js').KeyValue | null} parts.storage
   * @param {(what: string, detail: unknown) => void} parts.log
   */
  constructor({ request, storage, log }) {
    this.#request = request;
    this.#storage = storage;
    this.#log = log;
  }

  /** Says those that nobody has answered before the page was loaded anew, or the client was stopped. */
  resume() {
    for (const { command, callId, fields } of this.#kept()) {
      if (!this.waitsFor(callId)) this.say(command, callId, fields);
    }
  }

  /**
   * Says one. It is over for its person whatever the server says to it: ended already, or not known at all.
   *
   * @param {string} command by which one leaves
   * @param {string} callId
   * @param {object} [fields]
   * @returns {Promise<void>} once there is an answer, or nobody will answer any more
   */
  async say(command, callId, fields = {}) {
    this.#waiting.set(callId, { command, callId, fields });
    this.#keep([...this.#waiting.values()]);
    try {
      await this.#request(command, { callId, ...fields }, { timeoutMs: Infinity });
      this.#forget(callId);
    } catch (error) {
      this.#log(command, error);
      // One that nobody has heard is said by the next start.
      if (/** @type {any} */ (error).code === 'DISCONNECTED') this.#waiting.delete(callId);
      else this.#forget(callId);
    }
  }

  /** @param {string} callId @returns {boolean} whether one is on its way */
  waitsFor(callId) {
    return this.#waiting.has(callId);
  }

  /**
   * The two may have called each other just when this side gave up: its request then counts as an answer, and the call that
   * it joined has to be left, too. The acknowledgement says so; over a break, the snapshot.
   *
   * @param {any} event of the server
   * @returns {string | null} the call that was joined
   */
  joinedCall({ type, callId, joinedCallId, call, recent = [] }) {
    if (type === 'call_request_ack' && joinedCallId !== undefined && this.waitsFor(callId)) return joinedCallId;
    if (type !== 'call_snapshot' || !call?.bound || this.waitsFor(call.callId)) return null;
    const joined = recent.some((/** @type {any} */ one) => one.reason === 'superseded' && this.waitsFor(one.callId));
    return joined ? call.callId : null;
  }

  /** @param {string} callId */
  #forget(callId) {
    this.#waiting.delete(callId);
    this.#keep(this.#kept().filter((kept) => kept.callId !== callId));
  }

  /** @returns {Goodbye[]} */
  #kept() {
    try {
      const kept = parsed(this.#storage?.getItem(KEY) ?? '');
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  /** @param {Goodbye[]} goodbyes */
  #keep(goodbyes) {
    try {
      if (goodbyes.length === 0) this.#storage?.removeItem(KEY);
      else this.#storage?.setItem(KEY, JSON.stringify(goodbyes));
    } catch {
      // Full, or forbidden: then a reload forgets them.
    }
  }
}
