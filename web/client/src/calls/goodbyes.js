/**
 * Goodbyes on their way: calls that are over for their person, and of which the server does not know it yet.
 *
 * Each is repeated over breaks, and while the server refuses it for now, until it is answered, however long that takes: a
 * call that was hung up in a tunnel must not come back at its end.
 */

export class Goodbyes {
  #request;
  #log;
  /** Ids of calls. @type {Set<string>} */
  #waiting = new Set();

  /**
   * @param {object} parts
   * @param {(type: string, fields: object, options: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
   * @param {(what: string, detail: unknown) => void} parts.log
   */
  constructor({ request, log }) {
    this.#request = request;
    this.#log = log;
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
    this.#waiting.add(callId);
    try {
      await this.#request(command, { callId, ...fields }, { timeoutMs: Infinity });
    } catch (error) {
      this.#log(command, error);
    } finally {
      this.#waiting.delete(callId);
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
}
