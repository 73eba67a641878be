/**
 * How much fits into one message. The server counts bytes of UTF-8, people count characters.
 */

/** The largest text, in bytes: the server's default (`chat.max_body`). What it really is comes with the first refusal. */
export const BODY_MAX = 8 * 1024;

/** From which share on one is told how much there is left. */
const NEARLY_FULL = 0.9;

const encoder = new TextEncoder();

/**
 * @param {number} max in bytes
 * @param {import('../store.js').Event} event
 * @returns {number} in bytes
 */
export function reduceBodyMax(max, { type, code, context }) {
  return type === 'page_send_failed' && code === 'MESSAGE_TOO_LARGE' ? (context?.max ?? max) : max;
}

/**
 * @param {string} text
 * @param {number} max in bytes
 * @returns {{fits: boolean, left: number | null}} `left`: how many more characters like these find room, below zero where
 *   there are too many; null while there is plenty
 */
export function roomIn(text, max) {
  const bytes = encoder.encode(text).length;
  if (bytes < max * NEARLY_FULL) return { fits: true, left: null };
  const bytesEach = bytes / [...text].length;
  // Rounded down: who goes by it is never refused.
  return { fits: bytes <= max, left: Math.floor((max - bytes) / bytesEach) };
}
