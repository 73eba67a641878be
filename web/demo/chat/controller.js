/**
 * Drives the chat of the page: turns what a person does into commands and requests, and follows up on what the
 * server says. What is shown is decided by `state/chat/` alone.
 */

import { newId } from '../../client/src/index.js';
import { directWith } from '../state/chat/conversations.js';
import { conversationAt, hashOf } from '../state/place.js';
import { tell } from '../teller.js';
import { ChatApi } from './api.js';
import { ListLoader } from './list_loader.js';
import { HistoryLoader } from './history_loader.js';
import { Reader } from './reader.js';
import { Sender } from './sender.js';
import { Typist } from './typist.js';

/** @typedef {import('../../client/src/index.js').OtomoError} OtomoError */

export class ChatController {
  #store;
  #api;
  #listLoader;
  #historyLoader;
  #reader;
  #sender;
  #typist;

  /**
   * @param {import('../state/store.js').Store} store
   * @param {import('../session.js').Session} session
   */
  constructor(store, session) {
    this.#store = store;
    this.#api = new ChatApi(session);
    this.#listLoader = new ListLoader(store, this.#api);
    this.#historyLoader = new HistoryLoader(store, this.#api);
    this.#reader = new Reader(store, session);
    this.#sender = new Sender(store, session);
    this.#typist = new Typist(session);
  }

  /**
   * @param {import('../state/store.js').State} state
   * @param {import('../state/store.js').Event} event
   */
  follow(state, event) {
    if (state.me === null) return;
    this.#listLoader.follow(state, event);
    this.#historyLoader.follow(state);
    this.#reader.follow(state, event);
    this.#sender.follow(state, event);
    this.#typist.follow(state, event);
  }

  /** @param {string} userId with whom to talk */
  async talkTo(userId) {
    const known = directWith(this.#store.state.chat.conversations, userId);
    if (known === null) await this.#begin({ kind: 'direct', userId }, newId());
    else this.#open(known.conversationId);
  }

  /**
   * @param {string[]} members
   * @param {string} title empty for none
   * @param {string} key the same for each attempt
   */
  async beginGroup(members, title, key) {
    await this.#begin({ kind: 'group', members, title: title === '' ? null : title }, key);
  }

  /**
   * @param {string} conversationId
   * @param {string} body
   */
  write(conversationId, body) {
    this.#sender.write(conversationId, body);
  }

  /** @param {string} clientMessageId of a message that was refused */
  resend(clientMessageId) {
    this.#sender.resend(clientMessageId);
  }

  /** @param {string} clientMessageId of a message that was refused */
  discard(clientMessageId) {
    this.#store.dispatch({ type: 'page_send_discarded', clientMessageId });
  }

  /**
   * @param {string} conversationId
   * @param {string} text what is being written, and not yet sent
   */
  typed(conversationId, text) {
    this.#typist.typed(conversationId, text);
  }

  /** @param {string} conversationId whose older messages are wanted */
  loadOlder(conversationId) {
    this.#historyLoader.loadOlder(conversationId);
  }

  /** @param {boolean} atEnd whether the end of the open conversation is in view */
  setAtEnd(atEnd) {
    this.#reader.setAtEnd(atEnd);
  }

  /** The page has come into view. */
  seen() {
    this.#reader.read();
  }

  /**
   * @param {Parameters<ChatApi['begin']>[0]} beginning
   * @param {string} key
   */
  async #begin(beginning, key) {
    try {
      const { conversationId } = await this.#api.begin(beginning, key);
      await this.#listLoader.refresh();
      this.#open(conversationId);
    } catch (error) {
      console.warn('no conversation:', error);
      const { code } = /** @type {OtomoError} */ (error);
      const key = code === 'DISCONNECTED' ? 'notice.offline' : 'notice.notBegun';
      tell(this.#store, { key });
    }
  }

  /** @param {string} conversationId */
  #open(conversationId) {
    location.hash = hashOf(conversationAt(conversationId));
  }
}
