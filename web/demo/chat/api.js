/**
 * What the chat asks of REST: lists and history. Messages themselves go over the connection.
 */

import { allPages } from '../pages.js';

/** @typedef {import('../pages.js').Item} Item */

export class ChatApi {
  #session;

  /** @param {import('../session.js').Session} session */
  constructor(session) {
    this.#session = session;
  }

  get #rest() {
    return this.#session.otomo.rest;
  }

  /**
   * @returns {Promise<Item[]>} all conversations, the latest first
   * @throws {import('../../client/src/index.js').OtomoError}
   */
  async conversations() {
    return allPages(this.#rest, '/api/conversations');
  }

  /**
   * Begins a conversation; that of two people is found if there is one.
   *
   * @param {{kind: 'direct', userId: string} | {kind: 'group', members: string[], title: string | null}} beginning
   * @param {string} key the same for each attempt: a group whose answer was lost begins once
   * @returns {Promise<Item>}
   * @throws {import('../../client/src/index.js').OtomoError}
   */
  async begin(beginning, key) {
    return this.#rest.post('/api/conversations', beginning, { idempotencyKey: key });
  }

  /**
   * @param {string} conversationId
   * @param {Record<string, string>} span `before` or `after` a messageSeq, or neither for the latest; `limit`
   * @returns {Promise<{items: Item[], firstSeq: number, lastSeq: number}>} the oldest message first
   * @throws {import('../../client/src/index.js').OtomoError}
   */
  async history(conversationId, span) {
    return this.#rest.get(`/api/conversations/${encodeURIComponent(conversationId)}/messages`, { query: span });
  }
}
