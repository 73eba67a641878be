// An event stream in the clothes of a WebSocket, with a server that obeys the test.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { EventStream } from '../../web/demo/net/event_stream.js';

/** An EventSource whose server side is the test. */
class TestSource {
  static last = null;
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 2;

  readyState = TestSource.CONNECTING;

  constructor(url) {
    this.url = new URL(url, 'http://test');
    TestSource.last = this;
  }

  close() {
    this.readyState = TestSource.CLOSED;
  }

  says(message) {
    this.readyState = TestSource.OPEN;
    this.onmessage({ data: JSON.stringify(message) });
  }

  /** @param {number} readyState `CONNECTING` after a break, `CLOSED` after a refusal */
  fails(readyState) {
    this.readyState = readyState;
    this.onerror();
  }
}

const original = { EventSource: globalThis.EventSource, fetch: globalThis.fetch };
/** Requests that came and wait for their answers. */
let requests;

beforeEach(() => {
  requests = [];
  globalThis.EventSource = TestSource;
  globalThis.fetch = (url, options) =>
    new Promise((resolve, reject) => requests.push({ url, options, resolve, reject }));
});
afterEach(() => Object.assign(globalThis, original));

const settle = () => new Promise((resolve) => setImmediate(resolve));
const answer = (status, body) => new Response(body === undefined ? null : JSON.stringify(body), { status });
const refusal = (code, context) => ({ error: { code, message: 'm', context } });

/** A stream with everything that came of it. */
function open() {
  const query = new URLSearchParams({ device: 'desk', topics: 'chat', lastSeq: '4' });
  const seen = { heard: [], closes: [], stream: new EventStream(query, () => 'token') };
  seen.stream.onmessage = ({ data }) => seen.heard.push(JSON.parse(data));
  seen.stream.onclose = ({ code }) => seen.closes.push(code);
  return { ...seen, source: TestSource.last };
}

function live() {
  const seen = open();
  seen.source.says({ type: 'connected', sessionId: 's-1' });
  return seen;
}

describe('an event stream', () => {
  test('says where it stands, and hands on what it hears', () => {
    const { source, heard } = live();
    assert.equal(source.url.pathname, '/sse');
    assert.deepEqual(Object.fromEntries(source.url.searchParams), {
      device: 'desk',
      topics: 'chat',
      lastSeq: '4',
      events: 'unnamed',
      token: 'token',
    });
    assert.deepEqual(heard, [{ type: 'connected', sessionId: 's-1' }]);
  });

  test('posts commands for its session, each after the answer to the one before', async () => {
    const { stream, heard } = live();
    stream.send('{"type":"a","requestId":"r1"}');
    stream.send('{"type":"b"}');
    await settle();
    assert.deepEqual(
      requests.map(({ options }) => options.body),
      ['{"type":"a","requestId":"r1"}'],
    );
    assert.equal(requests[0].url, '/api/commands?session=s-1');
    assert.equal(requests[0].options.headers.authorization, 'Bearer token');
    requests[0].resolve(answer(200, { type: 'a_ack', requestId: 'r1' }));
    await settle();
    assert.equal(requests.length, 2);
    requests[1].resolve(answer(204));
    await settle();
    assert.deepEqual(heard.slice(1), [{ type: 'a_ack', requestId: 'r1' }]);
  });

  test('hands on a refusal as the error that a WebSocket would have brought', async () => {
    const { stream, heard, closes } = live();
    stream.send('{"type":"a","requestId":"r1"}');
    await settle();
    requests[0].resolve(answer(429, refusal('RATE_LIMITED', { retryAfterMs: 250 })));
    await settle();
    const context = { retryAfterMs: 250 };
    assert.deepEqual(heard[1], { type: 'error', code: 'RATE_LIMITED', message: 'm', context, requestId: 'r1' });
    assert.deepEqual(closes, []);
  });

  test('is broken when it breaks, when a post does not get through, and when its session is over', async () => {
    const broken = live();
    broken.source.fails(TestSource.CONNECTING);
    const cut = live();
    cut.stream.send('{"type":"a"}');
    const over = live();
    over.stream.send('{"type":"a"}');
    await settle();
    requests[0].reject(new TypeError('no network'));
    requests[1].resolve(answer(404, refusal('NOT_FOUND')));
    await settle();
    for (const { closes, source } of [broken, cut, over]) {
      assert.deepEqual(closes, [1006]);
      assert.equal(source.readyState, TestSource.CLOSED);
    }
  });

  test('asks elsewhere why it was refused, which an EventSource does not tell', async () => {
    for (const [status, body, code] of [
      [401, refusal('UNAUTHORIZED'), 4001],
      [401, refusal('TOKEN_EXPIRED'), 4202],
      [403, refusal('FORBIDDEN'), 4003],
      [429, refusal('RATE_LIMITED'), 1006],
      [200, { userId: 'me' }, 1006],
    ]) {
      requests = [];
      const { source, closes } = open();
      source.fails(TestSource.CLOSED);
      await settle();
      assert.equal(requests[0].url, '/api/me');
      requests[0].resolve(answer(status, body));
      await settle();
      assert.deepEqual(closes, [code], `${status}`);
    }
  });

  test('says goodbye before it ends, and ends without a word otherwise', async () => {
    const leaves = live();
    leaves.stream.close(1000);
    assert.equal(requests[0].url, '/api/logout?device=desk');
    assert.equal(leaves.source.readyState, TestSource.OPEN);
    requests[0].resolve(answer(200, { closed: 1 }));
    await settle();
    assert.equal(leaves.source.readyState, TestSource.CLOSED);

    const changes = live();
    changes.stream.close(3001);
    assert.equal(requests.length, 1);
    assert.equal(changes.source.readyState, TestSource.CLOSED);
    assert.deepEqual(changes.closes, []);
  });
});
