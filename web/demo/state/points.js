/**
 * How its person came to the points that they have: an old list and an event give the new one. Transactions are REST's,
 * whose first page is asked again after each change; the balance is the client's.
 */

/**
 * One change, as REST lists it.
 * @typedef {object} Transaction
 * @property {string} id
 * @property {number} amount negative for what was used
 * @property {number} balance after it
 * @property {string} kind in the app's own words: `purchase`, `call_charge`, `daily_recovery`
 * @property {string} description the same for people; may be empty
 * @property {Record<string, any>} metadata the app's own
 * @property {number} at the server's clock, milliseconds
 *
 * @typedef {object} Points
 * @property {readonly Transaction[]} transactions the newest first, without a hole
 * @property {string | null} cursor where older ones begin; null if there are none
 * @property {boolean} known false until the first page
 * @property {boolean} loading whether older ones are being loaded
 * @property {boolean} failed whether the last attempt to load failed
 */

/** @type {Points} */
export const NO_POINTS = Object.freeze({
  transactions: [],
  cursor: null,
  known: false,
  loading: false,
  failed: false,
});

/**
 * @param {Points} points
 * @param {import('./store.js').Event} event
 * @returns {Points}
 */
export function reducePoints(points, event) {
  switch (event.type) {
    case 'page_points':
      return withFirstPage({ ...points, failed: false }, event);
    case 'page_points_loading':
      return { ...points, loading: true, failed: false };
    case 'page_points_older':
      return {
        ...points,
        transactions: joined(points.transactions, event.items.map(transactionOf)),
        cursor: event.nextCursor ?? null,
        loading: false,
      };
    case 'page_points_failed':
      return { ...points, loading: false, failed: true };
    default:
      return points;
  }
}

/**
 * The newest page, and behind it what is here already, if the two touch.
 *
 * @param {Points} points
 * @param {import('./store.js').Event} page
 * @returns {Points}
 */
function withFirstPage(points, { items, nextCursor }) {
  /** @type {Transaction[]} */
  const page = items.map(transactionOf);
  const known = new Set(points.transactions.map(({ id }) => id));
  const touch = page.some(({ id }) => known.has(id));
  return touch
    ? { ...points, known: true, transactions: joined(page, points.transactions) }
    : { ...points, known: true, transactions: page, cursor: nextCursor ?? null };
}

/**
 * @param {readonly Transaction[]} newer
 * @param {readonly Transaction[]} older may repeat some
 */
function joined(newer, older) {
  const known = new Set(newer.map(({ id }) => id));
  return [...newer, ...older.filter(({ id }) => !known.has(id))];
}

/**
 * @param {Record<string, any>} item of REST
 * @returns {Transaction}
 */
function transactionOf({ transactionId, amount, balance_after, transaction_type, description, metadata, createdAt }) {
  const at = Date.parse(createdAt);
  return { id: transactionId, amount, balance: balance_after, kind: transaction_type, description, metadata, at };
}
