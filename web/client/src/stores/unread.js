/**
 * How much is unread, in each conversation and in all: an old count and an event give the new one.
 *
 * Nothing is counted up: what is unread is the last message less the last one read. Both only rise, so what is heard
 * twice or late changes nothing. The law: a snapshot and the events after it give what a fresh snapshot gives.
 */

/**
 * @typedef {object} UnreadIn
 * @property {number} unread
 * @property {number} readSeq up to where its person has read, or what they skipped is no longer kept
 * @property {number} lastSeq the last message
 */

/** @typedef {{total: number, conversations: Readonly<Record<string, UnreadIn>>}} Unread */

/** @type {Unread} */
export const NO_UNREAD = Object.freeze({ total: 0, conversations: Object.freeze({}) });

/**
 * @param {Unread} state
 * @param {any} event
 * @param {string | null} me whose count it is
 * @returns {Unread}
 */
export function reduceUnread(state, event, me) {
  switch (event.type) {
    case 'unread_snapshot':
      return fromSnapshot(state, event.conversations);
    case 'new-message': {
      const { conversationId, messageSeq, senderId } = event;
      // Who sends has read everything before.
      return withPosition(state, conversationId, messageSeq, senderId === me ? messageSeq : 0);
    }
    case 'message-read':
      return event.userId === me ? withPosition(state, event.conversationId, 0, event.messageSeq) : state;
    default:
      return state;
  }
}

/**
 * @param {Unread} old
 * @param {readonly {conversationId: string, lastSeq: number, readSeq: number, unread: number}[]} told conversations that
 *   it leaves out have nothing unread
 * @returns {Unread}
 */
function fromSnapshot(old, told) {
  const entries = told.map(({ conversationId, lastSeq, readSeq, unread }) => {
    const next = position(lastSeq, Math.max(readSeq, lastSeq - unread));
    return [conversationId, same(old.conversations[conversationId], next)];
  });
  return totalled(Object.fromEntries(entries));
}

/**
 * @param {Unread} state
 * @param {string} conversationId
 * @param {number} lastSeq
 * @param {number} readSeq
 * @returns {Unread}
 */
function withPosition(state, conversationId, lastSeq, readSeq) {
  // One that the snapshot left out had nothing unread before this message.
  const old = state.conversations[conversationId] ?? position(lastSeq, Math.max(0, lastSeq - 1));
  const next = same(old, position(Math.max(old.lastSeq, lastSeq, readSeq), Math.max(old.readSeq, readSeq)));
  if (next === state.conversations[conversationId]) return state;
  return totalled({ ...state.conversations, [conversationId]: next });
}

/**
 * @param {Record<string, UnreadIn>} conversations
 * @returns {Unread}
 */
function totalled(conversations) {
  const total = Object.values(conversations).reduce((sum, { unread }) => sum + unread, 0);
  return { total, conversations };
}

/**
 * @param {number} lastSeq
 * @param {number} readSeq
 * @returns {UnreadIn}
 */
function position(lastSeq, readSeq) {
  return { unread: Math.max(0, lastSeq - readSeq), readSeq, lastSeq };
}

/**
 * @param {UnreadIn | undefined} old
 * @param {UnreadIn} next
 */
function same(old, next) {
  return old !== undefined && old.readSeq === next.readSeq && old.lastSeq === next.lastSeq ? old : next;
}
