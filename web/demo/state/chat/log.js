/**
 * The entries in the log of a conversation: its messages, those in flight, the days between them, and who
 * has read how far.
 */

import { othersIn } from './conversations.js';

/** Messages of one person that follow each other this closely are shown as one group, in milliseconds. */
const GROUP_MS = 5 * 60_000;

/**
 * @typedef {import('./chat.js').Chat} Chat
 * @typedef {import('./conversations.js').Conversation} Conversation
 * @typedef {import('./conversations.js').Member} Member
 * @typedef {import('./message.js').Message} Message
 * @typedef {import('./unsent.js').Unsent} Unsent
 *
 * @typedef {object} Reads how many have read a message of ours; the time where it is the last they have
 * @property {number} count
 * @property {number | null} at
 *
 * @typedef {object} Entry
 * @property {string} key the same for a message on its way and the same message stored
 * @property {string} senderId
 * @property {boolean} own
 * @property {string} body
 * @property {number} at milliseconds
 * @property {boolean} leads whether it begins a group
 * @property {boolean} newDay whether it is the first of its day
 * @property {Reads | null} reads
 * @property {Unsent | null} unsent
 */

/**
 * @param {Chat} chat
 * @param {Conversation} conversation
 * @param {string} me
 * @returns {Entry[]} the oldest first
 */
export function logOf({ timelines, unsent }, conversation, me) {
  const messages = timelines.get(conversation.conversationId)?.messages ?? [];
  const readers = othersIn(conversation, me);
  const marks = marksOn(messages, readers, me);
  const waiting = unsent.filter(({ conversationId }) => conversationId === conversation.conversationId);
  /** @type {Entry[]} */
  const entries = [
    ...messages.map((message) => entryOf(message, me, readsOf(message, readers, marks, me))),
    ...waiting.map((one) => unsentEntry(one, me)),
  ];
  return entries.map((entry, index) => placed(entry, entries[index - 1]));
}

/**
 * @param {Message} message
 * @param {string} me
 * @param {Reads | null} reads
 * @returns {Entry}
 */
function entryOf({ senderId, clientMessageId, body, createdAt }, me, reads) {
  const own = senderId === me;
  const key = `${senderId} ${clientMessageId}`;
  return { key, senderId, own, body, at: createdAt, leads: true, newDay: true, reads, unsent: null };
}

/**
 * @param {Unsent} unsent
 * @param {string} me
 * @returns {Entry}
 */
function unsentEntry(unsent, me) {
  const { clientMessageId, body, writtenAt } = unsent;
  const key = `${me} ${clientMessageId}`;
  return { key, senderId: me, own: true, body, at: writtenAt, leads: true, newDay: true, reads: null, unsent };
}

/**
 * Where each reader's time stands: on the last message of ours that they have read.
 *
 * @param {readonly Message[]} messages
 * @param {readonly Member[]} readers
 * @param {string} me
 * @returns {Map<number, number>} the latest time by `messageSeq`
 */
function marksOn(messages, readers, me) {
  const marks = new Map();
  for (const { readSeq, readAt } of readers) {
    const last = messages.findLast(({ senderId, messageSeq }) => senderId === me && messageSeq <= readSeq);
    if (last === undefined || readAt === null) continue;
    marks.set(last.messageSeq, Math.max(readAt, marks.get(last.messageSeq) ?? 0));
  }
  return marks;
}

/**
 * @param {Message} message
 * @param {readonly Member[]} readers
 * @param {Map<number, number>} marks
 * @param {string} me
 * @returns {Reads | null}
 */
function readsOf({ senderId, messageSeq }, readers, marks, me) {
  if (senderId !== me) return null;
  const count = readers.filter(({ readSeq }) => readSeq >= messageSeq).length;
  return count === 0 ? null : { count, at: marks.get(messageSeq) ?? null };
}

/**
 * @param {Entry} entry
 * @param {Entry | undefined} before
 * @returns {Entry}
 */
function placed(entry, before) {
  const newDay = before === undefined || dayOf(before.at) !== dayOf(entry.at);
  const follows = !newDay && before?.senderId === entry.senderId && entry.at - before.at < GROUP_MS;
  return { ...entry, newDay, leads: !follows };
}

/** @param {number} ms */
function dayOf(ms) {
  return new Date(ms).toDateString();
}
