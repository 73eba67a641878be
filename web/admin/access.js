/**
 * The admin's token: kept for this tab alone, and forgotten with it. In development mode the server lends one.
 */

import { readClaims } from '../client/src/index.js';
import { borrowToken, fetchPeople } from '../shared/dev.js';

const TOKEN = 'otomo.admin.token';

/** @returns {string | null} */
export function savedToken() {
  return sessionStorage.getItem(TOKEN);
}

/** @param {string | null} token null to forget it */
export function saveToken(token) {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/**
 * @param {string} token
 * @returns {string | null} whose it is; null for what is no token
 */
export function ownerOf(token) {
  const { sub } = readClaims(token) ?? {};
  return typeof sub === 'string' ? sub : null;
}

/** @returns {Promise<boolean>} whether the server is in development mode, where anybody may borrow a token */
export async function lends() {
  return (await fetchPeople()) !== null;
}

/**
 * @returns {Promise<string>} an admin's token, good for an hour
 * @throws {Error} the server gave none
 */
export function borrowAdmin() {
  return borrowToken({ userId: 'dev-admin', role: 'admin', name: 'Admin' });
}
