// Not run by the tests of this repository: no package registry carries k6. Written for k6 1.0 and newer.
//
// A client of Otomo's WebSocket protocol for k6: signs in, keeps what it hears, and lets scenarios wait for it.

import { hmac } from 'k6/crypto';
import encoding from 'k6/encoding';
import { Counter } from 'k6/metrics';
import { WebSocket } from 'k6/websockets';

/** Where the server is, and the secret that its tokens are signed with. */
const URL = __ENV.OTOMO_URL || 'ws://127.0.0.1:8080/ws';
const SECRET = __ENV.OTOMO_AUTH__HS256_SECRET;

/** How long a token is good, in seconds. */
const TTL_S = 3600;

/** How long a client waits for what it needs, in milliseconds. */
const PATIENCE_MS = 10000;

/** Refusals, by their code. */
export const refusals = new Counter('otomo_refusals');

const base64url = (value) => encoding.b64encode(JSON.stringify(value), 'rawurl');

/** A token as the app's backend makes it. */
export function tokenOf(userId, role) {
  if (!SECRET) throw new Error('OTOMO_AUTH__HS256_SECRET holds no secret');
  const exp = Math.floor(Date.now() / 1000) + TTL_S;
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: userId, role, exp })}`;
  return `${signed}.${hmac('sha256', SECRET, signed, 'base64rawurl')}`;
}

/** A UUID (version 4). */
export function uuid() {
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => Math.floor(Math.random() * 16).toString(16));
}

/** One connection. `heard` holds what no one has waited for yet; `listen` is told of every message first. */
export class Client {
  constructor(userId, role, topics, listen = () => false) {
    this.heard = [];
    this.waiting = [];
    this.listen = listen;
    this.socket = new WebSocket(`${URL}?topics=${topics}&token=${tokenOf(userId, role)}`);
    this.socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    this.socket.onerror = ({ error }) => console.error(`${userId}: ${error}`);
  }

  say(type, fields) {
    this.socket.send(JSON.stringify(Object.assign({ type }, fields)));
  }

  /** The first message of one of these types, whether it has come already or not. */
  hears(...types) {
    const at = this.heard.findIndex(({ type }) => types.includes(type));
    if (at >= 0) return Promise.resolve(this.heard.splice(at, 1)[0]);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`waited in vain for ${types.join(' or ')}`)), PATIENCE_MS);
      this.waiting.push({ types, late, resolve });
    });
  }

  /** A clean goodbye: an otomo is offline at once. */
  leave() {
    this.socket.close(1000);
  }

  take(message) {
    if (message.type === 'error') refusals.add(1, { code: message.code });
    if (this.listen(message)) return;
    const at = this.waiting.findIndex(({ types }) => types.includes(message.type));
    if (at < 0) {
      this.heard.push(message);
      return;
    }
    const [{ late, resolve }] = this.waiting.splice(at, 1);
    clearTimeout(late);
    resolve(message);
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
