/**
 * Server-Sent Events as a wire: messages are read from `/sse`, commands are posted to `/api/commands`, and their
 * answers are delivered as if they had come in the stream.
 *
 * Read with `fetch`, not with `EventSource`: that one cannot send headers (so the token would stand in addresses, and in
 * logs), does not tell why it was refused, hides the server's signs of life, and comes back by a rule of its own.
 *
 * Over HTTP/1.1 a browser keeps six connections to one server, for all its tabs together: with six such streams
 * none is left for commands. HTTP/2 has no such limit.
 */

import { errorFrom } from '../errors.js';
import { within } from '../within.js';
import { BROKEN, GOODBYE } from './close_codes.js';
import { isAction } from './commands.js';
import { EventStreamParser } from './event_stream_parser.js';
import { ANSWER_MS } from './requests.js';

/**
 * How many actions may be on their way at once: each has one of the few connections that a browser keeps to one server, and the
 * stream and the other commands need theirs.
 */
export const ACTIONS_MAX = 2;

/** Close codes of refusals for which there is more to do than to try again. @type {Record<string, number>} */
const CLOSE_CODES = { UNAUTHORIZED: 4001, TOKEN_EXPIRED: 4202, FORBIDDEN: 4003, RATE_LIMITED: 4102 };

/** @implements {Wire} @typedef {import('./websocket.js').Wire} Wire */
export class EventStream {
  /** @type {'sse'} */
  transport = 'sse';
  /** @type {Wire['onmessage']} */
  onmessage = null;
  /** @type {Wire['onalive']} */
  onalive = null;
  /** @type {Wire['onclose']} */
  onclose = null;
  #way;
  /** Aborted once it is over, by whichever side. */
  #stream = new AbortController();
  #opened = false;
  /** The server's name for this stream, once it is open: commands say for whom they are. @type {string | null} */
  #session = null;
  /** The commands on their way, each after the answer to the one before: posts alone would overtake each other. */
  #posted = Promise.resolve();
  /** Actions are on their way beside them, and hold nothing up. @type {{underWay: number, waiting: (() => Promise<void>)[]}} */
  #actions = { underWay: 0, waiting: [] };
  /** How long the answer to a command may take, in milliseconds: those behind it wait as long. */
  #patienceMs = ANSWER_MS;
  /** Whether this side says goodbye. */
  #leaving = false;

  /**
   * @param {object} way
   * @param {typeof globalThis.fetch} way.fetch
   * @param {string} way.base where the server is
   * @param {URLSearchParams} way.query
   * @param {() => string} way.token asked anew for each request
   * @param {import('../clock.js').Clock} way.clock
   * @param {(what: string, detail: unknown) => void} way.log
   */
  constructor(way) {
    this.#way = way;
    this.#read();
  }

  /** @param {string} text a command */
  send(text) {
    const { type, requestId } = JSON.parse(text);
    const post = () => this.#post(text, requestId);
    // The question whether anything gets through does not wait behind what may not.
    if (type === 'heartbeat') post();
    else if (isAction(type)) this.#act(post);
    else this.#posted = this.#posted.then(post);
  }

