/**
 * The conversations, and how far everybody has read in them: an old list and an event give the new list.
 *
 * REST says which there are, who is in them, how far these have read, and what was said last; it is asked again after each
 * `unread_snapshot`. How much is unread is the client's to say.
 * All numbers only rise, so what is heard twice or late changes nothing: a snapshot and the events after it
 * give what a fresh snapshot gives.
 */

import { messageOf, toMillis } from './message.js';

/**
 * @typedef {import('./message.js').Message} Message
 *
 * @typedef {object} Member
 * @property {string} userId
 * @property {string | null} name
 * @property {string | null} avatar
 * @property {number} readSeq the last message that they have seen
 * @property {number | null} readAt when they had, milliseconds
 *
 * @typedef {object} Conversation
 * @property {string} conversationId
 * @property {'direct' | 'group'} kind
 * @property {string | null} title
 * @property {string} createdBy
 * @property {readonly Member[]} members
 * @property {number} lastSeq
 * @property {number} lastAt milliseconds
 * @property {Message | null} lastMessage
 *
 * @typedef {object} Conversations
 * @property {boolean} known false until the first list
 * @property {ReadonlyMap<string, Conversation>} byId
 */

/** @type {Conversations} */
export const NO_CONVERSATIONS = Object.freeze({ known: false, byId: new Map() });

/**
 * @param {Conversations} conversations
 * @param {import('../store.js').Event} event
 * @returns {Conversations}
 */
export function reduceConversations(conversations, event) {
  switch (event.type) {
    case 'page_conversations':
      return fromList(event.items, conversations);
    case 'new-message':
      return withOne(conversations, event.conversationId, (old) => withMessage(old, messageOf(event)));
    case 'message-read': {
      const cursor = { readSeq: event.messageSeq, readAt: toMillis(event.timestamp) };
      return withOne(conversations, event.conversationId, (old) => withCursor(old, event.userId, cursor));
    }
    default:
      return conversations;
  }
}

/**
 * The latest first. Where nothing was said yet only those who began it see it.
 *
 * @param {Conversations} conversations
 * @param {string | undefined} me
 * @returns {Conversation[]}
 */
export function inOrder({ byId }, me) {
  return [...byId.values()]
    .filter(({ lastSeq, createdBy, kind }) => lastSeq > 0 || kind === 'group' || createdBy === me)
    .sort((a, b) => b.lastAt - a.lastAt || (a.conversationId < b.conversationId ? 1 : -1));
}

/**
 * @param {Conversations} conversations
 * @param {string} userId
 * @returns {Conversation | null} the one between its person and somebody
 */
export function directWith({ byId }, userId) {
  const between = (/** @type {Conversation} */ { kind, members }) =>
    kind === 'direct' && members.some((member) => member.userId === userId);
  return [...byId.values()].find(between) ?? null;
}

/**
 * @param {Conversation} conversation
 * @param {string | undefined} me
 * @returns {Member[]}
 */
export function othersIn({ members }, me) {
  return members.filter(({ userId }) => userId !== me);
}

/**
 * @param {readonly Record<string, any>[]} items as REST lists them: all there are
 * @param {Conversations} old may have heard of more in what it knows
 * @returns {Conversations}
 */
function fromList(items, old) {
  const byId = new Map(items.map((item) => [item.conversationId, newest(conversationOf(item), old)]));
  return { known: true, byId };
}

/**
 * @param {Record<string, any>} item
 * @returns {Conversation}
 */
function conversationOf(item) {
  return {
    conversationId: item.conversationId,
    kind: item.kind,
    title: item.title,
    createdBy: item.createdBy,
    members: item.members.map((/** @type {any} */ { readAt, ...member }) => ({
      ...member,
      readAt: readAt === null ? null : toMillis(readAt),
    })),
    lastSeq: item.lastSeq,
    lastAt: toMillis(item.lastAt),
    lastMessage: item.lastMessage === null ? null : messageOf(item.lastMessage),
  };
}

/**
 * @param {Conversation} told
 * @param {Conversations} old
 * @returns {Conversation}
 */
function newest(told, old) {
  const known = old.byId.get(told.conversationId);
  if (known === undefined) return told;
  const members = told.members.map((member) => {
    const before = known.members.find(({ userId }) => userId === member.userId);
    return before !== undefined && before.readSeq > member.readSeq ? before : member;
  });
  if (known.lastSeq <= told.lastSeq) return { ...told, members };
  const { lastSeq, lastAt, lastMessage } = known;
  return { ...told, members, lastSeq, lastAt, lastMessage };
}

/**
 * @param {Conversation} old
 * @param {Message} message
 * @returns {Conversation}
 */
function withMessage(old, message) {
  const { messageSeq, senderId, createdAt } = message;
  // Who sends has read everything before.
  const read = withCursor(old, senderId, { readSeq: messageSeq, readAt: createdAt });
  if (messageSeq <= (old.lastMessage?.messageSeq ?? 0)) return read;
  // Events tell whole seconds, lists their thousandths too.
  const lastAt = Math.max(old.lastAt, createdAt);
  return { ...read, lastSeq: Math.max(old.lastSeq, messageSeq), lastAt, lastMessage: message };
}

/**
 * @param {Conversation} old
 * @param {string} reader
 * @param {{readSeq: number, readAt: number}} cursor
 * @returns {Conversation}
 */
function withCursor(old, reader, cursor) {
  const members = old.members.map((member) =>
    member.userId === reader && member.readSeq < cursor.readSeq ? { ...member, ...cursor } : member,
  );
  return { ...old, members };
}

/**
 * @param {Conversations} conversations
 * @param {string} conversationId
 * @param {(old: Conversation) => Conversation} change
 * @returns {Conversations} unchanged where there is no such conversation
 */
function withOne(conversations, conversationId, change) {
  const old = conversations.byId.get(conversationId);
  if (old === undefined) return conversations;
  return { ...conversations, byId: new Map(conversations.byId).set(conversationId, change(old)) };
}
