/**
 * Goodbyes on their way: calls that are over for their person, and of which the server does not know it yet.
 *
 * Each is repeated over breaks, and while the server refuses it for now, until it is answered, however long that takes: a
 * call that was hung up in a tunnel must not come back at its end. Nor by a page that is loaded anew in there, or a client
 * that is stopped and started: they are kept in a list where muting is, each added and removed by itself, and every start
 * says what is on it. A tab may see several people sign in, one after another; each one's goodbyes are said by that one.
 */

import { parsed } from '../errors.js';

const KEY = 'otomo.goodbyes';

/**
 * @typedef {object} Goodbye
 * @property {string} userId who says it
 * @property {string} command by which one leaves
 * @property {string} callId
 * @property {object} fields more of the command's
 *
 * @typedef {object} Saying
 * @property {string | null} userId who says it; null before the server has said who this is: it knows of no call of theirs then
 * @property {AbortController} given up
 */

export class Goodbyes {
  #request;
  #log;
  #storage;
  /** Whom the server takes this client for; null before it has said so. @type {string | null} */
  #userId = null;
  /** Those that are being said, by their calls. @type {Map<string, Saying>} */
  #saying = new Map();

  /**
   * @param {object} parts
   * @param {(type: string, fields: object, options: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
   * @param {import('../link/position.js').KeyValue | null} parts.storage
   * @param {(what: string, detail: unknown) => void} parts.log
   */
  constructor({ request, storage, log }) {
    this.#request = request;
    this.#storage = storage ?? memory();
    this.#log = log;
  }

  /**
   * Says those that nobody has answered before the page was loaded anew, or the client was stopped, ahead of all that is
   * asked for from now on. Nothing goes out before the server has said who this is (`of`).
   */
  resume() {
    for (const goodbye of this.#kept()) this.#say(goodbye);
  }

  /**
   * The server says who this client is: that one's goodbyes are said, and those of others wait for their return.
   * @param {string} userId
   */
  of(userId) {
    this.#userId = userId;
    for (const [callId, saying] of this.#saying) {
      if (saying.userId !== null && saying.userId !== userId) this.#giveUp(callId);
    }
    for (const goodbye of this.#kept()) {
      if (goodbye.userId === userId && !this.waitsFor(goodbye.callId)) this.#say(goodbye);
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
  say(command, callId, fields = {}) {
    this.keep(command, callId, fields);
    return this.#say({ userId: this.#userId, command, callId, fields });
  }

  /**
   * Leaves one to the next start.
   *
   * @param {string} command by which one leaves
   * @param {string} callId
   * @param {object} [fields]
   */
  keep(command, callId, fields = {}) {
    const userId = this.#userId;
    if (userId === null) return;
    this.#write([...this.#others(userId, callId), { userId, command, callId, fields }]);
  }

  /** @param {string} callId @returns {boolean} whether one is on its way */
  waitsFor(callId) {
    return this.#saying.has(callId);
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

  /** @param {Omit<Goodbye, 'userId'> & {userId: string | null}} goodbye */
  async #say({ userId, command, callId, fields }) {
    this.#giveUp(callId);
    const saying = { userId, given: new AbortController() };
    this.#saying.set(callId, saying);
    /** @type {unknown} */
    let error = null;
    try {
      await this.#request(command, { callId, ...fields }, { timeoutMs: Infinity, signal: saying.given.signal });
    } catch (thrown) {
      error = thrown;
      this.#log(command, error);
    }
    // One that nobody has heard stays on the list. Meanwhile it may be said anew.
    if (!isUnheard(error)) this.#write(this.#others(userId, callId));
    if (this.#saying.get(callId) === saying) this.#saying.delete(callId);
  }

  /** @param {string} callId */
  #giveUp(callId) {
    const saying = this.#saying.get(callId);
    this.#saying.delete(callId);
    saying?.given.abort();
  }

  /**
   * @param {string | null} userId
   * @param {string} callId
   * @returns {Goodbye[]} what is kept but for this one: both people of a call may have left it in this tab
   */
  #others(userId, callId) {
    return this.#kept().filter((kept) => kept.userId !== userId || kept.callId !== callId);
  }

  /** @returns {Goodbye[]} nothing of what another version, or somebody else, has written there */
  #kept() {
    try {
      const kept = parsed(this.#storage.getItem(KEY) ?? '');
      return Array.isArray(kept) ? kept.filter(isGoodbye) : [];
    } catch {
      return [];
    }
  }

  /** @param {Goodbye[]} goodbyes */
  #write(goodbyes) {
    try {
      if (goodbyes.length === 0) this.#storage.removeItem(KEY);
      else this.#storage.setItem(KEY, JSON.stringify(goodbyes));
    } catch {
      // Full, or forbidden: then a reload forgets them.
    }
  }
}

/** @param {any} kept @returns {kept is Goodbye} */
function isGoodbye(kept) {
  const { userId, command, callId, fields } = kept ?? {};
  return [userId, command, callId].every((one) => typeof one === 'string') && typeof fields === 'object';
}

/** @param {any} error @returns {boolean} whether nobody has answered */
function isUnheard(error) {
  return error?.code === 'DISCONNECTED' || error?.code === 'ABORTED';
}

/** @returns {import('../link/position.js').KeyValue} what is kept where there is no storage: it goes with the page */
function memory() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}
