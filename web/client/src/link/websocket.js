/**
 * A WebSocket as a wire.
 */

import { parsed } from '../errors.js';
import { within } from '../within.js';
import { ABANDONED, BROKEN } from './close_codes.js';

/**
 * What carries a connection. It ends with the close codes of the protocol, whatever it is made of.
 *
 * @typedef {object} Wire
 * @property {Transport} transport
 * @property {((message: any) => void) | null} onmessage
 * @property {(() => void) | null} onalive a sign of life that is no message
 * @property {((end: WireEnd) => void) | null} onclose
 * @property {(text: string) => void} send
 * @property {(code: number) => void} close without `onclose`; 1000 says goodbye
 *
 * @typedef {'websocket' | 'sse'} Transport
 *
 * @typedef {object} WireEnd
 * @property {number} code
 * @property {import('./backoff.js').Closing} [closing] what a refusal said, where the server could not say it in the stream
 *
 * What is used of a WebSocket, so that other implementations than a browser's fit too.
 * @typedef {object} SocketLike
 * @property {any} onopen
 * @property {any} onmessage with a string as `data`
 * @property {any} onerror
 * @property {any} onclose with a `code`
 * @property {(text: string) => void} send
 * @property {(code?: number) => void} close
 *
 * @typedef {new (url: string, protocols?: string | string[]) => SocketLike} WebSocketClass
 */

/**
 * @param {object} way
 * @param {WebSocketClass} way.WebSocket
 * @param {string} way.url
 * @param {string} way.token
 * @param {(what: string, detail: unknown) => void} way.log
 * @returns {Wire} one that is being opened
 */
export function openWebSocket({ WebSocket, url, token, log }) {
  // The token travels as a subprotocol: unlike the address it is not written into logs.
  const socket = new WebSocket(url, ['bearer', token]);
  /** @type {Wire} */
  const wire = {
    transport: 'websocket',
    onmessage: null,
    onalive: null,
    onclose: null,
    send: (text) => socket.send(text),
    close(code) {
      wire.onmessage = wire.onclose = wire.onalive = null;
      socket.close(code);
    },
  };
  socket.onmessage = (/** @type {{data: string}} */ { data }) => {
    const message = parsed(data);
    if (message !== null) {
      wire.onmessage?.(message);
      return;
    }
    log('not a message', data);
    const { onclose } = wire;
    wire.close(ABANDONED);
    onclose?.({ code: BROKEN });
  };
  // Says nothing that the close does not; without a listener some implementations throw.
  socket.onerror = () => {};
  socket.onclose = (/** @type {{code: number}} */ { code }) => wire.onclose?.({ code });
  return wire;
}

/**
 * Whether WebSockets come through. Nobody is signed in by it: the server waits for a token that does not come.
 *
 * @param {WebSocketClass} WebSocket
 * @param {string} url
 * @param {import('../clock.js').Clock} clock
 * @param {number} limitMs
 * @returns {Promise<boolean>}
 */
export function comesThrough(WebSocket, url, clock, limitMs) {
  const look = (/** @type {AbortSignal} */ signal) =>
    new Promise((resolve) => {
      const socket = new WebSocket(url);
      const settle = (/** @type {boolean} */ answer) => {
        socket.onopen = socket.onclose = null;
        socket.close(1000);
        resolve(answer);
      };
      socket.onopen = () => settle(true);
      socket.onerror = () => {};
      socket.onclose = () => settle(false);
      signal.addEventListener('abort', () => settle(false));
    });
  return within(clock, limitMs, look, { what: 'a WebSocket' }).catch(() => false);
}
