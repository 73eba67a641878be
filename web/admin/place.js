/**
 * Where on the page one is: the part of the address after `#`. Pure.
 */

/** The views, in the order of the menu. */
export const VIEWS = Object.freeze(['overview', 'otomo', 'calls', 'sessions', 'nodes', 'drain', 'audit']);

/**
 * @typedef {object} Place
 * @property {string} view
 * @property {string | null} id whose, or which one's, details are shown
 * @property {string | null} filter what the view's list shows; null for what it shows at first
 */

/**
 * @param {string} hash as `#/otomo/hana?offline`
 * @returns {Place} the overview for what leads nowhere
 */
export function readPlace(hash) {
  const [path, filter] = hash.replace(/^#\/?/, '').split('?');
  const [view, id] = path.split('/');
  if (!VIEWS.includes(view)) return { view: 'overview', id: null, filter: null };
  return { view, id: id ? decoded(id) : null, filter: filter ? decoded(filter) : null };
}

/**
 * @param {string} view
 * @param {string | null} [id]
 * @param {string | null} [filter]
 */
export function hashOf(view, id = null, filter = null) {
  const path = id === null ? `#/${view}` : `#/${view}/${encodeURIComponent(id)}`;
  return filter === null ? path : `${path}?${encodeURIComponent(filter)}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
