/**
 * A list of REST that comes in pages.
 */

/** How many items a page has: the most that the server gives at once. */
const PAGE = 200;

/** How many pages are asked for: more than one looks at. */
const PAGES = 5;

/** @typedef {Record<string, any>} Item */

/**
 * @param {import('../client/src/index.js').Otomo['rest']} rest
 * @param {string} path
 * @returns {Promise<Item[]>}
 * @throws {import('../client/src/index.js').OtomoError}
 */
export async function allPages(rest, path) {
  /** @type {Item[]} */
  const items = [];
  /** @type {string | null} */
  let cursor = null;
  for (let page = 0; page < PAGES; page += 1) {
    /** @type {{items: Item[], nextCursor?: string | null}} */
    const answer = await rest.get(path, { query: { limit: PAGE, cursor } });
    items.push(...answer.items);
    cursor = answer.nextCursor ?? null;
    if (cursor === null) break;
  }
  return items;
}
