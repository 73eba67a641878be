/**
 * Fetches what an open conversation lacks: its latest messages, those that came while this page was away,
 * and the older ones when somebody scrolls back.
 */

import { isWhole } from '../state/chat/timelines.js';

/** How many messages a page backwards has. */
const BACK = 50;

/** How many messages a page forwards has: the most that the server gives at once. */
const FORTH = 200;

export class HistoryLoader {
  #store;
  #api;

  /**
   * @param {import('../state/store.js').Store} store
   * @param {import('./api.js').ChatApi} api
   */
  constructor(store, api) {
    this.#store = store;
    this.#api = api;
  }

  /** @param {import('../state/store.js').State} state */
  follow({ place: { conversationId }, chat }) {
    const conversation = chat.conversations.byId.get(conversationId ?? '');
    if (conversation === undefined) return;
    const timeline = chat.timelines.get(conversation.conversationId);
    if (timeline?.loading || timeline?.failed) return;
    if (!timeline?.seen) this.#load(conversation.conversationId, 'latest', BACK);
    else if (timeline.end < conversation.lastSeq) this.#load(conversation.conversationId, 'after', FORTH);
  }

  /**
   * The page before the oldest message that is here.
   * @param {string} conversationId
   */
  loadOlder(conversationId) {
    const timeline = this.#store.state.chat.timelines.get(conversationId);
    if (!timeline?.seen || timeline.loading || timeline.failed || isWhole(timeline)) return;
    this.#load(conversationId, 'before', BACK);
  }

  /**
   * @param {string} conversationId
   * @param {'latest' | 'before' | 'after'} part
   * @param {number} limit
   */
  async #load(conversationId, part, limit) {
    this.#store.dispatch({ type: 'page_history_loading', conversationId });
    const { me, chat } = this.#store.state;
    const timeline = chat.timelines.get(conversationId);
    /** @type {Record<string, string>} */
    const span = { limit: String(limit) };
    if (part === 'before') span.before = String(timeline?.messages[0]?.messageSeq);
    if (part === 'after') span.after = String(timeline?.end);
    try {
      const { items, firstSeq, lastSeq } = await this.#api.history(conversationId, span);
      if (this.#store.state.me?.userId !== me?.userId) return;
      this.#store.dispatch({ type: 'page_history', conversationId, part, items, firstSeq, lastSeq });
    } catch (error) {
      console.warn('no history:', error);
      this.#store.dispatch({ type: 'page_history_failed', conversationId });
    }
  }
}
