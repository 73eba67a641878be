/**
 * Drives the list of friends: loads it, and asks, accepts and removes. What is shown is decided by `state/friends.js`.
 *
 * The server announces a change of who is whose friend with a fresh `friend_status_snapshot`, and a request with a
 * notification; the list is REST's, and is asked again after each of them. A request that was taken back is announced to
 * nobody: who opens the page asks again too.
 */

import { Refresher } from '../../shared/refresher.js';
import { allPages } from '../pages.js';
import { tell } from '../teller.js';
import { refusalKey } from './refusal.js';

/** What makes the list worth asking for again. */
const SIGNS = new Set(['ready', 'friend_status_snapshot', 'page_friends_reload']);

export class FriendsController {
  #store;
  #session;
  #list = new Refresher(() => this.#load());

  /**
   * @param {import('../state/store.js').Store} store
   * @param {Pick<import('../session.js').Session, 'otomo'>} session
   */
  constructor(store, session) {
    this.#store = store;
    this.#session = session;
  }

  /**
   * @param {import('../state/store.js').State} state
   * @param {import('../state/store.js').Event} event
   */
  follow({ link, place }, { type, category }) {
    const told = type === 'notification' && String(category).startsWith('friend_');
    const opened = type === 'page_place' && place.view === 'friends';
    // Before the link is live, what was kept comes in a row; the list is loaded once after it.
    if (link.phase === 'live' && (SIGNS.has(type) || told || opened)) this.refresh();
  }

  /** Loads the list. */
  refresh() {
    return this.#list.refresh();
  }

  /**
   * Asks somebody to be a friend, or accepts what they asked.
   * @param {string} userId
   * @returns {Promise<string | null>} the key of a text that says why not; null if it was done
   */
  ask(userId) {
    return this.#change(async () => {
      const item = await this.#session.otomo.rest.put(`/api/friends/${encodeURIComponent(userId)}`);
      this.#store.dispatch({ type: 'page_friend', item });
    });
  }

  /**
   * Takes a request back, declines one, or ends a friendship.
   * @param {string} userId
   */
  async remove(userId) {
    const refusal = await this.#change(async () => {
      await this.#session.otomo.rest.delete(`/api/friends/${encodeURIComponent(userId)}`);
      this.#store.dispatch({ type: 'page_friend_gone', userId });
    });
    if (refusal !== null) tell(this.#store, { key: refusal });
  }

  /**
   * @param {() => Promise<void>} change
   * @returns {Promise<string | null>}
   */
  async #change(change) {
    const { me } = this.#store.state;
    try {
      await change();
    } catch (error) {
      return refusalKey(/** @type {import('../../client/src/index.js').OtomoError} */ (error));
    }
    // Names are REST's to say.
    if (this.#store.state.me?.userId === me?.userId) await this.refresh();
    return null;
  }

  async #load() {
    const { me } = this.#store.state;
    const event = await this.#all().then(
      (items) => ({ type: 'page_friends', items }),
      (error) => {
        console.warn('no list of friends:', error);
        return { type: 'page_friends_failed' };
      },
    );
    if (this.#store.state.me?.userId === me?.userId) this.#store.dispatch(event);
  }

  async #all() {
    return allPages(this.#session.otomo.rest, '/api/friends');
  }
}
