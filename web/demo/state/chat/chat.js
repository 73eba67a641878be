/**
 * Everything of the chat that is shown, put together.
 */

import { NO_CONVERSATIONS, reduceConversations } from './conversations.js';
import { BODY_MAX, reduceBodyMax } from './size.js';
import { NO_TIMELINES, reduceTimelines } from './timelines.js';
import { NO_UNSENT, reduceUnsent } from './unsent.js';

/**
 * @typedef {object} Chat
 * @property {import('./conversations.js').Conversations} conversations
 * @property {import('./timelines.js').Timelines} timelines
 * @property {readonly import('./unsent.js').Unsent[]} unsent
 * @property {number} bodyMax the largest text of a message, in bytes
 */

/** @type {Chat} */
export const NO_CHAT = Object.freeze({
  conversations: NO_CONVERSATIONS,
  timelines: NO_TIMELINES,
  unsent: NO_UNSENT,
  bodyMax: BODY_MAX,
});

/**
 * @param {Chat} chat
 * @param {import('../store.js').Event} event
 * @param {{me: string | undefined, now: number}} scene
 * @returns {Chat}
 */
export function reduceChat(chat, event, { me, now }) {
  // Another database knows nothing of what is here. What was not sent may be sent there.
  if (event.type === 'resync' && event.reason === 'unknown_seq') return { ...NO_CHAT, unsent: chat.unsent };
  const timelines = reduceTimelines(chat.timelines, event);
  return {
    conversations: reduceConversations(chat.conversations, event),
    timelines,
    unsent: reduceUnsent(chat.unsent, event, { me, now, timelines }),
    bodyMax: reduceBodyMax(chat.bodyMax, event),
  };
}
