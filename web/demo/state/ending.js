/**
 * In which words a call's end is told: the key of a text in `messages/`.
 */

import ja from '../messages/ja.js';

/**
 * @param {import('./client.js').Call} call an ended one
 * @returns {string}
 */
export function endingKey({ side, ending }) {
  if (ending === null) return 'ending.other';
  const { kind, reason } = ending;
  const own = side === 'caller' ? 'user_end' : 'otomo_end';
  const who = reason === own ? 'self' : 'peer';
  const key = kind === 'over' && reason.endsWith('_end') && reason !== 'admin_end' ? who : reason;
  const full = `ending.${kind}.${key}`;
  // A newer server may know more reasons than this page has words.
  return full in ja ? full : 'ending.other';
}

/**
 * Whether the end deserves a page of its own. Where nobody spoke, the one who was called needs a line at
 * most; the one who called wants to know why.
 *
 * @param {import('./client.js').Call} call an ended one
 * @returns {boolean}
 */
export function deservesSummary({ side, ending }) {
  return side === 'caller' || ending?.kind === 'over';
}
