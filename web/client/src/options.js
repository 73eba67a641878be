/**
 * What a client is made with: checked once, with a default for all that may be left out.
 */

import { defaultClock, pageClock } from './clock.js';

/** What there is to listen to. */
export const TOPICS = Object.freeze(['otomo', 'calls', 'chat', 'friends', 'rooms', 'points']);

/**
 * @typedef {object} OtomoOptions
 * @property {string} [url] where the server is, as `https://rt.example.com`, with the path that a proxy puts before it;
 *   the page's own origin by default
 * @property {import('./link/tokens.js').TokenSource} token a JSON Web Token, or a function that gets one each time one is
 *   needed and is told why (`connect`, `expiring`, `expired`, `unauthorized`). A function that throws, or gives what is no
 *   such token, is asked again with the next attempt; one that gives nothing, or throws an `OtomoError` with the code `UNAUTHORIZED`, ends it (`refused`)
 * @property {'auto' | import('./link/websocket.js').Transport} [transport] `auto`: a WebSocket, or an event stream where
 *   something on the way refuses WebSockets, or there are none
 * @property {string | Promise<string>} [device] what this device is called over reconnects and reloads; in a browser
 *   the tab by default, elsewhere a new one each time
 * @property {readonly string[]} [topics] what to listen to: `otomo`, `calls`, `chat`, `friends`, `rooms`, `points`; all by
 *   default
 * @property {import('./link/position.js').KeyValue | null} [storage] where position, device, transport, muting and goodbyes outlive a reload;
 *   `sessionStorage` by default where there is one, null for nowhere. It belongs to one tab: two that share one would take
 *   each other's device and position
 * @property {'now' | 'oldest'} [startAt] where a user without a saved position begins: with what comes from now on, or with
 *   all durable events that the server still keeps. `now` by default
 * @property {import('./link/websocket.js').WebSocketClass} [WebSocket] for where there is no global one (Node.js before 22);
 *   without one all goes by event stream
 * @property {typeof globalThis.fetch} [fetch]
 * @property {import('./calls/calls.js').CallOptions | false} [calls] microphone and peer connections; false where the app answers
 *   and speaks by itself, with the protocol's own commands: `otomo.calls` then shows and does nothing
 * @property {(what: string, detail: unknown) => void} [log] hears of faults that the client mends itself, as `console.debug`
 *   would; nobody by default, but `console.warn` hears of a token function that gives no token
 * @property {import('./clock.js').Clock} [clock] for tests
 * @property {() => number} [random] for tests: from 0 up to 1
 */

/**
 * @param {OtomoOptions} options
 * @throws {TypeError} names what is wrong
 */
export function checked(options) {
  const { transport = 'auto', topics = TOPICS, startAt = 'now', storage = tabStorage() } = options ?? {};
  const asked = checkedRest(options);
  const WebSocket = options.WebSocket ?? globalThis.WebSocket;
  oneOf('startAt', startAt, ['now', 'oldest']);
  for (const topic of topics) oneOf('topics', topic, TOPICS);
  return {
    ...asked,
    transport: chosen(transport, WebSocket),
    topics,
    startAt,
    storage,
    device: options.device,
    WebSocket,
    calls: options.calls ?? {},
    log: options.log ?? (() => {}),
    warn: options.log ?? ((/** @type {string} */ what, /** @type {unknown} */ detail) => console.warn(`otomo: ${what}`, detail)),
    clock: options.clock ?? defaultClock(),
    random: options.random ?? Math.random,
  };
}

/**
 * @param {string} transport
 * @param {import('./link/websocket.js').WebSocketClass | undefined} WebSocket
 * @returns {import('./link/websocket.js').Transport | 'auto'} one that there is here
 * @throws {TypeError} names what is wrong
 */
export function chosen(transport, WebSocket) {
  oneOf('transport', transport, ['auto', 'websocket', 'sse']);
  if (WebSocket !== undefined) return /** @type {any} */ (transport);
  if (transport === 'websocket') throw new TypeError('WebSocket: there is none here; pass one, or another transport');
  return 'sse';
}

/**
 * What REST alone needs. Nobody closes it, so its timers are those of the page.
 *
 * @param {Pick<OtomoOptions, 'token' | 'url' | 'fetch' | 'clock'>} options
 * @throws {TypeError} names what is wrong
 */
export function checkedRest(options) {
  const { token, url, clock = pageClock() } = options ?? {};
  if (typeof token !== 'function' && (typeof token !== 'string' || token === '')) {
    throw new TypeError('token: a string, or a function that gets one');
  }
  // Called as a function of nobody: a browser's own refuses to be anybody's method.
  const fetch = options.fetch ?? ((/** @type {any} */ input, /** @type {any} */ init) => globalThis.fetch(input, init));
  return { token, base: baseOf(url), fetch, clock };
}

/**
 * @param {string} name
 * @param {string} value
 * @param {readonly string[]} allowed
 */
function oneOf(name, value, allowed) {
  if (!allowed.includes(value)) throw new TypeError(`${name}: ${value} is none of ${allowed.join(', ')}`);
}

/** @param {string | undefined} url */
function baseOf(url) {
  const given = url ?? globalThis.location?.origin;
  if (given === undefined) throw new TypeError('url: where the server is');
  const { protocol, origin, pathname } = addressOf(given);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`url: ${given} is neither http nor https`);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** @param {string} given */
function addressOf(given) {
  try {
    return new URL(given, globalThis.location?.href);
  } catch (error) {
    throw new TypeError(`url: ${given} is no address`, { cause: error });
  }
}

/** @returns {import('./link/position.js').KeyValue | null} */
function tabStorage() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    // Forbidden, as in a sandboxed frame.
    return null;
  }
}
