/**
 * What the chat asks of REST: lists and history. Messages themselves go over the connection.
 */

/** How many conversations a page of the list has: the most that the server gives at once. */
const LIST_PAGE = 200;

/** How many pages are asked for; as many conversations as `unread_snapshot` tells of. */
const LIST_PAGES = 5;

/** @typedef {Record<string, any>} Item */

export class ChatApi {
  #rest;

  /** @param {import('../net/rest.js').Rest} rest */
  constructor(rest) {
    this.#rest = rest;
  }

  /**
   * @returns {Promise<Item[]>} all conversations, the latest first
   * @throws {import('../net/refused.js').Refused}
   */
  async conversations() {
    /** @type {Item[]} */
    const items = [];
    let cursor = null;
    for (let page = 0; page < LIST_PAGES; page += 1) {
      const query = new URLSearchParams({ limit: String(LIST_PAGE), ...(cursor === null ? {} : { cursor }) });
      const answer = await this.#rest.get(`/api/conversations?${query}`);
      items.push(...answer.items);
      cursor = answer.nextCursor ?? null;
      if (cursor === null) break;
    }
    return items;
  }

  /**
   * Begins a conversation; that of two people is found if there is one.
   *
   * @param {{kind: 'direct', userId: string} | {kind: 'group', members: string[], title: string | null}} beginning
   * @param {string} key the same for each attempt: a group whose answer was lost begins once
   * @returns {Promise<Item>}
   * @throws {import('../net/refused.js').Refused}
   */
  begin(beginning, key) {
    return this.#rest.post('/api/conversations', beginning, { 'idempotency-key': key });
  }

  /**
   * @param {string} conversationId
   * @param {Record<string, string>} span `before` or `after` a messageSeq, or neither for the latest; `limit`
   * @returns {Promise<{items: Item[], firstSeq: number, lastSeq: number}>} the oldest message first
   * @throws {import('../net/refused.js').Refused}
   */
  history(conversationId, span) {
    const query = new URLSearchParams(span);
    return this.#rest.get(`/api/conversations/${encodeURIComponent(conversationId)}/messages?${query}`);
  }
}
