// What carries the connection: WebSockets, and event streams where something on the way refuses those.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { EventStreamParser } from '../../../web/client/src/link/event_stream_parser.js';
import { ACTIONS_MAX } from '../../../web/client/src/link/event_stream.js';
import { ANSWER_MS } from '../../../web/client/src/link/requests.js';
import { ASK_AGAIN_MS } from '../../../web/client/src/link/transports.js';
import { back, begun, CONNECTED, live, settle, TestStorage, tokenOf, world } from './support/world.mjs';

/** A response that is an event stream whose server side is the test. */
function stream() {
  let control;
  const body = new ReadableStream({ start: (controller) => (control = controller) });
  const bytes = new TextEncoder();
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    async write(text) {
      control.enqueue(bytes.encode(text));
      await settle();
    },
    async says(...messages) {
      for (const message of messages) await this.write(`data: ${JSON.stringify(message)}\n\n`);
    },
    async ends() {
      control.close();
      await settle();
    },
  };
}

/** A server that speaks event streams: they wait in `streams`; `commands` answers what is posted. */
function server({ commands = () => [204], others = () => [404, { error: { code: 'NOT_FOUND', message: 'm' } }] } = {}) {
  const streams = [];
  const posted = [];
  const rest = (method, path, request) => {
    if (path.startsWith('/sse')) {
      const one = Object.assign(stream(), { query: Object.fromEntries(new URL(path, 'http://x').searchParams), request });
      streams.push(one);
      return one.response;
    }
    if (path.startsWith('/api/commands')) {
      posted.push({ path, body: request.body, headers: request.headers });
      return commands(request.body, request);
    }
    return others(method, path);
  };
  return { streams, posted, rest };
}

/** After how long a post that nobody answers has stalled. */
const STALLED_MS = ANSWER_MS + CONNECTED.limits.actionTimeoutMs;

const READY = { type: 'ready', seq: 0 };

async function streaming(options = {}) {
  const { streams, posted, rest } = server(options);
  const seen = await begun({ transport: 'sse', rest, ...options.client });
  await streams[0].says({ ...CONNECTED, ...options.hello }, READY);
  return { ...seen, streams, posted };
}

