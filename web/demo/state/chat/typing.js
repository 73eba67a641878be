/**
 * Who is typing where. The server ends it; if that event is lost with a link, a timeout does.
 */

/**
 * By conversation and person: until when, on this page's clock.
 * @typedef {ReadonlyMap<string, ReadonlyMap<string, number>>} Typing
 */

/** @type {Typing} */
export const NO_TYPING = new Map();

/**
 * @param {Typing} typing
 * @param {import('../store.js').Event} event
 * @param {number} now
 * @returns {Typing}
 */
export function reduceTyping(typing, event, now) {
  switch (event.type) {
    case 'connected':
      return NO_TYPING;
    case 'typing-start':
      return withTypist(typing, event.conversationId, event.userId, now + event.expiresInMs);
    case 'typing-stop':
      return withTypist(typing, event.conversationId, event.userId, null);
    case 'new-message':
      return withTypist(typing, event.conversationId, event.senderId, null);
    default:
      return typing;
  }
}

/**
 * @param {Typing} typing
 * @param {string} conversationId
 * @param {number} now
 * @returns {string[]} user ids, who began first first
 */
export function typistsIn(typing, conversationId, now) {
  const typists = typing.get(conversationId) ?? new Map();
  return [...typists].filter(([, until]) => until > now).map(([userId]) => userId);
}

/**
 * @param {Typing} typing
 * @param {string} conversationId
 * @param {string} userId
 * @param {number | null} until null for no more
 * @returns {Typing}
 */
function withTypist(typing, conversationId, userId, until) {
  const old = typing.get(conversationId);
  if (until === null && !old?.has(userId)) return typing;
  const typists = new Map(old);
  if (until === null) typists.delete(userId);
  else typists.set(userId, until);
  return new Map(typing).set(conversationId, typists);
}
