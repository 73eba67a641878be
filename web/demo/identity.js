/**
 * Who this tab is. In development the server lends identities (`/dev/...`); elsewhere those paths do not
 * exist and the person pastes a token of the app.
 */

import { borrowToken } from '../shared/dev.js';

/**
 * @typedef {object} Identity
 * @property {string} userId
 * @property {string} role `user`, `otomo`, `admin` or `service`
 * @property {string | null} name
 * @property {string | null} avatar
 * @property {string} token
 * @property {boolean} lent whether the server's development mode can issue its next token
 * @property {number} [pricePerMinute] what a call with them costs, as far as this page has set it
 */

/**
 * @param {{userId: string, role: string, name: string | null, avatar?: string | null}} person
 * @returns {Promise<Identity>}
 * @throws {Error} the server gave no token
 */
export async function borrowIdentity({ userId, role, name, avatar = null }) {
  const token = await borrowToken({ userId, role, name });
  return { userId, role, name, avatar, token, lent: true };
}
