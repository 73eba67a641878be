/**
 * What follows from events beyond the snapshot, one purpose each: watchers of the store.
 */

import { fetchProfile } from './identity.js';
import { saveInbox, saveUnsent } from './saved.js';

/**
 * @typedef {import('./state/store.js').Store} Store
 */

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
 * Saves messages that are not confirmed yet, so that a reload loses none of them.
 * @param {Store} store
 */
export function keepUnsent(store) {
  let saved = store.state.chat.unsent;
  store.watch(({ me, chat: { unsent } }) => {
    if (me !== null && unsent !== saved) saveUnsent(me.userId, unsent);
    saved = unsent;
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