  /** @param {() => Promise<void>} post an action, once there is room for it */
  #act(post) {
    const actions = this.#actions;
    if (actions.underWay === ACTIONS_MAX) {
      actions.waiting.push(post);
      return;
    }
    actions.underWay += 1;
    post().finally(() => {
      actions.underWay -= 1;
      const next = actions.waiting.shift();
      if (next !== undefined) this.#act(next);
    });
  }

  /** @param {number} code 1000 says goodbye; a stream that merely ends looks like a reload */
  close(code) {
    this.onmessage = this.onclose = this.onalive = null;
    if (code === GOODBYE && this.#opened) this.#leave();
    else this.#stream.abort();
  }

  /**
   * What was said before (but for what actions answer), then the goodbye, and then the end: to a server that finds the stream closed before, this side may
   * be back in a moment.
   */
  async #leave() {
    this.#leaving = true;
    await this.#posted;
    const device = new URLSearchParams({ device: this.#way.query.get('device') ?? '' });
    const post = { method: 'POST', headers: this.#headers(), keepalive: true };
    const { fetch, base, log } = this.#way;
    await fetch(`${base}/api/logout?${device}`, post).catch((error) => log('no goodbye', error));
    this.#stream.abort();
  }

  async #read() {
    const { fetch, base, query } = this.#way;
    const address = new URLSearchParams([...query, ['events', 'unnamed']]);
    try {
      const response = await fetch(`${base}/sse?${address}`, {
        headers: { ...this.#headers(), accept: 'text/event-stream' },
        cache: 'no-store',
        signal: this.#stream.signal,
      });
      if (!response.ok || response.body === null) {
        this.#refused(await errorFrom(response));
        return;
      }
      this.#opened = true;
      await this.#follow(response.body);
    } catch {
      // As when it ends.
    }
    this.#broke({ code: BROKEN });
  }

  /** @param {ReadableStream<Uint8Array>} body */
  async #follow(body) {
    const parser = new EventStreamParser({
      onData: (data) => this.#hear(JSON.parse(data)),
      onComment: () => this.onalive?.(),
    });
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parser.push(decoder.decode(part.value, { stream: true }));
    }
  }

  /** @param {any} message */
  #hear(message) {
    if (message.type === 'connected') {
      this.#session = message.sessionId;
      // A server of before says nothing of it.
      this.#patienceMs = ANSWER_MS + (message.limits.actionTimeoutMs ?? 0);
    }
    this.onmessage?.(message);
  }

  /**
   * @param {string} text
   * @param {string | undefined} requestId
   */
  async #post(text, requestId) {
    if (this.#stream.signal.aborted) return;
    try {
      await within(this.#way.clock, this.#patienceMs, () => this.#ask(text, requestId), { what: 'a command' });
    } catch {
      this.#broke({ code: BROKEN });
    }
  }

  /**
   * @param {string} text
   * @param {string | undefined} requestId
   */
  async #ask(text, requestId) {
    const { fetch, base } = this.#way;
    const session = new URLSearchParams({ session: this.#session ?? '' });
    const response = await fetch(`${base}/api/commands?${session}`, {
      method: 'POST',
      headers: this.#headers(),
      body: text,
      // The page may be gone before the goodbye that follows.
      keepalive: this.#leaving,
      signal: this.#stream.signal,
    });
    if (response.status === 200) this.onmessage?.(await response.json());
    else if (!response.ok) this.#notDone(await errorFrom(response), requestId);
  }

  /**
   * @param {import('../errors.js').OtomoError} error of a command
   * @param {string | undefined} requestId
   */
  #notDone(error, requestId) {
    const { code, message, context, status } = error;
    // The stream is over, also if nobody has told this side yet.
    if (code === 'SESSION_NOT_FOUND') this.#broke({ code: BROKEN });
    else if (status === 401) this.#refused(error);
    else this.onmessage?.({ type: 'error', code, message, context, ...(requestId ? { requestId } : {}) });
  }

  #headers() {
    return { authorization: `Bearer ${this.#way.token()}`, 'content-type': 'application/json' };
  }

  /** @param {import('../errors.js').OtomoError} error */
  #refused({ code, message, retryAfterMs }) {
    const closeCode = CLOSE_CODES[code] ?? BROKEN;
    const pause = retryAfterMs === null ? {} : { retryAfterMs };
    this.#broke({ code: closeCode, closing: { code: closeCode, reason: message, ...pause } });
  }

  /** @param {{code: number, closing?: import('./backoff.js').Closing}} end */
  #broke(end) {
    if (this.#stream.signal.aborted) return;
    this.#stream.abort();
    this.onclose?.(end);
  }
}
