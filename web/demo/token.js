/**
 * What a page may read in its own token. Pure. Only the server can check it.
 */

import { readClaims } from '../client/src/index.js';

/**
 * @param {string} token a JSON Web Token
 * @returns {{userId: string, role: string, name: string | null, avatar: string | null} | null} null
 *   where it cannot be read
 */
export function readToken(token) {
  const { sub, role, name, avatar } = readClaims(token) ?? {};
  if (typeof sub !== 'string' || typeof role !== 'string') return null;
  const text = (/** @type {unknown} */ value) => (typeof value === 'string' ? value : null);
  return { userId: sub, role, name: text(name), avatar: text(avatar) };
}
