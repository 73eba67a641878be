// Tokens, and REST with the same ones.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createRest, OtomoError, readClaims } from '../../../web/client/src/index.js';
import { back, begun, live, ManualClock, settle, tokenOf, world } from './support/world.mjs';

/** A token function that says what it was asked for. */
function source(options = {}) {
  const asked = [];
  const token = async (why) => {
    asked.push(why);
    if (options.fails?.(asked.length)) throw options.fails(asked.length);
    return tokenOf('me', { n: asked.length, ...options.claims });
  };
  return { asked, token };
}

const nth = (n) => tokenOf('me', { n });
const EXPIRED = { error: { code: 'TOKEN_EXPIRED', message: 'm' } };

describe('a token', () => {
  test('is asked for to connect, kept over breaks, and renewed while connected', async () => {
    const { asked, token } = source();
    const seen = await live({ token, topics: ['otomo'] });
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await back(seen);
    assert.deepEqual(asked, ['connect']);
    await seen.socket().says({ type: 'token_expiring', expiresAt: 1 });
    assert.deepEqual(asked, ['connect', 'expiring']);
    const [{ requestId: _, ...refresh }] = seen.socket().sent;
    assert.deepEqual(refresh, { type: 'token_refresh', token: nth(2) });
  });

  test('that has run out is renewed before the return', async () => {
    const { asked, token } = source();
    const seen = await live({ token, topics: ['otomo'] });
    await seen.socket().breaks(4202);
    await seen.clock.tick(0);
    assert.deepEqual(asked, ['connect', 'expired']);
    assert.deepEqual(seen.socket().protocols, ['bearer', nth(2)]);
  });

  test('that says of itself that it is over is not tried', async () => {
    const { asked, token } = source({ claims: { exp: 1_700_000_060 } });
    const seen = await live({ token, topics: ['otomo'] });
    await seen.clock.tick(59_000);
    await seen.socket().breaks();
    await seen.clock.sleep(600_000);
    assert.deepEqual(asked, ['connect', 'expired']);
  });

  test('a fixed one that has run out ends it, and says so', async () => {
    const seen = await live();
    await seen.socket().breaks(4202);
    await seen.clock.tick(60_000);
    assert.equal(seen.otomo.link.get().phase, 'refused');
    assert.equal(seen.otomo.link.get().closing.code, 4202);
    assert.equal(seen.sockets.length, 1);
  });

  test('is asked for again where the app could not get one just now', async () => {
    const { asked, token } = source({ fails: (n) => (n < 3 ? new TypeError('fetch failed') : null) });
    const seen = await begun({ token, topics: ['otomo'] });
    await seen.clock.tick(250);
    assert.equal(seen.otomo.link.get().phase, 'away');
    await seen.clock.tick(500);
    assert.equal(asked.length, 3);
    assert.equal(seen.sockets.length, 1);
  });

  test('that never comes is given up after a while', async () => {
    const seen = await begun({ token: () => new Promise(() => {}), topics: ['otomo'] });
    await seen.clock.tick(30_000);
    const { phase, closing } = seen.otomo.link.get();
    assert.deepEqual([phase, closing.reason], ['away', 'the token function failed: OtomoError: a token: no answer in 30000 ms']);
  });

  test('that is none, as the error page of a gateway, is not tried: it is said, and the function is asked anew', async () => {
    const page = '<!doctype html>\n<h1>502 Bad Gateway</h1>\n';
    for (const wrong of [page, 'a.b', 'a.b.c.d', 'a b.c.d', 'あ.b.c', ' \n', { token: nth(1) }]) {
      for (const transport of ['websocket', 'sse']) {
        const told = [];
        const asked = [];
        const token = async (why) => (asked.push(why) === 1 ? wrong : nth(2));
        const rest = () => new Promise(() => {});
        const seen = await begun({ token, transport, rest, topics: ['otomo'], log: (what, error) => told.push([what, error.code]) });
        const { phase, closing } = seen.otomo.link.get();
        assert.equal(phase, 'away');
        assert.match(closing.reason, /no JSON Web Token/);
        assert.ok(!closing.reason.includes('502'), 'what may be a secret is not said');
        assert.deepEqual(told[0], ['no token', 'NO_TOKEN']);
        assert.deepEqual([seen.sockets.length, seen.requests.length], [0, 0]);
        await seen.clock.tick(250);
        assert.deepEqual(asked, ['connect', 'connect']);
        assert.equal(seen.sockets.length + seen.requests.length, 1);
      }
    }
  });

  test('that is none is refused to REST as well, and the next question asks anew', async () => {
    let n = 0;
    const seen = world({ token: async () => ((n += 1) === 1 ? '<h1>502</h1>' : nth(n)), rest: () => [200, {}], log: () => {} });
    await assert.rejects(seen.otomo.rest.get('/a'), { code: 'NO_TOKEN' });
    assert.deepEqual(await seen.otomo.rest.get('/a'), {});
  });

  test('that is none does not take the place of the one in use', async () => {
    const token = async (why) => (why === 'expiring' ? '<h1>502</h1>' : nth(why === 'connect' ? 1 : 2));
    const seen = await live({ token, topics: ['otomo'], log: () => {} });
    await seen.socket().says({ type: 'token_expiring', expiresAt: 1 });
    assert.deepEqual(seen.socket().of('token_refresh'), []);
    await seen.socket().breaks(4202);
    await seen.clock.tick(0);
    assert.deepEqual(seen.socket().protocols, ['bearer', nth(2)]);
  });

  test('that is none is told to the console where nobody listens, and so is a function that fails', async (t) => {
    const warned = t.mock.method(console, 'warn', () => {});
    await begun({ token: async () => '<h1>502</h1>', topics: ['otomo'] });
    await begun({ token: () => Promise.reject(new Error('no token: 502')), topics: ['otomo'] });
    const said = warned.mock.calls.map(({ arguments: [what, { code, message }] }) => [what, code, message]);
    assert.equal(said.length, 2);
    for (const [what, code] of said) assert.deepEqual([what, code], ['otomo: no token', 'NO_TOKEN']);
    assert.match(said[1][2], /no token: 502/);
  });

  test('loses the space around it, which could not travel', async () => {
    for (const token of [`${nth(1)}\n`, async () => ` ${nth(1)}\r\n`]) {
      const seen = await begun({ token, rest: () => [200, {}], topics: ['otomo'] });
      assert.deepEqual(seen.socket().protocols, ['bearer', nth(1)]);
      await seen.otomo.rest.get('/a');
      assert.equal(seen.requests.at(-1).headers.authorization, `Bearer ${nth(1)}`);
    }
  });

  test('a fixed one that is none ends it, and says so', async () => {
    const seen = await begun({ token: 'eyJ no', topics: ['otomo'], log: () => {} });
    const { phase, closing } = seen.otomo.link.get();
    assert.equal(phase, 'refused');
    assert.match(closing.reason, /no JSON Web Token/);
    assert.equal(seen.sockets.length, 0);
  });

  test('that nobody has to give ends it', async () => {
    for (const token of [async () => null, async () => Promise.reject(new OtomoError('UNAUTHORIZED', 'signed out'))]) {
      const seen = await begun({ token, topics: ['otomo'] });
      await settle();
      assert.equal(seen.otomo.link.get().phase, 'refused');
    }
  });

  test('is asked for anew by who starts again after a refusal', async () => {
    const { asked, token } = source();
    const seen = await live({ token, topics: ['otomo'] });
    await seen.socket().breaks(4001);
    seen.otomo.start();
    await settle();
    assert.deepEqual(asked, ['connect', 'connect']);
  });

  test('is asked for anew by who starts again while the function still owes an answer, which then counts for nothing', async () => {
    const given = [];
    const seen = world({ token: () => new Promise((give) => given.push(give)), rest: () => [200, {}], topics: ['otomo'] });
    seen.otomo.start();
    await settle();
    const early = seen.otomo.rest.get('/early');
    seen.otomo.stop();
    seen.otomo.start();
    await settle();
    assert.equal(given.length, 2);
    given[1](nth(2));
    await settle();
    assert.deepEqual(seen.socket().protocols, ['bearer', nth(2)]);
    given[0](nth(1));
    await early;
    await seen.otomo.rest.get('/late');
    assert.deepEqual(seen.requests.map(({ headers }) => headers.authorization), [`Bearer ${nth(1)}`, `Bearer ${nth(2)}`]);
  });

  test('that never comes does not hold up who starts again, nor for ever who waits for it', async () => {
    const seen = world({ token: () => new Promise(() => {}), topics: ['otomo'] });
    const waits = assert.rejects(seen.otomo.rest.get('/a', { timeoutMs: 60_000 }), { code: 'NO_TOKEN' });
    seen.otomo.start();
    seen.otomo.stop();
    await seen.clock.tick(30_000);
    await waits;
    assert.equal(seen.clock.waiting, 0);
  });

  test('is asked for once by all who ask at the same time', async () => {
    let give;
    const asked = [];
    const token = (why) => new Promise((resolve) => asked.push(why) && (give = resolve));
    const seen = world({ token, rest: () => [200, {}] });
    seen.otomo.start();
    const answers = [seen.otomo.rest.get('/api/me'), seen.otomo.rest.get('/api/calls')];
    await settle();
    assert.deepEqual(asked, ['connect']);
    give(nth(1));
    await Promise.all(answers);
    assert.deepEqual(asked, ['connect']);
  });
});

