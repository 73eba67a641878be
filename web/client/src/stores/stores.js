/**
 * The stores of a client, fed with everything that comes, before the app's own listeners hear of it.
 *
 * Each is a pure reducer in a file of its own; what they need beyond events (a name, a first balance) is asked of REST here,
 * and goes in beside the reducers: no event that a backend may publish is mistaken for it.
 */

import { isPassing } from '../errors.js';
import { createStore, readOnly } from '../store.js';
import { NO_FRIENDS, reduceFriends, withStatuses } from './friends.js';
import { NO_OTOMOS, reduceOtomos, withProfile } from './otomos.js';
import { NO_POINTS, reducePoints, tellsBalance, withBalance } from './points.js';
import { expired, nextExpiry, NOBODY_TYPING, reduceTyping, shown } from './typing.js';
import { NO_UNREAD, reduceUnread } from './unread.js';

export class Stores {
  #rest;
  #clock;
  #wants;
  #log;
  #me = /** @type {string | null} */ (null);
  #otomosState = NO_OTOMOS;
  #typingUntil = NOBODY_TYPING;
  #cancelTyping = () => {};
  /** Whose names REST is asked for, and has told or refused for good. @type {Set<string>} */
  #profiles = new Set();
  /** How many balances the stream has told: an answer of REST from before one of them is old. */
  #balances = 0;

  #otomos = createStore(NO_OTOMOS.list);
  #unread = createStore(NO_UNREAD);
  #typing = createStore(/** @type {import('./typing.js').Typing} */ ({}));
  #friends = createStore(NO_FRIENDS);
  #points = createStore(NO_POINTS);

  otomos = readOnly(this.#otomos);
  unread = readOnly(this.#unread);
  typing = readOnly(this.#typing);
  friends = readOnly(this.#friends);
  points = readOnly(this.#points);

  /**
   * @param {object} parts
   * @param {import('../rest.js').Rest} parts.rest
   * @param {import('../clock.js').Clock} parts.clock
   * @param {(topic: string) => boolean} parts.wants what the connection listens to
   * @param {(what: string, detail: unknown) => void} parts.log
   */
  constructor({ rest, clock, wants, log }) {
    this.#rest = rest;
    this.#clock = clock;
    this.#wants = wants;
    this.#log = log;
  }

  /** Whether the list of otomo has come. */
  get otomosKnown() {
    return this.#otomosState.known;
  }

  /** The connection begins: what REST knows is shown before the stream is up (source document 004). */
  start() {
    if (this.#wants('friends')) this.#loadFriends();
    if (this.#wants('points')) this.#loadPoints();
  }

  stop() {
    this.#cancelTyping();
  }

  /** @param {any} event */
  take(event) {
    if (event.type === 'connected') this.#connected(event);
    // What was missed for good is not in the stream any more: REST has it.
    if (event.type === 'resync') this.#reload();
    this.#list(reduceOtomos(this.#otomosState, event));
    this.#unread.set(reduceUnread(this.#unread.get(), event, this.#me));
    this.#friends.set(reduceFriends(this.#friends.get(), event));
    if (tellsBalance(event)) this.#balances += 1;
    this.#points.set(reducePoints(this.#points.get(), event));
    this.#type(reduceTyping(this.#typingUntil, event, this.#clock.now()));
    if (event.type === 'otomo_status_update') this.#learnName(event.userId);
  }

  /** @param {any} event */
  #connected({ userId, resumed }) {
    this.#me = userId;
    // A stream that is not taken up where it was left may have left a balance out.
    if (!resumed && this.#wants('points')) this.#loadPoints();
  }

  #reload() {
    if (this.#wants('points')) this.#loadPoints();
  }

  async #loadFriends() {
    const before = this.#friends.get();
    await this.#ask('/api/friends/online-status', ({ data }) => {
      const now = this.#friends.get();
      // What was heard before the question is older than its answer.
      this.#friends.set(withStatuses(now === before ? NO_FRIENDS : now, data.statuses));
    });
  }

  async #loadPoints() {
    const balances = this.#balances;
    await this.#ask('/api/points', ({ balance }) => {
      if (balances === this.#balances) this.#points.set(withBalance(this.#points.get(), balance));
    });
  }

  /** An otomo who came after the list was made: updates carry no names. @param {string} userId */
  async #learnName(userId) {
    const otomo = this.#otomosState.list.find((one) => one.userId === userId);
    if (otomo === undefined || otomo.name !== null || this.#profiles.has(userId)) return;
    this.#profiles.add(userId);
    const refusal = await this.#ask(`/api/otomo/${encodeURIComponent(userId)}`, ({ name = null, avatar = null }) => {
      this.#list(withProfile(this.#otomosState, { userId, name, avatar }));
    });
    // With the next update, then.
    if (isPassing(refusal)) this.#profiles.delete(userId);
  }

  /**
   * @param {string} path
   * @param {(answer: any) => void} take
   * @returns {Promise<unknown>} why there is no answer; null where there is one
   */
  async #ask(path, take) {
    try {
      take(await this.#rest.get(path));
      return null;
    } catch (error) {
      // Shown once the stream tells it; roles that may not ask have no use for it.
      this.#log(path, error);
      return error;
    }
  }

  /** @param {import('./otomos.js').OtomosState} state */
  #list(state) {
    this.#otomosState = state;
    this.#otomos.set(state.list);
  }

  /** @param {import('./typing.js').TypingUntil} until */
  #type(until) {
    if (until === this.#typingUntil) return;
    this.#typingUntil = until;
    this.#typing.set(shown(until, this.#typing.get()));
    this.#cancelTyping();
    const next = nextExpiry(until);
    if (next === Infinity) return;
    const wait = Math.max(0, next - this.#clock.now());
    this.#cancelTyping = this.#clock.after(wait, () => this.#type(expired(this.#typingUntil, this.#clock.now())));
  }
}
