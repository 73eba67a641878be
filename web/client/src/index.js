/**
 * `otomo-client`: presence, calls, chat, friends and points of an Otomo server, for pages and for Node.js.
 *
 * ```js
 * const otomo = createOtomo({ url: 'https://rt.example.com', token: async () => (await fetch('/token')).text() });
 * otomo.on('new-message', ({ body }) => console.log(body));
 * otomo.start();
 * ```
 */

import { Otomo } from './otomo.js';

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

export { Otomo } from './otomo.js';
export { OtomoError } from './errors.js';
export { newId } from './id.js';
export { NO_CALL } from './calls/state.js';
export { createStore } from './store.js';
export { STATUSES } from './stores/otomos.js';
export { TOPICS } from './options.js';
