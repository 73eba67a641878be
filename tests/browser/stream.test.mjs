// Server-Sent Events, as a browser does them: an EventSource whose network goes away.

import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { PATIENCE_MS } from './support/person.mjs';
import { scenario } from './support/scenario.mjs';

/** How long the network is away, in milliseconds: longer than an EventSource waits before it tries again. */
const AWAY_MS = 10_000;

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

/** A way to the server that can be cut: what offline mode does not do to connections that are open already. */
async function tunnel(server) {
  const open = new Set();
  const listener = createServer((near) => {
    const far = connect(server.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      open.add(from);
      from.on('close', () => to.destroy() && open.delete(from));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const cut = () => open.forEach((socket) => socket.destroy());
  const close = () => {
    listener.close();
    cut();
  };
  return { proxy: { server: `http://127.0.0.1:${listener.address().port}` }, cut, close };
}

/** Turns the network of a page off and on. */
async function network(page, cut) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  const free = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  return async (offline) => {
    await devtools.send('Network.emulateNetworkConditions', { offline, ...free });
    if (offline) cut();
  };
}

scenario('an EventSource that loses its network continues without loss', async ({ person, server }) => {
  const way = await tunnel(server);
  const { page } = await person('きく', { proxy: way.proxy });
  const token = await tokenOf(server, 'dev-yumi', 'user');
  const offline = await network(page, way.cut);
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
    await sleep(AWAY_MS);
    const meanwhile = await page.evaluate(() => window.heard);
    assert.deepEqual(meanwhile.bodies, ['before']);
    assert.ok(meanwhile.errors > 0, 'the stream was cut');

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
