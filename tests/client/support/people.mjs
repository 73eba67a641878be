// People with clients of their own at a real server.

import { createHmac } from 'node:crypto';

import { WebSocket } from 'ws';

import { createOtomo } from '../../../web/client/src/index.js';

/** How long anything may take to come about, in milliseconds. */
export const PATIENCE_MS = 15_000;

/** A server with a secret of its own signs with this. */
export const SECRET = 'a secret of the tests, long enough for the rule';

/**
 * @param {string} url of the server in development mode
 * @param {string} userId
 * @param {'user' | 'otomo'} [role]
 * @returns {Promise<string>}
 */
export async function lent(url, userId, role = 'user') {
  const answer = await fetch(new URL('/dev/token', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, role, name: userId }),
  });
  if (!answer.ok) throw new Error(`/dev/token answered ${answer.status}`);
  return (await answer.json()).token;
}

/** A token that is good for a while, of a server with `SECRET`. */
export function signed(userId, seconds, role = 'user') {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: userId, role, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

/**
 * A client that keeps what it heard.
 *
 * @param {string} url
 * @param {import('../../../web/client/src/options.js').OtomoOptions} options
 */
export function person(url, options) {
  // Node.js 20 has no WebSocket of its own.
  const otomo = createOtomo({ url, storage: null, WebSocket, ...options });
  const heard = [];
  otomo.on('*', (event) => heard.push(event));
  return Object.assign(otomo, {
    heard,
    /** The events of a type. */
    of: (type) => heard.filter((event) => event.type === type),
  });
}

/** @param {import('../../../web/client/src/index.js').Otomo} otomo */
export const live = (otomo) => come(otomo.link, ({ phase }) => phase === 'live', 'live');

/**
 * @template T
 * @param {import('../../../web/client/src/store.js').Store<T>} store
 * @param {(snapshot: T) => boolean} wanted
 * @param {string} [what] for the message of a failed test
 * @returns {Promise<T>} once the store holds what is wanted
 */
export function come(store, wanted, what = 'what is wanted') {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (!wanted(store.get())) return;
      end();
      clearTimeout(late);
      resolve(store.get());
    };
    const end = store.subscribe(look);
    const late = setTimeout(() => {
      end();
      reject(new Error(`never ${what}: ${JSON.stringify(store.get())}`));
    }, PATIENCE_MS);
    look();
  });
}

/**
 * @param {ReturnType<typeof person>} otomo
 * @param {string} type
 * @param {(event: any) => boolean} [wanted]
 * @returns {Promise<any>} the first such event, also one from before
 */
export function hears(otomo, type, wanted = () => true) {
  const before = otomo.of(type).find(wanted);
  if (before !== undefined) return Promise.resolve(before);
  return new Promise((resolve, reject) => {
    const off = otomo.on(type, (event) => {
      if (!wanted(event)) return;
      off();
      clearTimeout(late);
      resolve(event);
    });
    const late = setTimeout(() => {
      off();
      reject(new Error(`never heard ${type}`));
    }, PATIENCE_MS);
  });
}
