/**
 * In which words a refusal about friends is told: the key of a text in `messages/`.
 */

/** Codes that have words of their own. */
const TOLD = ['NOT_FOUND', 'BAD_REQUEST', 'CONFLICT', 'RATE_LIMITED'];

/**
 * @param {{code: string}} refusal
 * @returns {string}
 */
export function refusalKey({ code }) {
  if (code === 'DISCONNECTED') return 'notice.offline';
  return TOLD.includes(code) ? `friends.fault.${code}` : 'friends.fault.other';
}
