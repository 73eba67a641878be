/**
 * One message, from an event (UNIX seconds) or from REST (ISO 8601).
 */

/**
 * @typedef {object} Message
 * @property {string} conversationId
 * @property {number} messageSeq
 * @property {string} senderId
 * @property {string} clientMessageId
 * @property {string} body
 * @property {number} createdAt the server's clock, milliseconds
 */

/**
 * @param {Record<string, any>} told an event, or an item of REST
 * @returns {Message}
 */
export function messageOf({ conversationId, messageSeq, senderId, clientMessageId, body, createdAt }) {
  return { conversationId, messageSeq, senderId, clientMessageId, body, createdAt: toMillis(createdAt) };
}

/**
 * @param {number | string} time UNIX seconds or ISO 8601
 * @returns {number} milliseconds
 */
export function toMillis(time) {
  return typeof time === 'number' ? time * 1000 : Date.parse(time);
}