describe('REST', () => {
  test('asks with the token, gives the answer, and null where there is none', async () => {
    const rest = (method, path) => (method === 'DELETE' ? [204] : [200, { path }]);
    const seen = world({ rest });
    assert.deepEqual(await seen.otomo.rest.get('/api/calls', { query: { limit: 5, cursor: null } }), { path: '/api/calls?limit=5' });
    assert.equal(await seen.otomo.rest.delete('/api/friends/a'), null);
    await seen.otomo.rest.post('/api/conversations', { kind: 'group' }, { idempotencyKey: 'k-1' });
    const { headers, body } = seen.requests.at(-1);
    assert.deepEqual(body, { kind: 'group' });
    assert.equal(headers.authorization, `Bearer ${tokenOf('me')}`);
    assert.equal(headers['idempotency-key'], 'k-1');
  });

  test('renews a token that is not taken once, for all who meet it at the same time', async () => {
    const { asked, token } = source();
    const rest = (_, __, { headers }) => (headers.authorization.endsWith(nth(1)) ? [401, EXPIRED] : [200, { ok: true }]);
    const seen = world({ token, rest });
    const answers = ['/a', '/b', '/c'].map((path) => seen.otomo.rest.get(path));
    assert.deepEqual(await Promise.all(answers), [{ ok: true }, { ok: true }, { ok: true }]);
    assert.deepEqual(asked, ['connect', 'unauthorized']);
  });

  test('takes the new one where somebody else has got it meanwhile', async () => {
    const { asked, token } = source();
    const waiting = [];
    const rest = (_, path, { headers }) => {
      if (!headers.authorization.endsWith(nth(1))) return [200, { ok: true }];
      return path === '/late' ? new Promise((resolve) => waiting.push(resolve)) : [401, EXPIRED];
    };
    const seen = world({ token, rest });
    const late = seen.otomo.rest.get('/late');
    await seen.otomo.rest.get('/a');
    waiting[0]([401, EXPIRED]);
    assert.deepEqual(await late, { ok: true });
    assert.deepEqual(asked, ['connect', 'unauthorized']);
  });

  test('gives up where the new one is not taken either, and where there is none', async () => {
    const { asked, token } = source();
    const refused = world({ token, rest: () => [401, EXPIRED] });
    await assert.rejects(refused.otomo.rest.get('/a'), { code: 'TOKEN_EXPIRED', status: 401 });
    assert.equal(asked.length, 2);
    const fixed = world({ rest: () => [401, EXPIRED] });
    await assert.rejects(fixed.otomo.rest.get('/a'), { code: 'TOKEN_EXPIRED' });
    assert.equal(fixed.requests.length, 1);
  });

  test('says what was wrong: the server, its time, the network, the caller', async () => {
    const refusal = { code: 'RATE_LIMITED', message: 'm' };
    const limited = world({ rest: () => new Response(JSON.stringify({ error: refusal }), { status: 429, headers: { 'retry-after': '3' } }) });
    await assert.rejects(limited.otomo.rest.get('/a'), { code: 'RATE_LIMITED', retryAfterMs: 3_000, status: 429 });
    const proxy = world({ rest: () => new Response('<h1>bad gateway</h1>', { status: 502 }) });
    await assert.rejects(proxy.otomo.rest.get('/a'), { code: 'UNAVAILABLE', status: 502 });
    await assert.rejects(world({ rest: () => null }).otomo.rest.get('/a'), { code: 'DISCONNECTED' });

    const hangs = (_, __, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const slow = world({ rest: hangs });
    const late = assert.rejects(slow.otomo.rest.get('/a', { timeoutMs: 2_000 }), { code: 'TIMEOUT' });
    const giveUp = new AbortController();
    const given = assert.rejects(slow.otomo.rest.get('/a', { signal: giveUp.signal }), { code: 'ABORTED' });
    await settle();
    giveUp.abort();
    await given;
    await slow.clock.tick(2_000);
    await late;
  });

  test('holds its time and its signal while it waits for a token as well', async () => {
    const seen = world({ token: () => new Promise(() => {}) });
    const late = assert.rejects(seen.otomo.rest.get('/a', { timeoutMs: 1_000 }), { code: 'TIMEOUT' });
    const giveUp = new AbortController();
    const given = assert.rejects(seen.otomo.rest.get('/a', { signal: giveUp.signal }), { code: 'ABORTED' });
    await settle();
    giveUp.abort();
    await given;
    await seen.clock.tick(1_000);
    await late;
    await assert.rejects(seen.otomo.rest.get('/a', { signal: giveUp.signal }), { code: 'ABORTED' });
  });

  test('has its time once, however often it asks', async () => {
    const { token } = source();
    const clock = new ManualClock();
    const rest = async (_, __, { headers, signal }) => {
      if (!headers.authorization.endsWith(nth(1))) {
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }
      await new Promise((resolve) => clock.after(1_500, resolve));
      return [401, EXPIRED];
    };
    const seen = world({ token, rest, clock });
    const late = assert.rejects(seen.otomo.rest.get('/a', { timeoutMs: 2_000 }), { code: 'TIMEOUT' });
    await settle();
    await clock.tick(2_000);
    await late;
    assert.equal(seen.requests.length, 2);
    assert.equal(clock.waiting, 0);
  });

  test('takes the page of a portal for what it is: no answer of the server', async () => {
    const seen = world({ rest: () => new Response('<h1>Welcome to our hotel</h1>', { status: 200 }) });
    await assert.rejects(seen.otomo.rest.get('/a'), (error) => {
      assert.deepEqual([error.name, error.code, error.status, error.cause.name], ['OtomoError', 'UNAVAILABLE', 200, 'SyntaxError']);
      return true;
    });
  });

  test('does not wait for ever for a body that stalls', async () => {
    for (const status of [200, 500]) {
      const stalls = (_, __, { signal }) => {
        const start = (body) => signal.addEventListener('abort', () => body.error(signal.reason));
        return new Response(new ReadableStream({ start }), { status });
      };
      const seen = world({ rest: stalls });
      const late = assert.rejects(seen.otomo.rest.get('/a', { timeoutMs: 2_000 }), { code: 'TIMEOUT' });
      const giveUp = new AbortController();
      const given = assert.rejects(seen.otomo.rest.get('/a', { signal: giveUp.signal }), { code: 'ABORTED' });
      await settle();
      giveUp.abort();
      await given;
      await seen.clock.tick(2_000);
      await late;
    }
  });

  test('asks for a new token where the old one was forgotten meanwhile', async () => {
    const given = [];
    const token = () => new Promise((give) => given.push(give));
    let answer;
    const rest = (_, __, { headers }) =>
      headers.authorization === `Bearer ${nth(1)}` ? new Promise((resolve) => (answer = resolve)) : [200, { ok: true }];
    const seen = world({ token, rest, topics: ['otomo'] });
    const late = seen.otomo.rest.get('/a');
    given[0](nth(1));
    await settle();
    seen.otomo.start();
    answer([401, EXPIRED]);
    await settle();
    given[1](nth(2));
    assert.deepEqual(await late, { ok: true });
    const said = seen.requests.map(({ headers }) => headers.authorization);
    assert.deepEqual(said, [`Bearer ${nth(1)}`, `Bearer ${nth(2)}`]);
    assert.equal(given.length, 2);
  });
});

describe('REST without a connection', () => {
  test('asks with the token, in a page as well, where it starts no worker', async (t) => {
    const started = [];
    Object.assign(globalThis, { document: {}, Worker: class { constructor(url) { started.push(url); } } });
    t.after(() => Object.assign(globalThis, { document: undefined, Worker: undefined }));
    const said = [];
    const fetch = async (url, { headers }) => {
      said.push([url, headers.authorization]);
      return new Response('{"ok":true}');
    };
    const rest = createRest({ url: 'https://test/rt/', token: nth(1), fetch });
    assert.deepEqual(await rest.get('/api/me'), { ok: true });
    assert.deepEqual(said, [['https://test/rt/api/me', `Bearer ${nth(1)}`]]);
    assert.deepEqual(started, []);
    assert.throws(() => createRest({ url: 'https://test', token: '' }), TypeError);
  });
});

test('claims are read where they can be, in any script, and nothing else is', () => {
  assert.deepEqual(readClaims(tokenOf('花', { exp: 7 })), { sub: '花', exp: 7 });
  for (const text of ['', 'abc', 'a.b.c', `x.${'@'.repeat(8)}.y`, 'e30.N30.x', 'e30.bnVsbA.x']) assert.equal(readClaims(text), null, text);
});

describe('options', () => {
  test('that cannot be right are refused with their names', () => {
    for (const [options, name] of [
      [{ token: '' }, /token/],
      [{ token: 't', transport: 'carrier pigeon' }, /transport/],
      [{ token: 't', topics: ['weather'] }, /topics/],
      [{ token: 't', url: 'ftp://x' }, /^url/],
      [{ token: 't', url: 'nonsense' }, /^url: nonsense/],
      [{ token: 't', startAt: 'later' }, /startAt/],
    ]) {
      assert.throws(() => world(options), (error) => error instanceof TypeError && name.test(error.message));
    }
  });

  test('a server behind a path keeps it', async () => {
    const seen = await begun({ url: 'https://test/rt/' });
    assert.equal(`${seen.socket().url.origin}${seen.socket().url.pathname}`, 'wss://test/rt/ws');
  });
});
