/**
 * Makes an attempt: asks for the token and the device, knows the position, picks the transport, opens the wire.
 */

import { within } from '../within.js';
import { EventStream } from './event_stream.js';
import { readToken } from './jwt.js';
import { comesThrough, openWebSocket } from './websocket.js';

/** How long a look at the server may take, in milliseconds. */
const LOOK_MS = 5_000;

/**
 * @typedef {object} Way
 * @property {string} base where the server is, without a slash at the end
 * @property {string} topics
 * @property {() => Promise<string>} device
 * @property {typeof globalThis.fetch} fetch
 * @property {import('./websocket.js').WebSocketClass} WebSocket
 * @property {import('../clock.js').Clock} clock
 * @property {import('./tokens.js').Tokens} tokens
 * @property {import('./position.js').Position} position
 * @property {import('./transports.js').Transports} transports
 * @property {(what: string, detail: unknown) => void} log
 */

export class Dialer {
  #way;

  /** @param {Way} way */
  constructor(way) {
    this.#way = way;
  }

  /**
   * @returns {Promise<import('./websocket.js').Wire>} one that is being opened
   * @throws {OtomoError} `NO_TOKEN`
   */
  async dial() {
    const { tokens, position, transports, base, fetch, clock, log } = this.#way;
    const token = await tokens.get();
    const device = await this.#way.device();
    const { userId } = readToken(token);
    position.of(userId);
    const transport = transports.next(transports.wantsLook && (await this.#httpGetsThrough()));
    const query = this.#query(device);
    if (transport === 'sse') return new EventStream({ fetch, base, query, token: () => tokens.current ?? '', clock, log });
    return openWebSocket({ WebSocket: this.#way.WebSocket, url: this.#socketUrl(query), token, log });
  }

  /** @returns {Promise<boolean>} whether WebSockets come through */
  async webSocketsComeThrough() {
    const { WebSocket, clock } = this.#way;
    return comesThrough(WebSocket, this.#socketUrl(new URLSearchParams()), clock, LOOK_MS);
  }

  /** @param {string} device */
  #query(device) {
    const { position, topics } = this.#way;
    const query = new URLSearchParams({ device });
    if (topics !== '') query.set('topics', topics);
    if (position.seq !== null) query.set('lastSeq', String(position.seq));
    return query;
  }

  /** @param {URLSearchParams} query */
  #socketUrl(query) {
    return `${this.#way.base.replace(/^http/, 'ws')}/ws?${query}`;
  }

  /** Whether anything answers there: that it does is enough, so pages of other origins may ask too. */
  async #httpGetsThrough() {
    const { fetch, base, clock } = this.#way;
    const look = (/** @type {AbortSignal} */ signal) => fetch(`${base}/health/live`, { mode: 'no-cors', cache: 'no-store', signal });
    return within(clock, LOOK_MS, look, { what: '/health/live' }).then(() => true, () => false);
  }
}
