// A client whose server is the test: WebSockets and REST that obey it, and a clock that only it moves.

import { createOtomo } from '../../../../web/client/src/index.js';
import { ManualClock, settle } from './clock.mjs';

export const CONNECTED = {
  type: 'connected',
  sessionId: 's-1',
  userId: 'me',
  role: 'user',
  node: 'n',
  seq: 0,
  resumed: false,
  heartbeat: { intervalMs: 25_000, timeoutMs: 10_000 },
  limits: { messageSize: 65_536, lossGraceMs: 10_000, actionTimeoutMs: 5_000 },
  typing: { resendMs: 4_000, expireMs: 8_000 },
  timestamp: 1_700_000_000,
};

/** A storage as browsers have it. */
export class TestStorage {
  #items = new Map();

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, value);
  }

  removeItem(key) {
    this.#items.delete(key);
  }

  keys() {
    return [...this.#items.keys()];
  }
}

/** A token of somebody, as far as a client can read it. */
export function tokenOf(userId, more = {}) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: userId, ...more })}.x`;
}

/**
 * @param {object} [options] of the client; `rest` answers requests: `(method, path, body) => [status, body]`, or null for
 *   no network
 */
export function world({ rest = () => [404, { error: { code: 'NOT_FOUND', message: 'm' } }], ...options } = {}) {
  const clock = new ManualClock();
  const seen = { clock, sockets: [], events: [], phases: [], requests: [] };

  class TestSocket {
    sent = [];
    closedWith = null;

    constructor(url, protocols) {
      Object.assign(this, { url: new URL(url), protocols });
      this.query = Object.fromEntries(this.url.searchParams);
      seen.sockets.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close(code) {
      this.closedWith = code;
    }

    opens() {
      this.onopen?.();
    }

    async says(...messages) {
      this.opens();
      for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
      await settle();
    }

    async breaks(code = 1006) {
      this.onclose?.({ code });
      await settle();
    }

    /** What was said of a type. */
    of(type) {
      return this.sent.filter((one) => one.type === type);
    }
  }

  const fetch = async (url, init = {}) => {
    const { pathname, search } = new URL(url);
    const body = init.body === undefined ? undefined : JSON.parse(init.body);
    const { method = 'GET', headers = {}, keepalive = false, signal } = init;
    const request = { method, path: `${pathname}${search}`, body, headers, keepalive, signal };
    seen.requests.push(request);
    const answer = await rest(request.method, request.path, request);
    if (answer === null) throw new TypeError('fetch failed');
    if (answer instanceof Response) return answer;
    const [status, json] = answer;
    return new Response(json === undefined ? null : JSON.stringify(json), { status });
  };

  seen.otomo = createOtomo({
    url: 'http://test',
    token: tokenOf('me'),
    device: 'desk',
    storage: null,
    random: () => 0.5,
    clock,
    fetch,
    WebSocket: TestSocket,
    ...options,
  });
  seen.otomo.on('*', (event) => seen.events.push(event));
  seen.otomo.link.subscribe(() => {
    const { phase } = seen.otomo.link.get();
    if (seen.phases.at(-1) !== phase) seen.phases.push(phase);
  });
  /** The newest socket. */
  seen.socket = () => seen.sockets.at(-1);
  return seen;
}

/** One that has begun: its first socket is there. */
export async function begun(options) {
  const seen = world(options);
  seen.otomo.start();
  await settle();
  return seen;
}

/** One that is live. */
export async function live({ hello = {}, ...options } = {}) {
  const seen = await begun(options);
  const connected = { ...CONNECTED, ...hello };
  await seen.socket().says(connected, { type: 'ready', seq: connected.seq });
  return seen;
}

/** Comes back after a break. */
export async function back(seen, { seq = 0, hello = {} } = {}) {
  await seen.socket().says({ ...CONNECTED, resumed: true, seq, ...hello }, { type: 'ready', seq });
}

export { ManualClock, settle };