describe('an event stream', () => {
  test('says in its request where it stands, and its token in a header', async () => {
    const { streams, otomo } = await streaming({ client: { startAt: 'oldest', topics: ['chat', 'calls'] } });
    const { query, request } = streams[0];
    assert.deepEqual(query, { device: 'desk', topics: 'chat,calls', lastSeq: '0', events: 'unnamed' });
    assert.equal(request.headers.authorization, `Bearer ${tokenOf('me')}`);
    assert.deepEqual([otomo.link.get().phase, otomo.link.get().transport], ['live', 'sse']);
  });

  test('posts commands for its session, each after the answer to the one before', async () => {
    const waiting = [];
    const commands = () => new Promise((resolve) => waiting.push(resolve));
    const { otomo, posted } = await streaming({ commands });
    const answer = otomo.request('call_accept', { callId: 'c' });
    otomo.send('typing-start', { conversationId: 'k' });
    await settle();
    assert.equal(posted.length, 1);
    assert.equal(posted[0].path, '/api/commands?session=s-1');
    waiting[0]([200, { type: 'call_accept_ack', callId: 'c', requestId: posted[0].body.requestId }]);
    assert.equal((await answer).callId, 'c');
    await settle();
    assert.deepEqual(posted[1].body, { type: 'typing-start', conversationId: 'k' });
  });

  test('holds up nothing by actions, of which some are under way at once and the others wait', async () => {
    const waiting = [];
    const commands = (body) => {
      if (body.type !== 'roll-dice') return [200, { type: 'pong', requestId: body.requestId }];
      return new Promise((resolve) => waiting.push(() => resolve([200, { type: 'action_ack', requestId: body.requestId }])));
    };
    const { otomo, posted } = await streaming({ commands });
    const actions = Array.from({ length: ACTIONS_MAX + 1 }, (_, dice) => otomo.request('roll-dice', { dice }));
    assert.equal((await otomo.request('ping', {})).type, 'pong');
    const dice = () => posted.filter(({ body }) => body.type === 'roll-dice').map(({ body }) => body.dice);
    assert.deepEqual(dice(), [0, 1]);
    waiting[1]();
    await actions[1];
    await settle();
    assert.deepEqual(dice(), [0, 1, 2], 'the one before it is still thought about');
    waiting[0]();
    waiting[2]();
    await Promise.all(actions);
  });

  test('hands on a refusal as the one that a WebSocket would have brought', async () => {
    const refusal = { code: 'CALLER_BUSY', message: 'm', context: { callId: 'c' } };
    const { otomo } = await streaming({ commands: () => [409, { error: refusal }] });
    await assert.rejects(otomo.request('call_request', { callId: 'c', toUserId: 'x' }), refusal);
  });

  test('breaks when it ends, when a post does not get through, and when its session is over', async () => {
    const ended = await streaming();
    await ended.streams[0].ends();
    const cut = await streaming({ commands: () => null });
    cut.otomo.send('ping', {});
    const over = await streaming({ commands: () => [404, { error: { code: 'SESSION_NOT_FOUND', message: 'm' } }] });
    over.otomo.send('ping', {});
    await settle();
    await settle();
    for (const { otomo } of [ended, cut, over]) assert.equal(otomo.link.get().phase, 'away');
  });

  test('goes on where the server does not know what a command is about', async () => {
    const { otomo, streams } = await streaming({ commands: () => [404, { error: { code: 'NOT_FOUND', message: 'no such call' } }] });
    await assert.rejects(otomo.request('call_cancel', { callId: 'rung in a tunnel' }), { code: 'NOT_FOUND' });
    assert.equal(otomo.link.get().phase, 'live');
    assert.equal(streams.length, 1);
  });

  test('over which a post stalls is left, however busy it is, and what waited is said again', async () => {
    let stalls = true;
    const commands = ({ requestId }) => (stalls ? new Promise(() => {}) : [200, { type: 'ack', requestId }]);
    const { otomo, streams, clock } = await streaming({ commands });
    const answers = ['a', 'b', 'c'].map((body) => otomo.request('message_send', { conversationId: 'k', body }));
    await settle();
    stalls = false;
    for (let n = 0; n < STALLED_MS / 1_000; n += 1) {
      await streams[0].says({ type: 'otomo_status_update', userId: 'h', status: 'online', timestamp: n });
      assert.equal(otomo.link.get().phase, 'live');
      await clock.tick(1_000);
    }
    await clock.tick(250);
    await streams[1].says(CONNECTED, READY);
    for (let n = 0; n < 6; n += 1) await settle();
    assert.equal((await Promise.all(answers)).length, 3);
    assert.equal(streams[0].request.signal.aborted, true);
  });

  test('waits for a command as long as the server says that the app\'s backend may take, and somewhat longer', async () => {
    for (const actionTimeoutMs of [5_000, 120_000]) {
      const commands = ({ type }) => (type === 'heartbeat' ? [200, { type: 'heartbeat_ack' }] : new Promise(() => {}));
      const hello = { limits: { ...CONNECTED.limits, actionTimeoutMs } };
      const { otomo, streams, clock } = await streaming({ commands, hello });
      otomo.request('game_action', { game_session_id: '7', action: 'think' }, { timeoutMs: Infinity }).catch(() => {});
      await settle();
      for (let passed = 1_000; passed < ANSWER_MS + actionTimeoutMs; passed += 1_000) {
        await clock.tick(1_000);
        await settle();
      }
      assert.deepEqual([otomo.link.get().phase, streams.length], ['live', 1]);
      await clock.tick(1_000);
      assert.equal(otomo.link.get().phase, 'away');
    }
  });

  test('says why it was refused, and when to come back', async () => {
    for (const [status, code, context, phase, closeCode] of [
      [401, 'UNAUTHORIZED', {}, 'refused', 4001],
      [403, 'FORBIDDEN', {}, 'refused', 4003],
      [429, 'RATE_LIMITED', { retryAfterMs: 7_000 }, 'away', 4102],
      [503, 'UNAVAILABLE', { retryAfterMs: 7_000 }, 'away', 1006],
    ]) {
      const rest = (_, path) => (path.startsWith('/sse') ? [status, { error: { code, message: 'm', context } }] : [404, {}]);
      const { otomo, clock } = await begun({ transport: 'sse', rest });
      await settle();
      const link = otomo.link.get();
      assert.deepEqual([link.phase, link.closing.code], [phase, closeCode], code);
      if (phase === 'away') assert.ok(link.retryAt >= clock.now() + 7_000, code);
    }
  });

  test('lives while its comments come', async () => {
    const { otomo, streams, clock, posted } = await streaming();
    otomo.send('typing-start', { conversationId: 'k' });
    for (let n = 0; n < 5; n += 1) {
      await clock.tick(20_000);
      await streams[0].write(':\n\n');
    }
    assert.equal(otomo.link.get().phase, 'live');
    assert.deepEqual(posted.map(({ body }) => body.type), ['typing-start']);
  });

  test('says goodbye before it ends, and ends without a word otherwise', async () => {
    const leaves = await streaming();
    leaves.otomo.stop();
    await settle();
    assert.ok(leaves.requests.some(({ method, path }) => method === 'POST' && path === '/api/logout?device=desk'));
    assert.equal(leaves.streams[0].request.signal.aborted, true);
    const changes = await streaming();
    changes.otomo.useTransport('websocket');
    await settle();
    assert.equal(changes.requests.some(({ path }) => path.startsWith('/api/logout')), false);
    assert.equal(changes.streams[0].request.signal.aborted, true);
  });

  test('says what was said before its goodbye, in that order, and as one who may be gone in a moment', async () => {
    const { otomo, requests, streams } = await streaming();
    otomo.send('call_end_request', { callId: 'c' });
    otomo.stop();
    for (let n = 0; n < 4; n += 1) await settle();
    const said = requests.filter(({ method }) => method === 'POST').map(({ path, keepalive }) => [path, keepalive]);
    assert.deepEqual(said, [['/api/commands?session=s-1', true], ['/api/logout?device=desk', true]]);
    assert.equal(streams[0].request.signal.aborted, true);
  });

  test('whose last command stalls says goodbye all the same', async () => {
    const { otomo, requests, clock } = await streaming({
      commands: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    otomo.send('call_end_request', { callId: 'c' });
    await settle();
    otomo.stop();
    await clock.tick(STALLED_MS);
    await settle();
    assert.equal(requests.at(-1).path, '/api/logout?device=desk');
    assert.equal(clock.waiting, 0);
  });

  test('is read however it is cut', () => {
    const heard = [];
    const text = ': hello\r\nid: 4\r\ndata: {"a":\r\ndata: "あ"}\r\n\r\nretry: 5\r\rdata:x\n\n:\n';
    for (let size = 1; size < text.length; size += 1) {
      const told = { data: [], comments: 0 };
      const parser = new EventStreamParser({ onData: (data) => told.data.push(data), onComment: () => (told.comments += 1) });
      for (let at = 0; at < text.length; at += size) parser.push(text.slice(at, at + size));
      heard.push(told);
    }
    for (const told of heard) assert.deepEqual(told, { data: ['{"a":\n"あ"}', 'x'], comments: 2 });
  });
});

describe("'auto'", () => {
  const blocked = async (options = {}) => {
    const { streams, posted, rest } = server({ others: (_, path) => (path === '/health/live' ? [200, {}] : [404, {}]) });
    const seen = await begun({ rest, ...options });
    return { ...seen, streams, posted };
  };

  test('goes on with an event stream where WebSockets do not come up though HTTP does', async () => {
    const seen = await blocked();
    await seen.socket().breaks();
    await seen.clock.tick(250);
    assert.equal(seen.streams.length, 1);
    await seen.streams[0].says(CONNECTED, READY);
    assert.equal(seen.otomo.link.get().transport, 'sse');
  });

  test('tries a WebSocket that came through before once more after an outage, before it takes an event stream', async () => {
    let away = false;
    const { streams, rest } = server({ others: () => (away ? null : [200, {}]) });
    const seen = await live({ rest, hello: { seq: 0 } });
    // The server dies, and is back between the next attempt and the look that follows.
    await seen.socket().breaks();
    away = true;
    await seen.clock.tick(250);
    await seen.socket().breaks();
    away = false;
    await seen.clock.tick(500);
    assert.deepEqual([seen.sockets.length, streams.length], [3, 0]);
    await back(seen);
    assert.equal(seen.otomo.link.get().transport, 'websocket');
  });

  test('takes an event stream where the second WebSocket does not come up either', async () => {
    const { streams, rest } = server({ others: () => [200, {}] });
    const seen = await live({ rest });
    await seen.socket().breaks();
    for (const waitMs of [250, 500]) {
      await seen.clock.tick(waitMs);
      await seen.socket().breaks();
    }
    await seen.clock.tick(1_000);
    assert.deepEqual([seen.sockets.length, streams.length], [3, 1]);
  });

  test('stays with WebSockets while nothing at all gets through', async () => {
    const seen = await begun({ rest: () => null });
    await seen.socket().breaks();
    await seen.clock.tick(250);
    assert.equal(seen.sockets.length, 2);
  });

  test('asks once more when it is live, without signing in, and goes back where it was mistaken', async () => {
    const seen = await blocked();
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await seen.streams[0].says(CONNECTED, READY);
    await seen.clock.tick(0);
    const probe = seen.socket();
    assert.equal(probe.protocols, undefined);
    assert.equal(probe.url.search, '');
    probe.opens();
    await settle();
    await settle();
    assert.equal(probe.closedWith, 1000);
    await back(seen);
    assert.equal(seen.otomo.link.get().transport, 'websocket');
    assert.equal(seen.streams[0].request.signal.aborted, true);
  });

  test('remembers for the session, and asks again now and then, ever more rarely', async () => {
    const storage = new TestStorage();
    const seen = await blocked({ storage });
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await seen.streams[0].says(CONNECTED, READY);
    await seen.clock.tick(0);
    await seen.socket().breaks();
    assert.equal(storage.getItem('otomo.transport'), 'sse');

    const asked = seen.sockets.length;
    const alive = async (ms) => {
      for (let passed = 0; passed < ms; passed += 20_000) {
        await seen.streams[0].write(':\n');
        await seen.clock.tick(20_000);
      }
    };
    await alive(280_000);
    assert.equal(seen.sockets.length, asked);
    await alive(20_000);
    assert.equal(seen.sockets.length, asked + 1);
    await seen.socket().breaks();
    await alive(580_000);
    assert.equal(seen.sockets.length, asked + 1);
    await alive(20_000);
    assert.equal(seen.sockets.length, asked + 2);

    const reloaded = await blocked({ storage });
    assert.deepEqual([reloaded.sockets.length, reloaded.streams.length], [0, 1]);
    await reloaded.streams[0].ends();
    await reloaded.clock.tick(250);
    assert.deepEqual([reloaded.sockets.length, reloaded.streams.length], [1, 1], 'a stream that does not come up either');
  });

  test('after a reload asks after as long as ever', async () => {
    const storage = new TestStorage();
    storage.setItem('otomo.transport', 'sse');
    const { streams, sockets, clock } = await blocked({ storage });
    await streams[0].says(CONNECTED, READY);
    for (let passed = 0; passed < ASK_AGAIN_MS; passed += 20_000) {
      assert.equal(sockets.length, 0);
      await streams[0].write(':\n');
      await clock.tick(20_000);
    }
    assert.equal(sockets.length, 1);
  });

  test('takes an event stream at once where there are no WebSockets; who chooses them there is told', async (t) => {
    const { WebSocket } = globalThis;
    t.after(() => (globalThis.WebSocket = WebSocket));
    delete globalThis.WebSocket;
    const { otomo, streams } = await blocked({ WebSocket: undefined });
    await streams[0].says(CONNECTED, READY);
    assert.equal(otomo.link.get().transport, 'sse');
    assert.throws(() => otomo.useTransport('websocket'), TypeError);
    assert.throws(() => world({ WebSocket: undefined, transport: 'websocket' }), TypeError);
  });

  test('a server that refuses a WebSocket by its own word is not a proxy', async () => {
    const seen = await blocked();
    await seen.socket().says({ type: 'closing', code: 4101, reason: 'many', reconnect: true, retryAfterMs: 100 });
    await seen.socket().breaks(4101);
    await seen.clock.tick(400);
    assert.deepEqual([seen.sockets.length, seen.streams.length], [2, 0]);
  });

  test('a WebSocket over which something else speaks is left, and told', async () => {
    const told = [];
    const seen = await live({ transport: 'websocket', log: (what) => told.push(what) });
    seen.socket().onmessage({ data: '<html>' });
    assert.equal(seen.otomo.link.get().phase, 'away');
    assert.equal(seen.socket().closedWith, 3001);
    assert.deepEqual(told.filter((what) => what === 'not a message'), ['not a message']);
    await seen.clock.tick(250);
    await back(seen);
    assert.equal(seen.otomo.link.get().phase, 'live');
  });

  test('a chosen transport is not changed', async () => {
    const seen = await live({ transport: 'websocket', rest: () => [200, {}] });
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await seen.socket().breaks();
    await seen.clock.tick(500);
    assert.equal(seen.sockets.length, 3);
  });
});
