/**
 * Where on the page its person is. It is the part of the address after `#`, so that the browser's own back
 * button leads from a conversation to the list, and a reload stays.
 */

/**
 * @typedef {object} Place
 * @property {'home' | 'chat' | 'group' | 'friends' | 'points'} view `group` is where one begins one
 * @property {string | null} conversationId the one that is open, in `chat`
 */

/** @type {Place} */
export const HOME = Object.freeze({ view: 'home', conversationId: null });

/** @type {Place} */
export const CHAT = Object.freeze({ view: 'chat', conversationId: null });

/** @type {Place} */
export const FRIENDS = Object.freeze({ view: 'friends', conversationId: null });

/** @type {Place} */
export const POINTS = Object.freeze({ view: 'points', conversationId: null });

/** @type {Place} */
export const NEW_GROUP = Object.freeze({ view: 'group', conversationId: null });

/**
 * @param {string} conversationId
 * @returns {Place}
 */
export function conversationAt(conversationId) {
  return { view: 'chat', conversationId };
}

/**
 * @param {string} hash
 * @returns {Place | null} null for one that leads to a part of the page where one is
 */
export function readPlace(hash) {
  if (hash !== '' && !hash.startsWith('#/')) return null;
  const [, view, conversationId] = hash.replace(/^#/, '').split('/');
  const plain = [NEW_GROUP, FRIENDS, POINTS].find((place) => place.view === view);
  if (plain !== undefined) return plain;
  if (view !== 'chat') return HOME;
  return conversationId ? conversationAt(conversationId) : CHAT;
}

/**
 * @param {Place} place
 * @returns {string} with its `#`
 */
export function hashOf({ view, conversationId }) {
  if (view === 'home') return '#/';
  return conversationId === null ? `#/${view}` : `#/${view}/${conversationId}`;
}
