/**
 * Marks a conversation as read while its end is in view, on a page that has the focus.
 */

import { isLive } from '../state/call.js';

export class Reader {
  #store;
  #connection;
  /** Whether the end of the open conversation is in view. */
  #atEnd = false;
  /** What was reported last on this link: it is not reported twice. */
  #said = '';

  /**
   * @param {import('../state/store.js').Store} store
   * @param {import('../net/connection.js').Connection} connection
   */
  constructor(store, connection) {
    this.#store = store;
    this.#connection = connection;
  }

  /** @param {boolean} atEnd whether the end of the open conversation is in view */
  setAtEnd(atEnd) {
    this.#atEnd = atEnd;
    this.read();
  }

  /**
   * @param {import('../state/store.js').State} _
   * @param {import('../state/store.js').Event} event
   */
  follow(_, { type }) {
    if (type === 'connected') this.#said = '';
    if (type === 'page_place') this.#atEnd = false;
    this.read();
  }

  /** Also called when the page comes into view. */
  read() {
    const { place, chat, link, call } = this.#store.state;
    const conversation = chat.conversations.byId.get(place.conversationId ?? '');
    const timeline = chat.timelines.get(place.conversationId ?? '');
    if (conversation === undefined || timeline === undefined) return;
    // A call covers the page.
    const seen = this.#atEnd && !document.hidden && document.hasFocus() && !isLive(call);
    if (!seen || link.phase !== 'live' || timeline.end <= conversation.readSeq) return;
    const { conversationId } = conversation;
    const saying = `${conversationId} ${timeline.end}`;
    if (saying === this.#said) return;
    this.#said = saying;
    const answer = this.#connection.request('message-read', { conversationId, messageSeq: timeline.end });
    answer.catch((error) => {
      console.warn('not said to be read:', error);
      this.#said = '';
    });
  }
}
