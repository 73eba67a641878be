/**
 * What follows from events beyond the snapshot, one purpose each: watchers of the store.
 */

import { fetchProfile } from './identity.js';
import { saveInbox } from './saved.js';
import { deservesSummary, endingKey } from './state/ending.js';

/**
 * @typedef {import('./state/store.js').Store} Store
 * @typedef {import('./state/store.js').State} State
 * @typedef {import('./state/store.js').Event} Event
 */

/** How long a notice stays, in milliseconds. */
const NOTICE_MS = 7_000;

/**
 * Saves the position in the durable stream, with what it has brought, whenever it moves.
 * @param {Store} store
 */
export function keepInbox(store) {
  let saved = store.state.inbox;
  store.watch(({ me, inbox }) => {
    if (me !== null && inbox !== saved) saveInbox(me.userId, inbox);
    saved = inbox;
  });
}

/**
 * Asks for the name of an otomo who came after the list was made: updates carry none.
 * @param {Store} store
 */
export function learnNames(store) {
  const asked = new Set();
  store.watch(async ({ me, otomos }, { type, userId }) => {
    if (type !== 'otomo_status_update' || me === null) return;
    if (asked.has(userId) || otomos.byId.get(userId)?.name) return;
    asked.add(userId);
    const profile = await fetchProfile(userId, me.token);
    if (profile !== null) store.dispatch({ type: 'page_profile', userId, ...profile });
  });
}

/**
 * Tells in a sentence what has no view of its own: a call just missed, a ring that ended elsewhere.
 * @param {Store} store
 */
export function tellNews(store) {
  const tell = (/** @type {string} */ key, params = {}) =>
    store.dispatch({ type: 'page_notice', notice: { key, params } });
  store.watch(({ call, link }, event) => {
    // What the stream brings before the link is live is old: it stands in the list.
    if (event.type === 'call_missed' && link.phase === 'live') tell('notice.missed', { name: event.fromUserName });
    if (call?.phase === 'ended' && !deservesSummary(call)) {
      // Gone first: the notice is an event too, and must not find the ended call again.
      store.dispatch({ type: 'page_call_dismissed' });
      tell(endingKey(call));
    }
  });
}

/**
 * Takes each notice away after a while.
 * @param {Store} store
 */
export function clearNotices(store) {
  store.watch((_, { type, notice }) => {
    if (type !== 'page_notice' || notice === null) return;
    setTimeout(() => {
      if (store.state.notice === notice) store.dispatch({ type: 'page_notice', notice: null });
    }, NOTICE_MS);
  });
}
