// The same user on the server's other transports: what they hear, in order.

import WebSocket from 'ws';

import { PATIENCE_MS } from './person.mjs';

const CREDENTIALS = (token) => ({ authorization: `Bearer ${token}` });

/** Listens on a native WebSocket. */
export function onWebSocket(server, token) {
  const url = new URL('/ws', server.url.replace('http', 'ws'));
  const socket = new WebSocket(url, { headers: CREDENTIALS(token) });
  const listener = new Listener(() => socket.terminate());
  socket.on('error', (error) => listener.fail(error));
  socket.on('message', (text) => listener.take(JSON.parse(text)));
  return listener;
}

/** Listens to a stream of Server-Sent Events. */
export function onEventStream(server, token) {
  const giveUp = new AbortController();
  const listener = new Listener(() => giveUp.abort());
  const read = async () => {
    const stream = await fetch(new URL('/sse', server.url), { headers: CREDENTIALS(token), signal: giveUp.signal });
    let text = '';
    for await (const part of stream.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      const events = text.split('\n\n');
      text = events.pop();
      for (const event of events) {
        const data = event.split('\n').find((line) => line.startsWith('data: '));
        if (data !== undefined) listener.take(JSON.parse(data.slice(6)));
      }
    }
  };
  read().catch((error) => listener.fail(error));
  return listener;
}

class Listener {
  /** What came, oldest first. */
  heard = [];
  #waiting = [];
  #error = null;

  constructor(close) {
    this.close = close;
  }

  take(event) {
    this.heard.push(event);
    this.#look();
  }

  fail(error) {
    this.#error = error;
    this.#look();
  }

  /** Resolves once something holds of what was heard. */
  until(holds) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        const names = this.heard.slice(-20).map(({ type }) => type);
        this.fail(new Error(`it did not come; heard ${this.heard.length}, last ${names}`));
      }, PATIENCE_MS);
      this.#waiting.push({ holds, resolve, reject, late });
      this.#look();
    });
  }

  #look() {
    this.#waiting = this.#waiting.filter(({ holds, resolve, reject, late }) => {
      if (holds(this.heard)) resolve();
      else if (this.#error) reject(this.#error);
      else return true;
      clearTimeout(late);
      return false;
    });
  }
}
