/**
 * The missed calls that the durable stream has brought, until their person has seen them.
 *
 * Where this page stands in the stream is the client's to know; an event may come twice, and counts once by its `seq`.
 */

/** How many missed calls are kept; the newest win. */
export const MISSED_MAX = 50;

/**
 * @typedef {object} MissedCall
 * @property {number} seq
 * @property {string} callId
 * @property {string} fromUserId
 * @property {string} fromUserName
 * @property {number} timestamp UNIX seconds
 */

/**
 * @typedef {object} Inbox
 * @property {number} seq of the newest missed call that has come
 * @property {number} seen up to where its person has seen the missed calls, in whatever tab
 * @property {readonly MissedCall[]} missed those not seen, the newest first
 */

/** @type {Inbox} */
export const EMPTY_INBOX = Object.freeze({ seq: 0, seen: 0, missed: [] });

/**
 * @param {Inbox} inbox
 * @param {import('./store.js').Event} event
 * @returns {Inbox}
 */
export function reduceInbox(inbox, event) {
  switch (event.type) {
    case 'call_missed':
      return withMissed(inbox, event);
    case 'resync':
      // Another database knows nothing of what is here.
      return event.reason === 'unknown_seq' ? EMPTY_INBOX : inbox;
    case 'page_missed_seen':
      return { ...inbox, seen: inbox.seq, missed: [] };
    default:
      return inbox;
  }
}

/**
 * @param {Inbox} inbox
 * @param {import('./store.js').Event} event
 * @returns {Inbox}
 */
function withMissed(inbox, { seq, callId, fromUserId, fromUserName, timestamp }) {
  if (seq <= inbox.seq) return inbox;
  if (seq <= inbox.seen) return { ...inbox, seq };
  const call = { seq, callId, fromUserId, fromUserName, timestamp };
  return { ...inbox, seq, missed: [call, ...inbox.missed].slice(0, MISSED_MAX) };
}
