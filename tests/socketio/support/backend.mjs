// The app's backend: it publishes events and lets players into rooms, and answers their actions by webhook.

import { createServer } from 'node:http';

/** Its key, which the server knows. */
export const KEY = "the key of the app's own backend";

export class Backend {
  /** @param {import('../../browser/support/server.mjs').Server} server that was started with {@link settings} */
  constructor(server) {
    this.server = server;
  }

  async call(method, path, body) {
    const headers = { 'content-type': 'application/json', 'x-api-key': KEY };
    const answer = await fetch(new URL(`/api/server/${path}`, this.server.url), {
      method,
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  letsIn(room, user) {
    return this.call('PUT', `rooms/${room}/members/${user}`, {});
  }

  takesOut(room, user) {
    return this.call('DELETE', `rooms/${room}/members/${user}`);
  }

  /** Publishes an event; gives what became of it. */
  says(target, type, data, more = {}) {
    return this.call('POST', 'events', { target, type, data, ...more });
  }
}

/** A webhook that answers actions as it is told, and remembers them. */
export async function webhook(answer) {
  const asked = [];
  const listener = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString());
    asked.push({ body, headers: request.headers });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(body)));
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const secret = 'what the server and its backend share';
  return {
    asked,
    secret,
    settings: {
      OTOMO_AUTH__API_KEYS: KEY,
      OTOMO_ACTIONS__WEBHOOK_URL: `http://127.0.0.1:${listener.address().port}/actions`,
      OTOMO_ACTIONS__SECRET: secret,
    },
    close: () => new Promise((resolve) => listener.close(resolve)),
  };
}
