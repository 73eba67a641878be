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
    case 'message_send_ack': {
      const sent = withOne(unsent, clientMessageId, { phase: 'sent', refusal: null, messageSeq: event.messageSeq });
      return arrived(sent, timelines);
    }
    case 'new-message':
      return event.senderId === me ? unsent.filter((one) => one.clientMessageId !== clientMessageId) : unsent;
    case 'page_history':
      return arrived(unsent, timelines);
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
 * @param {string} clientMessageId
 * @param {Partial<Unsent>} change
 */
function withOne(unsent, clientMessageId, change) {
  return unsent.map((one) => (one.clientMessageId === clientMessageId ? { ...one, ...change } : one));
}

/**
 * @param {readonly Unsent[]} unsent
 * @param {import('./timelines.js').Timelines} timelines
 * @returns {readonly Unsent[]} without those that stand in their conversations
 */
function arrived(unsent, timelines) {
  return unsent.filter(
    ({ conversationId, messageSeq }) =>
      messageSeq === null || messageSeq > (timelines.get(conversationId)?.end ?? 0),
  );
}
