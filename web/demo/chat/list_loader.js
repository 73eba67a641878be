/**
 * Keeps the list of conversations up to date: loads it with every `unread_snapshot` (at the start, and when
 * somebody joins or leaves one), and when a message comes for an unknown one.
 */

import { Refresher } from '../../shared/refresher.js';

/** How long to wait after an attempt that failed, in milliseconds. */
const AGAIN_MS = 2_000;

export class ListLoader {
  #store;
  #api;
  #list = new Refresher(() => this.#load());

  /**
   * @param {import('../state/store.js').Store} store
   * @param {import('./api.js').ChatApi} api
   */
  constructor(store, api) {
    this.#store = store;
    this.#api = api;
  }

  /**
   * @param {import('../state/store.js').State} state
   * @param {import('../state/store.js').Event} event
   */
  follow({ chat }, { type, conversationId }) {
    const told = type === 'new-message' || type === 'message-read';
    const unknown = told && !chat.conversations.byId.has(conversationId);
    if (type === 'unread_snapshot' || unknown) this.refresh();
  }

  /** Loads the list. */
  refresh() {
    return this.#list.refresh();
  }

  async #load() {
    const { me } = this.#store.state;
    try {
      const items = await this.#api.conversations();
      if (this.#store.state.me?.userId === me?.userId) this.#store.dispatch({ type: 'page_conversations', items });
    } catch (error) {
      console.warn('no list of conversations:', error);
      // Without a link the next start asks again.
      if (this.#store.state.link.phase === 'live') setTimeout(() => this.refresh(), AGAIN_MS);
    }
  }
}
