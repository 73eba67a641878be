/**
 * Where this client stands in its user's durable stream.
 *
 * The server keeps what must not be lost in an inbox per user, numbered by `seq`. A client that returns names
 * the last number it has and gets the rest. The number is saved after the app's listeners have run, so a crash
 * in between repeats an event and never loses one; user and `seq` together identify a copy.
 */

/** @typedef {'take' | 'repeat' | 'gap'} Verdict */

/** @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} KeyValue */

/** Messages that name a position in the stream without being events of it. */
const POSITIONS = new Set(['connected', 'ready', 'resync', 'init_connection']);

/**
 * @param {{type: string, seq?: unknown}} message
 * @returns {boolean} whether it came out of the inbox
 */
export function isDurable(message) {
  return Number.isInteger(message.seq) && !POSITIONS.has(message.type);
}

/**
 * Whether a durable event continues what is already here. `prev` is the event before it that this
 * connection's topics let through: something is lost only if that one lies above our own position.
 *
 * @param {number | null} seq our position; null before there is one
 * @param {{seq: number, prev?: number | null}} event
 * @returns {Verdict}
 */
export function judge(seq, event) {
  if (seq === null) return 'take';
  if (event.seq <= seq) return 'repeat';
  return (event.prev ?? 0) > seq ? 'gap' : 'take';
}

/**
 * Where a message leaves us.
 *
 * @param {number | null} seq
 * @param {any} message
 * @param {'now' | 'oldest'} startAt where somebody without a position begins
 * @returns {number | null}
 */
export function advance(seq, message, startAt) {
  switch (message.type) {
    case 'connected':
      return seq ?? message.seq;
    case 'ready':
      // All that this connection's topics let through up to here has come.
      return Math.max(seq ?? 0, message.seq);
    case 'resync':
      // What is gone is gone; what the stream still holds begins at `firstSeq`. Another database knows
      // nothing of our position at all: there we are new.
      return message.reason === 'unknown_seq' && startAt === 'now' ? message.seq : message.firstSeq - 1;
    default:
      return isDurable(message) ? Math.max(seq ?? 0, message.seq) : seq;
  }
}

export class Position {
  /** @type {number | null} */
  #seq = null;
  /** @type {string | null} */
  #userId = null;
  #storage;
  #topics;
  #startAt;
  #log;

  /**
   * @param {object} options
   * @param {KeyValue | null} options.storage what outlives a reload; null: nothing does
   * @param {string} options.topics a position belongs to one choice of topics
   * @param {'now' | 'oldest'} options.startAt
   * @param {(what: string, detail: unknown) => void} options.log
   */
  constructor({ storage, topics, startAt, log }) {
    this.#storage = storage;
    this.#topics = topics;
    this.#startAt = startAt;
    this.#log = log;
  }

  /** The last event that is here; null before anything is known. */
  get seq() {
    return this.#seq;
  }

  /**
   * Takes up the position of a user, before the connection is made.
   * @param {string | null} userId null where the token does not tell
   */
  of(userId) {
    if (this.#seq !== null && (userId === null || userId === this.#userId)) return;
    this.#userId = userId;
    this.#seq = this.#saved() ?? (this.#startAt === 'oldest' ? 0 : null);
  }

  /** @param {any} message @returns {Verdict} */
  judge(message) {
    return isDurable(message) ? judge(this.#seq, message) : 'take';
  }

  /**
   * To be called once everybody has heard the message.
   *
   * @param {any} message
   * @returns {boolean} whether to come back for what the stream still holds: this connection goes on from its head
   */
  took(message) {
    if (message.type === 'connected') this.#userId = message.userId;
    const next = advance(this.#seq, message, this.#startAt);
    if (next !== this.#seq) {
      this.#seq = next;
      this.#save();
    }
    return message.type === 'resync' && next !== null && next < message.seq;
  }

  get #key() {
    return `otomo.position.${this.#userId}.${this.#topics}`;
  }

  /** @returns {number | null} */
  #saved() {
    if (this.#storage === null || this.#userId === null) return null;
    try {
      const seq = Number.parseInt(this.#storage.getItem(this.#key) ?? '', 10);
      return Number.isSafeInteger(seq) && seq >= 0 ? seq : null;
    } catch {
      return null;
    }
  }

  #save() {
    if (this.#storage === null || this.#userId === null) return;
    try {
      this.#storage.setItem(this.#key, String(this.#seq));
    } catch (error) {
      // Full, or forbidden: without it a reload begins anew, which is no reason to stop.
      this.#log('position not saved', error);
    }
  }
}
