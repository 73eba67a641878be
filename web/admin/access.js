/**
 * The admin's token: kept for this tab alone, and forgotten with it. In development mode the server lends one.
 */

import { readToken } from '../client/src/link/jwt.js';

const TOKEN = 'otomo.admin.token';
const LANGUAGE = 'otomo.language';

/** @returns {string | null} */
export function savedToken() {
  return sessionStorage.getItem(TOKEN);
}

/** @param {string | null} token null to forget it */
export function saveToken(token) {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/** @returns {string | null} */
export function savedLanguage() {
  return localStorage.getItem(LANGUAGE);
}

/** @param {string} language */
export function saveLanguage(language) {
  localStorage.setItem(LANGUAGE, language);
}

/**
 * @param {string} token
 * @returns {string | null} whose it is; null for what is no token
 */
export function ownerOf(token) {
  return readToken(token).userId;
}

/** @returns {Promise<boolean>} whether the server is in development mode, where anybody may borrow a token */
export async function lends() {
  return (await fetch('/dev/people')).ok;
}

/**
 * @returns {Promise<string>} an admin's token, good for an hour
 * @throws {Error} the server gave none
 */
export async function borrowToken() {
  const answer = await fetch('/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId: 'dev-admin', role: 'admin', name: 'Admin' }),
  });
  if (!answer.ok) throw new Error(`/dev/token answered ${answer.status}`);
  return (await answer.json()).token;
}
