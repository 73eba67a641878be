/**
 * The durable stream: where this page stands in it, and the missed calls that it has brought.
 *
 * The server keeps what must not be lost in an inbox per user, numbered by `seq`. A page that returns
 * names the last number it has and gets the rest. Position and content are one snapshot, so that saving
 * them in one step (see `saved.js`) can neither lose an event nor count one twice.
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
 * @property {number} seq the last event that this page has
 * @property {number} seen up to where its person has seen the missed calls, in whatever tab
 * @property {readonly MissedCall[]} missed those not seen, the newest first
 */

/** @typedef {'take' | 'repeat' | 'gap'} Verdict */

/** @type {Inbox} The beginning of the stream: the first connection of a tab gets all that is kept. */
export const EMPTY_INBOX = Object.freeze({ seq: 0, seen: 0, missed: [] });

/** Messages that name a position in the stream without being events of it. */
const POSITIONS = new Set(['connected', 'ready', 'resync']);

/**
 * @param {import('./store.js').Event} event
 * @returns {boolean} whether it came out of the inbox
 */
export function isDurable(event) {
  return Number.isInteger(event.seq) && !POSITIONS.has(event.type);
}

/**
 * Whether a durable event continues what is already here. `prev` is the event before it that this
 * connection's topics let through: something is lost only if that one lies above our own position.
 *
 * @param {number} seq our position
 * @param {{seq: number, prev?: number | null}} event
 * @returns {Verdict}
 */
export function judge(seq, event) {
  if (event.seq <= seq) return 'repeat';
  return (event.prev ?? 0) > seq ? 'gap' : 'take';
}

/**
 * @param {Inbox} inbox
 * @param {import('./store.js').Event} event
 * @returns {Inbox}
 */
export function reduceInbox(inbox, event) {
  switch (event.type) {
    case 'ready':
      // All that this connection's topics let through up to here has come.
      return event.seq > inbox.seq ? { ...inbox, seq: event.seq } : inbox;
    case 'resync':
      // The stream does not continue ours; what it still holds begins there. Another database knows
      // nothing of ours at all.
      return { ...(event.reason === 'unknown_seq' ? EMPTY_INBOX : inbox), seq: event.firstSeq - 1 };
    case 'page_missed_seen':
      return { ...inbox, seen: inbox.seq, missed: [] };
    default:
      break;
  }
  if (!isDurable(event) || event.seq <= inbox.seq) return inbox;
  if (event.type !== 'call_missed' || event.seq <= inbox.seen) return { ...inbox, seq: event.seq };
  const { seq, callId, fromUserId, fromUserName, timestamp } = event;
  const call = { seq, callId, fromUserId, fromUserName, timestamp };
  return { ...inbox, seq, missed: [call, ...inbox.missed].slice(0, MISSED_MAX) };
}
