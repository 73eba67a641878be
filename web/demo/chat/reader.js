/**
 * Marks a conversation as read while its end is in view, on a page that has the focus.
 */

import { isLive } from '../../client/src/calls/state.js';

export class Reader {
  #store;
  #session;
  /** Whether the end of the open conversation is in view. */
  #atEnd = false;
  /** What was reported last on this link: it is not reported twice. */
  #said = '';

  /**
   * @param {import('../state/store.js').Store} store
   * @param {Pick<import('../session.js').Session, 'otomo'>} session
   */
  constructor(store, session) {
    this.#store = store;
    this.#session = session;
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
    const { place, chat, link, call, unread } = this.#store.state;
    const conversationId = place.conversationId ?? '';
    const timeline = chat.timelines.get(conversationId);
    const readSeq = unread.conversations[conversationId]?.readSeq;
    // Where the client knows of nothing, nothing is unread.
    if (timeline === undefined || readSeq === undefined) return;
    // A call covers the page.
    const seen = this.#atEnd && !document.hidden && document.hasFocus() && !isLive(call);
    if (!seen || link.phase !== 'live' || timeline.end <= readSeq) return;
    const saying = `${conversationId} ${timeline.end}`;
    if (saying === this.#said) return;
    this.#said = saying;
    const answer = this.#session.otomo.request('message-read', { conversationId, messageSeq: timeline.end });
    answer.catch((error) => {
      console.warn('not said to be read:', error);
      this.#said = '';
    });
  }
}
