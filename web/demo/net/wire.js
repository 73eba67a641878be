/**
 * What carries a connection: a WebSocket, or an event stream with posted commands (`event_stream.js`).
 *
 * Both look like a WebSocket to the connection, with the four members that it uses, and end with the close
 * codes of the protocol. Everything else (when to come back, what was lost, who waits for an answer) is the
 * connection's and the same for both.
 */

import { EventStream } from './event_stream.js';

/**
 * @typedef {'websocket' | 'sse'} Transport
 *
 * @typedef {object} Wire
 * @property {((event: any) => void) | null} onmessage with `data`, a message as JSON
 * @property {((event: any) => void) | null} onclose with `code`
 * @property {(text: string) => void} send
 * @property {(code: number) => void} close
 *
 * @typedef {object} WireOptions
 * @property {string} device
 * @property {string} topics
 * @property {number} lastSeq
 * @property {() => string} token asked anew for each request
 */

/** What there is to choose from, the usual one first. @type {readonly Transport[]} */
export const TRANSPORTS = Object.freeze(['websocket', 'sse']);

/**
 * @param {Transport} transport
 * @param {WireOptions} options
 * @returns {Wire} one that is being opened
 */
export function openWire(transport, { device, topics, lastSeq, token }) {
  const query = new URLSearchParams({ device, topics, lastSeq: String(lastSeq) });
  if (transport === 'sse') return new EventStream(query, token);
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  // The token travels as a subprotocol: unlike the address it is not written into logs.
  return new WebSocket(`${scheme}://${location.host}/ws?${query}`, ['bearer', token()]);
}
