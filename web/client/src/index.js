/**
 * `otomo-client`: presence, calls, chat, friends and points of an Otomo server, for pages and for Node.js.
 *
 * ```js
 * const otomo = createOtomo({ url: 'https://rt.example.com', token: async () => (await fetch('/token')).text() });
 * otomo.on('new-message', ({ body }) => console.log(body));
 * otomo.start();
 * ```
 */

import { Tokens } from './link/tokens.js';
import { checkedRest } from './options.js';
import { Otomo } from './otomo.js';
import { Rest } from './rest.js';

/**
 * @typedef {import('./options.js').OtomoOptions} OtomoOptions
 * @typedef {import('./link/tokens.js').TokenReason} TokenReason
 * @typedef {import('./link/tokens.js').TokenSource} TokenSource
 * @typedef {import('./link/websocket.js').Transport} Transport
 * @typedef {import('./link/connection.js').Link} Link
 * @typedef {import('./link/requests.js').RequestOptions} RequestOptions
 * @typedef {import('./stores/otomos.js').OtomoPerson} OtomoPerson
 * @typedef {import('./stores/otomos.js').OtomoStatus} OtomoStatus
 * @typedef {import('./stores/unread.js').Unread} Unread
 * @typedef {import('./stores/typing.js').Typing} Typing
 * @typedef {import('./stores/friends.js').Friends} Friends
 * @typedef {import('./stores/points.js').Points} Points
 * @typedef {import('./calls/state.js').Call} Call
 * @typedef {import('./calls/state.js').Person} Person
 * @typedef {import('./calls/voice.js').CallOptions} CallOptions
 * @typedef {import('./calls/stats.js').Quality} Quality
 * @typedef {import('./otomo.js').EventMap} EventMap
 * @typedef {import('./otomo.js').CommandMap} CommandMap
 * @typedef {import('./otomo.js').OtomoEvent} OtomoEvent
 * @typedef {import('./otomo.js').AppEvent} AppEvent
 */

/**
 * What views see of a store.
 * @template T
 * @typedef {import('./store.js').Store<T>} Store
 */

/**
 * What may be said with a request.
 * @template {object} [Query=Record<string, string | number | boolean>]
 * @typedef {import('./rest.js').RestOptions<Query>} RestOptions
 */

/**
 * An event as listeners get it.
 * @template {string} Type
 * @typedef {import('./otomo.js').EventOf<Type>} EventOf
 */

/**
 * Makes a client; `start` connects it.
 *
 * @param {import('./options.js').OtomoOptions} options
 * @returns {Otomo}
 * @throws {TypeError} an option that cannot be right
 */
export function createOtomo(options) {
  return new Otomo(options);
}

/**
 * REST without a connection: for a page that only asks, or for somebody else's token.
 *
 * @param {Pick<import('./options.js').OtomoOptions, 'url' | 'token' | 'fetch' | 'clock'>} options
 * @returns {Rest}
 * @throws {TypeError} an option that cannot be right
 */
export function createRest(options) {
  const { token, base, fetch, clock } = checkedRest(options);
  return new Rest({ base, fetch, clock, tokens: new Tokens(token, clock) });
}

export { Otomo } from './otomo.js';
export { OtomoError } from './errors.js';
export { newId } from './id.js';
export { Rest } from './rest.js';
export { claimDevice } from './device.js';
export { isLive, NO_CALL } from './calls/state.js';
export { IDLE } from './link/connection.js';
export { readClaims } from './link/jwt.js';
export { createStore } from './store.js';
export { NO_FRIENDS } from './stores/friends.js';
export { STATUSES } from './stores/otomos.js';
export { NO_POINTS } from './stores/points.js';
export { NO_UNREAD } from './stores/unread.js';
export { TOPICS } from './options.js';
