/**
 * What the server lends in development mode (`/dev/...`): people to be, and tokens for them. Elsewhere those paths do not exist.
 */

/**
 * @typedef {object} DevPerson somebody to be, in development
 * @property {string} userId
 * @property {'user' | 'otomo'} role
 * @property {string} name
 * @property {string | null} [avatar]
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
 * @param {{userId: string, role: string, name: string | null}} person
 * @returns {Promise<string>} a token, good for an hour
 * @throws {Error} the server gave none
 */
export async function borrowToken({ userId, role, name }) {
  const answer = await fetch('/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, role, name }),
  });
  if (!answer.ok) throw new Error(`/dev/token answered ${answer.status}`);
  return (await answer.json()).token;
}
