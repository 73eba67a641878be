/**
 * Sends what was written, one message after the other, so that they are stored in the order of writing.
 *
 * The client says each again over every break of the link. What outlasts its patience, or a reload, is sent again after
 * the next return, with the same `clientMessageId`; one that the server refused waits for its writer.
 */

import { newId } from '../../client/src/index.js';

/** @typedef {import('../../client/src/index.js').OtomoError} OtomoError */

export class Sender {
  #store;
  #session;
  #sending = false;

  /**
   * @param {import('../state/store.js').Store} store
   * @param {Pick<import('../session.js').Session, 'otomo'>} session
   */
  constructor(store, session) {
    this.#store = store;
    this.#session = session;
  }

  /**
   * @param {string} conversationId
   * @param {string} body
   */
  write(conversationId, body) {
    this.#store.dispatch({ type: 'page_send', clientMessageId: newId(), conversationId, body });
    this.#send();
  }

  /** @param {string} clientMessageId of one that was refused */
  resend(clientMessageId) {
    this.#store.dispatch({ type: 'page_resend', clientMessageId });
    this.#send();
  }

  /**
   * @param {import('../state/store.js').State} _
   * @param {import('../state/store.js').Event} event
   */
  follow(_, { type }) {
    if (type === 'ready') this.#send();
  }

  async #send() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const { conversationId, clientMessageId, body } = next;
        await this.#session.otomo.request('message_send', { conversationId, clientMessageId, body }).catch((error) => {
          const { code, context } = /** @type {OtomoError} */ (error);
          if (code === 'DISCONNECTED') throw error;
          // The link is away for long: then this ends, else it is tried again.
          if (code === 'TIMEOUT') return;
          this.#store.dispatch({ type: 'page_send_failed', clientMessageId, code, context });
        });
      }
    } catch (error) {
      console.debug('sent again after the return:', error);
    } finally {
      this.#sending = false;
    }
  }

  /** @returns {import('../state/chat/unsent.js').Unsent | undefined} the next one, if the link is there */
  #next() {
    const { link, chat } = this.#store.state;
    return link.phase === 'live' ? chat.unsent.find(({ phase }) => phase === 'sending') : undefined;
  }
}
