// Somebody with an official Socket.IO client: what they send, and what they have heard, in order.

import { io } from 'socket.io-client';

/** How long something may take to come, in milliseconds. */
export const PATIENCE_MS = 20_000;

/** The ways to connect that every flow is played over. */
export const WAYS = {
  'long polling': { transports: ['polling'] },
  'a WebSocket': { transports: ['websocket'] },
  'long polling, upgraded': { transports: ['polling', 'websocket'] },
};

/** @param {import('../../browser/support/server.mjs').Server} server */
export async function tokenOf(server, userId, role = 'user') {
  // Nodes that share a secret make no tokens of their own.
  if (server.tokenOf) return server.tokenOf(userId, role);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ userId, role, name: userId });
  const lent = await fetch(new URL('/dev/token', server.url), { method: 'POST', headers, body });
  return (await lent.json()).token;
}

/** A client that is connecting, for those who want to see it fail. */
export function client(url, options) {
  return io(url, { forceNew: true, ...options });
}

export class Person {
  /** What came, oldest first: `{name, event}`. */
  heard = [];
  /** Why connections ended. */
  ends = [];
  #waiting = new Set();

  constructor(socket) {
    this.socket = socket;
    socket.onAny((name, event) => {
      this.heard.push({ name, event });
      // Listeners of the event itself come after this one.
      queueMicrotask(() => this.#look());
    });
    socket.on('disconnect', (reason) => {
      this.ends.push(reason);
      this.#look();
    });
  }

  /** Connects and waits for `ready`. */
  static async connect(server, userId, { role = 'user', url = server.url, auth = {}, ...options } = {}) {
    const token = await tokenOf(server, userId, role);
    const person = new Person(client(url, { auth: { token, ...auth }, ...options }));
    await person.hears('ready');
    return person;
  }

  /** The carrier in use. */
  get transport() {
    return this.socket.io.engine.transport.name;
  }

  /** Waits until an event has come, whenever that was. */
  async hears(name, fits = () => true) {
    const find = () => this.heard.find((it) => it.name === name && fits(it.event));
    await this.until(() => find() !== undefined, `the event ${name}`);
    return find().event;
  }

  /** Waits until something holds that events change. */
  until(holds, what) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        const names = this.heard.slice(-20).map(({ name }) => name);
        reject(new Error(`no ${what}; heard ${this.heard.length}, last ${names}; ends: ${this.ends}`));
      }, PATIENCE_MS);
      const look = () => {
        if (!holds()) return;
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Sends a command and gives its answer. */
  asks(name, ...payload) {
    return this.socket.timeout(PATIENCE_MS).emitWithAck(name, ...payload);
  }

  /** Writes to somebody. */
  writes(toUserId, body, data) {
    return this.asks('message_send', { toUserId, clientMessageId: crypto.randomUUID(), body, data });
  }

  leaves() {
    this.socket.disconnect();
  }

  #look() {
    for (const look of [...this.#waiting]) look();
  }
}
