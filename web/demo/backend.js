/**
 * What an app's own backend would do, for trials: development mode lends its role as well (`/dev/token`). A real page
 * never holds such a token.
 */

import { createRest, newId, OtomoError } from '../client/src/index.js';
import { borrowIdentity } from './identity.js';

/**
 * @typedef {import('./identity.js').Identity} Identity
 * @typedef {import('../client/types/rest_api.js').Role} Role
 */

/**
 * Grants points, or takes some. Where there are too few, their person is told so by the server (`sp_insufficient`).
 *
 * @param {string} userId
 * @param {number} amount negative to take
 * @throws {OtomoError}
 */
export async function changePoints(userId, amount) {
  const rest = await backend();
  const order = amount > 0 ? 'grant' : 'consume';
  const body = { amount: Math.abs(amount), transaction_type: amount > 0 ? 'trial_grant' : 'trial_use' };
  try {
    await rest.post(`/api/server/points/${encodeURIComponent(userId)}/${order}`, body, { idempotencyKey: newId() });
  } catch (error) {
    if (!(error instanceof OtomoError) || error.code !== 'INSUFFICIENT_POINTS') throw error;
  }
}

/**
 * Sets what a call with somebody costs a minute.
 *
 * @param {Identity} person
 * @param {number} pricePerMinute 0 for nothing
 * @throws {OtomoError}
 */
export async function changePrice({ userId, role, name, avatar }, pricePerMinute) {
  const rest = await backend();
  // The server took the token that it is from.
  const known = /** @type {Role} */ (role);
  const body = { role: known, name: name ?? '', avatar, pricePerMinute };
  await rest.put(`/api/server/users/${encodeURIComponent(userId)}`, body);
}

/** REST that speaks for the backend. */
async function backend() {
  const { token } = await borrowIdentity({ userId: 'dev-backend', role: 'service', name: null });
  return createRest({ token });
}
