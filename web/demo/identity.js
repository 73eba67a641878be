/**
 * Who this tab is. In development the server lends identities (`/dev/...`); elsewhere those paths do not
 * exist and the person pastes a token of the app.
 */

/**
 * @typedef {object} DevPerson somebody to be, in development
 * @property {string} userId
 * @property {'user' | 'otomo'} role
 * @property {string} name
 * @property {string | null} [avatar]
 *
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
 * @returns {Promise<DevPerson[] | null>} null where the server is not in development mode
 * @throws {Error} the server cannot be reached
 */
export async function fetchPeople() {
  const answer = await fetch('/dev/people');
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`/dev/people answered ${answer.status}`);
  return answer.json();
}

/**
 * @param {{userId: string, role: string, name: string | null, avatar?: string | null}} person
 * @returns {Promise<Identity>}
 * @throws {Error} the server gave no token
 */
export async function borrowIdentity({ userId, role, name, avatar = null }) {
  const answer = await fetch('/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, role, name }),
  });
  if (!answer.ok) throw new Error(`/dev/token answered ${answer.status}`);
  const { token } = await answer.json();
  return { userId, role, name, avatar, token, lent: true };
}
