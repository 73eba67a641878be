// Server-Sent Events, as a browser does them: an EventSource whose network goes away.

import assert from 'node:assert/strict';

import { network, tunnel } from './support/network.mjs';
import { PATIENCE_MS } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

/** Messages that are written while it is. */
const UNHEARD = 5;

async function post(server, path, token, body) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  return fetch(new URL(path, server.url), { method: 'POST', headers, body: JSON.stringify(body) });
}

async function tokenOf(server, userId, role) {
  const lent = await post(server, '/dev/token', undefined, { userId, role, name: userId });
  return (await lent.json()).token;
}

/** Somebody who writes by POST, for a stream that they do not read. */
async function writer(server, userId) {
  const token = await tokenOf(server, userId, 'user');
  const gone = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  const stream = await fetch(new URL('/sse?device=desk', server.url), { headers, signal: gone.signal });
  // A stream that nobody reads is collected as garbage sooner or later, and its session ends.
  stream.body.pipeTo(new WritableStream()).catch(() => {});
  const writes = async (toUserId, body) => {
    const message = { type: 'message_send', toUserId, clientMessageId: crypto.randomUUID(), body };
    const answer = await post(server, '/api/commands?device=desk', token, message);
    assert.equal(answer.status, 200, await answer.text());
  };
  return { writes, leaves: () => gone.abort() };
}

scenario('an EventSource that loses its network continues without loss', async ({ person, server }) => {
  const way = await tunnel(server);
  const { page } = await person('きく', { door: way.door });
  const token = await tokenOf(server, 'dev-yumi', 'user');
  const offline = await network(page, way);
  await page.evaluate((url) => {
    window.heard = { bodies: [], began: 0, errors: 0 };
    const source = new EventSource(url);
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === 'ready') window.heard.began += 1;
      if (event.type === 'new-message') window.heard.bodies.push(event.body);
    };
    source.onerror = () => (window.heard.errors += 1);
  }, `/api/chat/sse?token=${token}`);
  const until = (holds, wanted) => page.waitForFunction(holds, wanted, { timeout: PATIENCE_MS });
  await until(() => window.heard.began === 1);

  const { writes, leaves } = await writer(server, 'dev-kenta');
  try {
    await writes('dev-yumi', 'before');
    await until(() => window.heard.bodies.length === 1);

    await offline(true);
    const written = Array.from({ length: UNHEARD }, (_, number) => `unheard ${number}`);
    for (const body of written) await writes('dev-yumi', body);
    // The stream was cut, and the browser has tried again, in vain.
    await until(() => window.heard.errors > 1);
    assert.deepEqual((await page.evaluate(() => window.heard)).bodies, ['before']);

    await offline(false);
    await until(() => window.heard.began === 2);
    await writes('dev-yumi', 'after');
    await until((count) => window.heard.bodies.length >= count, UNHEARD + 2);
    assert.deepEqual((await page.evaluate(() => window.heard)).bodies, ['before', ...written, 'after']);
  } finally {
    leaves();
    way.close();
  }
});
