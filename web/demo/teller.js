/**
 * What is told in a sentence when it happens: watchers of the store. What the stream brings before the link is live is old,
 * and stands in its list.
 */

import { isLive } from '../client/src/calls/state.js';
import { listed } from './state/client.js';
import { deservesSummary, endingKey } from './state/ending.js';
import { conversationAt, FRIENDS, POINTS } from './state/place.js';

/**
 * @typedef {import('./state/store.js').Store} Store
 * @typedef {import('./state/store.js').State} State
 * @typedef {import('./state/store.js').Event} Event
 * @typedef {import('./state/notices.js').Sentence} Sentence
 */

/** How long a notice stays where nothing holds it, in milliseconds. */
const NOTICE_MS = 8_000;

/**
 * @param {Store} store
 * @param {() => void} dismiss leaves the page of a call that is over
 */
export function tellNews(store, dismiss) {
  store.watch((state, event) => {
    const { call, link } = state;
    if (call.phase === 'ended' && !deservesSummary(call)) {
      // Gone first: the notice is an event too, and must not find the ended call again.
      dismiss();
      // One that rang out is a missed call, which is told as such.
      if (call.ending?.reason !== 'timeout') tell(store, { key: endingKey(call) });
    }
    const sentence = link.phase === 'live' ? sentenceFor(state, event) : null;
    if (sentence !== null) tell(store, isHere(state, sentence) ? { ...sentence, place: undefined } : sentence);
  });
}

/**
 * Takes each notice away after a while. One that leads somewhere stays until it is closed, or its reader goes somewhere.
 *
 * @param {Store} store
 * @param {() => boolean} isHeld whether somebody may be in the middle of one, so that none may go yet
 */
export function clearNotices(store, isHeld) {
  const clear = (/** @type {number} */ id) => {
    if (isHeld()) later(id);
    else store.dispatch({ type: 'page_notice_closed', id });
  };
  const later = (/** @type {number} */ id) => setTimeout(clear, NOTICE_MS, id);
  /** @type {ReadonlySet<number>} */
  let counted = new Set();
  store.watch(({ notices }) => {
    const fresh = notices.filter(({ id }) => !counted.has(id));
    counted = new Set(notices.map(({ id }) => id));
    for (const { id, place } of fresh) if (!place) later(id);
  });
}

/**
 * @param {Store} store
 * @param {Sentence} notice
 */
export function tell(store, notice) {
  store.dispatch({ type: 'page_notice', notice });
}

/**
 * @param {State} state
 * @param {Sentence} sentence
 * @returns {boolean} whether it leads to where its reader is
 */
function isHere({ place: here }, { place }) {
  return place !== undefined && place.view === here.view && place.conversationId === here.conversationId;
}

/**
 * @param {State} state
 * @param {Event} event
 * @returns {Sentence | null}
 */
function sentenceFor(state, event) {
  switch (event.type) {
    case 'call_missed':
      return { key: 'notice.missed', params: { name: event.fromUserName } };
    case 'new-message':
      return messageSentence(state, event);
    case 'notification':
      return notificationSentence(event);
    case 'sp_update':
      return changeSentence(event);
    case 'sp_daily_recovery':
      return { key: 'notice.recovery', params: { amount: event.total_amount }, place: POINTS };
    case 'sp_insufficient': {
      const params = { required: event.required_amount, balance: event.current_sp };
      return { key: 'notice.insufficient', params, place: POINTS };
    }
    default:
      return null;
  }
}

/**
 * What somebody wrote, where its conversation is not open and no call is going on.
 *
 * @param {State} state
 * @param {Event} event
 * @returns {Sentence | null}
 */
function messageSentence(state, { conversationId, senderId, body }) {
  const { me, place, call } = state;
  if (senderId === me?.userId || conversationId === place.conversationId || isLive(call)) return null;
  const name = nameOf(state, conversationId, senderId);
  const there = { place: conversationAt(conversationId) };
  if (!name) return { key: 'notice.message', params: { text: body }, ...there };
  return { key: 'notice.messageOf', params: { name, text: body }, ...there };
}

/**
 * What somebody is called. A conversation that they have only just begun is not on the list yet.
 *
 * @param {State} state
 * @param {string} conversationId
 * @param {string} userId
 * @returns {string | null | undefined}
 */
function nameOf(state, conversationId, userId) {
  const members = state.chat.conversations.byId.get(conversationId)?.members ?? [];
  const member = members.find((one) => one.userId === userId);
  return member?.name ?? state.friends.byId.get(userId)?.name ?? listed(state, userId)?.name;
}

/**
 * @param {Event} event
 * @returns {Sentence}
 */
function notificationSentence({ category, title, message, data }) {
  const name = data?.name || data?.userId;
  if (category === 'friend_request' && name) return { key: 'notice.friendRequest', params: { name }, place: FRIENDS };
  if (category === 'friend_accepted' && name) return { key: 'notice.friendAccepted', params: { name }, place: FRIENDS };
  return title
    ? { key: 'notice.notificationOf', params: { title, text: message } }
    : { key: 'notice.notification', params: { text: message } };
}

/**
 * Charges of a call are told by the call itself.
 *
 * @param {Event} event
 * @returns {Sentence | null}
 */
function changeSentence({ amount_changed: change, current_sp: balance, transaction_type: kind }) {
  if (kind === 'call_charge') return null;
  const params = { amount: Math.abs(change), balance };
  return { key: change < 0 ? 'notice.pointsUsed' : 'notice.pointsGot', params, place: POINTS };
}
