/**
 * The messages of conversations that were opened: of each one part without a hole, ending at the latest.
 *
 * `messageSeq` counts without a gap, so order, repeats and holes are seen from it alone. A message that does
 * not touch what is here is not put in: the conversation's `lastSeq` then lies beyond `end`, and the part in
 * between is fetched (`chat/history_loader.js`).
 */

import { messageOf } from './message.js';

/**
 * @typedef {import('./message.js').Message} Message
 *
 * @typedef {object} Timeline
 * @property {readonly Message[]} messages without a hole, the oldest first
 * @property {number} end the last message that is here; where there is none, the last that there was
 * @property {boolean} seen whether the first page has come
 * @property {number} firstSeq the oldest message that the server keeps
 * @property {boolean} loading
 * @property {boolean} failed whether the last attempt to load failed: the next return tries again, or a press
 */

/** @typedef {ReadonlyMap<string, Timeline>} Timelines by conversation */

/** @type {Timelines} */
export const NO_TIMELINES = new Map();

/** @type {Timeline} What is known of a conversation before its first page. */
const UNSEEN = Object.freeze({ messages: [], end: 0, seen: false, firstSeq: 1, loading: true, failed: false });

/**
 * @param {Timelines} timelines
 * @param {import('../store.js').Event} event
 * @returns {Timelines}
 */
export function reduceTimelines(timelines, event) {
  const { conversationId } = event;
  const old = timelines.get(conversationId);
  switch (event.type) {
    case 'page_history_loading':
      return withTimeline(timelines, conversationId, { ...(old ?? UNSEEN), loading: true, failed: false });
    case 'page_history_failed':
      return withTimeline(timelines, conversationId, { ...(old ?? UNSEEN), loading: false, failed: true });
    case 'page_history_reload':
      return withTimeline(timelines, conversationId, { ...(old ?? UNSEEN), loading: false, failed: false });
    case 'page_history':
      return withTimeline(timelines, conversationId, withPage(old ?? UNSEEN, event));
    case 'new-message':
      return old === undefined ? timelines : withTimeline(timelines, conversationId, withNext(old, messageOf(event)));
    case 'ready':
      return new Map([...timelines].map(([id, timeline]) => [id, { ...timeline, failed: false }]));
    default:
      return timelines;
  }
}

/**
 * @param {Timeline} timeline
 * @returns {boolean} whether the server keeps nothing from before what is here
 */
export function isWhole({ messages, firstSeq }) {
  return messages.length === 0 || messages[0].messageSeq <= firstSeq;
}

/**
 * @param {Timeline} old
 * @param {import('../store.js').Event} page `part` says which: `latest`, `before` what is here, or `after` it
 * @returns {Timeline}
 */
function withPage(old, { part, items, firstSeq, lastSeq }) {
  /** @type {Message[]} */
  const page = items.map(messageOf);
  const settled = { ...old, firstSeq, seen: true, loading: false };
  if (page.length === 0) return part === 'before' ? settled : { ...settled, end: Math.max(old.end, lastSeq) };
  const [first, last] = [page[0].messageSeq, page[page.length - 1].messageSeq];
  // Where they do not touch, what lay in between is not kept any more.
  const known = first > old.end + 1 ? [] : old.messages;
  const start = known[0]?.messageSeq ?? Infinity;
  const before = page.filter(({ messageSeq }) => messageSeq < start);
  const after = start === Infinity ? [] : page.filter(({ messageSeq }) => messageSeq > old.end);
  return { ...settled, messages: [...before, ...known, ...after], end: Math.max(last, old.end) };
}

/**
 * @param {Timeline} old
 * @param {Message} message
 * @returns {Timeline}
 */
function withNext(old, message) {
  if (!old.seen || message.messageSeq !== old.end + 1) return old;
  return { ...old, messages: [...old.messages, message], end: message.messageSeq };
}

/**
 * @param {Timelines} timelines
 * @param {string} conversationId
 * @param {Timeline} timeline
 * @returns {Timelines}
 */
function withTimeline(timelines, conversationId, timeline) {
  return new Map(timelines).set(conversationId, timeline);
}
