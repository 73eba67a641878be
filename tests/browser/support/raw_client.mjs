// A client without a page: a WebSocket on a plain TCP socket, which can stop reading as a phone in a tunnel does.

import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** How long an event may take, in milliseconds. */
const PATIENCE_MS = 15_000;

const [TEXT, CLOSE, PING, PONG] = [0x1, 0x8, 0x9, 0xa];

export class RawClient {
  #socket;
  #unread = Buffer.alloc(0);
  #events = [];
  #waiting = [];

  constructor(socket) {
    this.#socket = socket;
  }

  /**
   * @param {import('./server.mjs').Server} server in development mode
   * @param {string} userId
   * @param {'user' | 'otomo'} role
   * @param {string} device
   * @returns {Promise<RawClient>} one that has been told all it has to know
   */
  static async enter(server, userId, role, device) {
    const lent = await fetch(new URL('/dev/token', server.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId, role, name: userId }),
    });
    const { token } = await lent.json();
    const socket = connect(server.port, '127.0.0.1');
    const client = new RawClient(socket);
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET /ws?device=${device} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    let upgraded = false;
    socket.on('data', (bytes) => {
      client.#unread = Buffer.concat([client.#unread, bytes]);
      if (!upgraded) {
        const end = client.#unread.indexOf('\r\n\r\n');
        if (end < 0) return;
        upgraded = true;
        client.#unread = client.#unread.subarray(end + 4);
      }
      client.#read();
    });
    socket.on('error', () => {});
    socket.on('close', () => client.#hear({ type: 'gone' }));
    await client.hears('ready');
    return client;
  }

  /** Waits for an event of a type; those that came before it are passed over. */
  hears(type, holds = () => true) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no ${type}`)), PATIENCE_MS);
      this.#waiting.push({
        type,
        holds,
        resolve(event) {
          clearTimeout(late);
          resolve(event);
        },
      });
      for (const event of this.#events.splice(0)) this.#hear(event);
    });
  }

  /** @param {object} message */
  say(message) {
    this.#write(TEXT, Buffer.from(JSON.stringify(message)));
  }

  /** Reads no more, and leaves the socket open. */
  freeze() {
    this.#socket.pause();
  }

  leave() {
    this.#socket.destroy();
  }

  #hear(event) {
    const place = this.#waiting.findIndex(({ type, holds }) => type === event.type && holds(event));
    if (place < 0) {
      this.#events.push(event);
      return;
    }
    this.#waiting.splice(place, 1)[0].resolve(event);
  }

  #read() {
    for (;;) {
      const bytes = this.#unread;
      if (bytes.length < 2) return;
      const short = bytes[1] & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < head) return;
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < head + length) return;
      const payload = bytes.subarray(head, head + length);
      this.#unread = bytes.subarray(head + length);
      const opcode = bytes[0] & 0xf;
      if (opcode === TEXT) this.#hear(JSON.parse(payload.toString()));
      if (opcode === PING) this.#write(PONG, payload);
      if (opcode === CLOSE) this.#socket.end();
    }
  }

  #write(opcode, payload) {
    const mask = randomBytes(4);
    const masked = Buffer.from(payload.map((byte, at) => byte ^ mask[at % 4]));
    const long = payload.length > 125;
    const head = Buffer.alloc(long ? 4 : 2);
    head[0] = 0x80 | opcode;
    head[1] = 0x80 | (long ? 126 : payload.length);
    if (long) head.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }
}
