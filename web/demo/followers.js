/**
 * What follows from events beyond the snapshot, one purpose each: watchers of the store.
 */

import { fetchProfile } from './identity.js';
import { saveInbox, saveUnsent } from './saved.js';
import { isLive } from './state/call.js';
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
 * Tells what somebody wrote, where its conversation is not open and no call is going on.
 * @param {Store} store
 */
export function tellMessages(store) {
  const tell = (/** @type {State['notice']} */ notice) => store.dispatch({ type: 'page_notice', notice });
  store.watch(({ me, chat, place, link, call, notice }, { type, conversationId, senderId, body }) => {
    // Who goes anywhere else on the page has seen it.
    if (type === 'page_place' && notice?.key.startsWith('notice.message')) tell(null);
    if (type !== 'new-message' || senderId === me?.userId || link.phase !== 'live') return;
    if (conversationId === place.conversationId || isLive(call)) return;
    const members = chat.conversations.byId.get(conversationId)?.members ?? [];
    const name = members.find(({ userId }) => userId === senderId)?.name;
    if (name) tell({ key: 'notice.messageOf', params: { name, text: body } });
    else tell({ key: 'notice.message', params: { text: body } });
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
