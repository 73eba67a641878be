/**
 * Messages of our own that the server has not confirmed yet, in the order of writing.
 *
 * Each keeps its `clientMessageId` from the first attempt on, so that it may be sent again as often as need
 * be: the server stores it once. It leaves this list when it stands in its conversation.
 */

import { NO_TIMELINES } from './timelines.js';

/**
 * @typedef {object} Unsent
 * @property {string} clientMessageId
 * @property {string} conversationId
 * @property {string} body
 * @property {number} writtenAt this page's clock, milliseconds
 * @property {'sending' | 'sent' | 'failed'} phase `sent`: confirmed, and not yet heard of from the stream
 * @property {{code: string, context: Record<string, any>} | null} refusal why it failed
 * @property {number | null} messageSeq once it is confirmed
 */

/** @type {readonly Unsent[]} */
export const NO_UNSENT = Object.freeze([]);

/** @type {Pick<import('./timelines.js').Timeline, 'messages' | 'end'>} of a conversation that was not opened */
const NOTHING = Object.freeze({ messages: [], end: 0 });

/**
 * @param {readonly Unsent[]} unsent
 * @param {import('../store.js').Event} event
 * @param {{me: string | undefined, now: number, timelines: import('./timelines.js').Timelines}} scene
 *   `timelines` as the event leaves them
 * @returns {readonly Unsent[]}
 */
export function reduceUnsent(unsent, event, { me, now, timelines = NO_TIMELINES }) {
  const { clientMessageId } = event;
  switch (event.type) {
    case 'page_send':
      return [...unsent, written(event, now)];
    case 'page_resend':
      return withOne(unsent, clientMessageId, { phase: 'sending', refusal: null });
    case 'page_send_failed':
      return withOne(unsent, clientMessageId, {
        phase: 'failed',
        refusal: { code: event.code, context: event.context },
      });
    case 'page_send_discarded':
      return unsent.filter((one) => one.clientMessageId !== clientMessageId);
    case 'message_send_ack':
      return arrived(stored(unsent, event), timelines, me);
    // What the timeline cannot take yet, because others lie in between, stays here until they have come.
    case 'new-message':
      return arrived(event.senderId === me ? stored(unsent, event) : unsent, timelines, me);
    case 'page_history':
      return arrived(unsent, timelines, me);
    default:
      return unsent;
  }
}

/**
 * @param {Record<string, any>} event
 * @param {number} now
 * @returns {Unsent}
 */
function written({ clientMessageId, conversationId, body }, now) {
  return {
    clientMessageId,
    conversationId,
    body,
    writtenAt: now,
    phase: 'sending',
    refusal: null,
    messageSeq: null,
  };
}

/**
 * @param {readonly Unsent[]} unsent
 * @param {import('../store.js').Event} confirmation
 */
function stored(unsent, { clientMessageId, messageSeq }) {
  return withOne(unsent, clientMessageId, { phase: 'sent', refusal: null, messageSeq });
}

/**
 * @param {readonly Unsent[]} unsent
 * @param {string} clientMessageId
 * @param {Partial<Unsent>} change
 */
function withOne(unsent, clientMessageId, change) {
  return unsent.map((one) => (one.clientMessageId === clientMessageId ? { ...one, ...change } : one));
}

/**
 * @param {readonly Unsent[]} unsent
 * @param {import('./timelines.js').Timelines} timelines
 * @param {string | undefined} me
 * @returns {readonly Unsent[]} without those that stand in their conversations
 */
function arrived(unsent, timelines, me) {
  return unsent.filter(({ conversationId, clientMessageId, messageSeq }) => {
    const { messages, end } = timelines.get(conversationId) ?? NOTHING;
    // An answer may be lost on its way, and its message come with the history.
    const isIt = (/** @type {import('./message.js').Message} */ message) => message.senderId === me && message.clientMessageId === clientMessageId;
    return messageSeq === null ? !messages.some(isIt) : messageSeq > end;
  });
}
