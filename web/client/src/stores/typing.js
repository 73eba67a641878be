/**
 * Who is typing where. The server ends it; if that event is lost with a link, a timeout does.
 */

/** By conversation and person: until when, milliseconds since 1970. @typedef {Readonly<Record<string, Readonly<Record<string, number>>>>} TypingUntil */

/** @typedef {Readonly<Record<string, readonly string[]>>} Typing by conversation */

/** @type {TypingUntil} */
export const NOBODY_TYPING = Object.freeze({});

/**
 * @param {TypingUntil} state
 * @param {any} event
 * @param {number} now milliseconds since 1970
 * @returns {TypingUntil}
 */
export function reduceTyping(state, event, now) {
  switch (event.type) {
    case 'connected':
      return NOBODY_TYPING;
    case 'typing-start':
      return withTypist(state, event.conversationId, event.userId, now + event.expiresInMs);
    case 'typing-stop':
      return withTypist(state, event.conversationId, event.userId, null);
    case 'new-message':
      return withTypist(state, event.conversationId, event.senderId, null);
    default:
      return state;
  }
}

/**
 * @param {TypingUntil} state
 * @param {number} now
 * @returns {TypingUntil} without those whose time is over
 */
export function expired(state, now) {
  let next = state;
  for (const [conversationId, typists] of Object.entries(state)) {
    for (const [userId, until] of Object.entries(typists)) {
      if (until <= now) next = withTypist(next, conversationId, userId, null);
    }
  }
  return next;
}

/**
 * @param {TypingUntil} state
 * @returns {number} when the next one's time is over, milliseconds since 1970; `Infinity` where nobody types
 */
export function nextExpiry(state) {
  return Math.min(Infinity, ...Object.values(state).flatMap((typists) => Object.values(typists)));
}

/**
 * @param {TypingUntil} state
 * @param {Typing} old keeps its lists where they are the same
 * @returns {Typing}
 */
export function shown(state, old) {
  const next = Object.fromEntries(
    Object.entries(state).map(([conversationId, typists]) => {
      const [now, before] = [Object.keys(typists), old[conversationId] ?? []];
      return [conversationId, sameList(now, before) ? before : now];
    }),
  );
  const ids = Object.keys(next);
  const unchanged = ids.length === Object.keys(old).length && ids.every((id) => next[id] === old[id]);
  return unchanged ? old : next;
}

/**
 * @param {readonly string[]} a
 * @param {readonly string[]} b
 */
function sameList(a, b) {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/**
 * @param {TypingUntil} state
 * @param {string} conversationId
 * @param {string} userId
 * @param {number | null} until null for no more
 * @returns {TypingUntil}
 */
function withTypist(state, conversationId, userId, until) {
  const old = state[conversationId] ?? {};
  if (until !== null) return { ...state, [conversationId]: { ...old, [userId]: until } };
  if (!(userId in old)) return state;
  const { [userId]: _gone, ...rest } = old;
  if (Object.keys(rest).length > 0) return { ...state, [conversationId]: rest };
  const { [conversationId]: _empty, ...others } = state;
  return others;
}
