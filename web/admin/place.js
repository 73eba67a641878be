/**
 * Where on the page one is: the part of the address after `#`. Pure.
 */

/** The views, in the order of the menu. */
export const VIEWS = Object.freeze(['overview', 'otomo', 'calls', 'sessions', 'nodes', 'drain', 'audit']);

/** @typedef {{view: string, id: string | null}} Place `id`: whose, or which one's, details are shown */

/**
 * @param {string} hash as `#/otomo/hana`
 * @returns {Place} the overview for what leads nowhere
 */
export function readPlace(hash) {
  const [view, id] = hash.replace(/^#\/?/, '').split('/');
  if (!VIEWS.includes(view)) return { view: 'overview', id: null };
  return { view, id: id ? decoded(id) : null };
}

/**
 * @param {string} view
 * @param {string | null} [id]
 */
export function hashOf(view, id = null) {
  return id === null ? `#/${view}` : `#/${view}/${encodeURIComponent(id)}`;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
