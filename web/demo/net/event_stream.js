/**
 * Server-Sent Events behind the interface of a WebSocket: messages are read from `/sse`, commands are posted to
 * `/api/commands`, and their answers are delivered as if they had come in the stream.
 *
 * Why not `EventSource`'s own reconnect: one place decides when to come back, for both transports, and puts the
 * position in the stream into the address.
 *
 * Over HTTP/1.1 a browser keeps six connections to one server, for all its tabs together: with six such streams
 * none is left for commands. HTTP/2 has no such limit.
 */

import { refusalFrom } from './refused.js';

/** The close code of a link that just broke. */
const BROKEN = 1006;

/** The close code by which a client says goodbye. */
const GOODBYE = 1000;

/** Close codes of refusals for which there is more to do than to try again. @type {Record<string, number>} */
const CLOSE_CODES = { UNAUTHORIZED: 4001, TOKEN_EXPIRED: 4202, FORBIDDEN: 4003 };

export class EventStream {
  /** @type {((event: {data: string}) => void) | null} */
  onmessage = null;
  /** @type {((event: {code: number}) => void) | null} */
  onclose = null;
  #source;
  #token;
  #device;
  /** The server's name for this stream, once it is open: commands say for whom they are. @type {string | null} */
  #session = null;
  /** The commands on their way, each after the answer to the one before: posts alone would overtake each other. */
  #posted = Promise.resolve();
  /** Whether one of the two sides has ended it. */
  #over = false;

  /**
   * @param {URLSearchParams} query
   * @param {() => string} token
   */
  constructor(query, token) {
    this.#token = token;
    this.#device = query.get('device') ?? '';
    // An EventSource sends no headers, so its token is in the address.
    const address = new URLSearchParams([...query, ['events', 'unnamed'], ['token', token()]]);
    this.#source = new EventSource(`/sse?${address}`);
    this.#source.onmessage = ({ data }) => {
      this.#session ??= JSON.parse(data).sessionId;
      this.onmessage?.({ data });
    };
    this.#source.onerror = () => this.#broke();
  }

  /** @param {string} text a command */
  send(text) {
    this.#posted = this.#posted.then(() => this.#post(text));
  }

  /** @param {number} code 1000 says goodbye; a stream that merely ends looks like a reload */
  close(code) {
    this.#over = true;
    this.#source.onmessage = null;
    this.#source.onerror = () => this.#source.close();
    if (code === GOODBYE) this.#leave();
    else this.#source.close();
  }

  /** The goodbye first: to a server that finds the stream closed before, this side may be back in a moment. */
  async #leave() {
    const device = new URLSearchParams({ device: this.#device });
    const post = { method: 'POST', headers: this.#headers(), keepalive: true };
    await fetch(`/api/logout?${device}`, post).catch((error) => console.warn('no goodbye:', error));
    this.#source.close();
  }

  /** @param {string} text */
  async #post(text) {
    if (this.#over) return;
    const { requestId } = JSON.parse(text);
    try {
      const session = new URLSearchParams({ session: this.#session ?? '' });
      const post = { method: 'POST', headers: this.#headers(), body: text };
      const answer = await fetch(`/api/commands?${session}`, post);
      if (answer.ok) {
        if (answer.status === 200) this.onmessage?.({ data: await answer.text() });
        return;
      }
      const { code, message, context } = await refusalFrom(answer);
      // The server knows no such stream any more: it is over, also if nobody has told this side yet.
      if (answer.status === 404 && code === 'NOT_FOUND') this.#broke();
      else this.onmessage?.({ data: JSON.stringify({ type: 'error', code, message, context, requestId }) });
    } catch {
      this.#broke();
    }
  }

  #headers() {
    return { authorization: `Bearer ${this.#token()}`, 'content-type': 'application/json' };
  }

  async #broke() {
    if (this.#over) return;
    this.#over = true;
    const refused = this.#session === null && this.#source.readyState === EventSource.CLOSED;
    this.#source.close();
    const code = refused ? await this.#whyRefused() : BROKEN;
    this.onclose?.({ code });
  }

  /**
   * An EventSource does not tell with which status it was refused; the same token elsewhere meets the same.
   * @returns {Promise<number>} a close code
   */
  async #whyRefused() {
    const answer = await fetch('/api/me', { headers: this.#headers() }).catch(() => null);
    if (answer === null || answer.ok) return BROKEN;
    const { code } = await refusalFrom(answer);
    return CLOSE_CODES[code] ?? BROKEN;
  }
}
