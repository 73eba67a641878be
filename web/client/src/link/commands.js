/**
 * What the protocol says of each command: whether it is answered, and whether repeating it is harmless.
 */

/** Commands that the server carries out without an answer. */
export const ANSWERLESS = new Set([
  'init_connection',
  'call_ringing',
  'call_connected',
  'webrtc_offer',
  'webrtc_answer',
  'ice_candidate',
  'typing-start',
  'typing-stop',
  'chat_message',
]);

/**
 * Commands that may be said twice: the second time changes nothing, and is answered like the first. They name
 * what they are about (a call, a message, a cursor that only moves forward, a room, a status).
 */
export const REPEATABLE = new Set([
  'message_send',
  'message-read',
  'call_request',
  'call_accept',
  'call_reject',
  'call_cancel',
  'call_end_request',
  'otomo_status_set',
  'room_join',
  'room_leave',
  'join_game',
  'leave_game',
  'heartbeat',
  'ping',
]);

/**
 * Whether what comes of a command is for the app's backend to say, as of every command that the protocol does not know: it may
 * take as long as the backend likes, and nothing that is asked meanwhile depends on it.
 *
 * @param {string} type
 */
export function isAction(type) {
  return !ANSWERLESS.has(type) && !REPEATABLE.has(type) && type !== 'token_refresh';
}

/** The name by which the server knows a repeat; the client makes one where the app gives none. @type {Record<string, string>} */
export const NAMED_BY = { message_send: 'clientMessageId', call_request: 'callId' };

/**
 * @param {string} type
 * @param {Record<string, any>} fields
 * @param {() => string} newId
 * @returns {Record<string, any>} with the name by which a repeat is known
 */
export function named(type, fields, newId) {
  const name = NAMED_BY[type];
  return name === undefined || fields[name] !== undefined ? fields : { ...fields, [name]: newId() };
}
