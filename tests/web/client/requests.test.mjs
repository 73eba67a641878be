// Commands and their answers, over breaks and refusals.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { back, begun, live, settle, world } from './support/world.mjs';

const SEND = { conversationId: 'k', body: 'hello', clientMessageId: 'm-1' };
const ack = (sent) => ({ type: 'message_send_ack', clientMessageId: 'm-1', messageSeq: 1, requestId: sent.requestId });
const refusal = (sent, code, context) => ({ type: 'error', code, message: 'm', context, requestId: sent.requestId });

describe('a request', () => {
  test('gets its own answer, or its own refusal', async () => {
    const seen = await live();
    const accepted = seen.otomo.request('call_accept', { callId: 'c' });
    const refused = assert.rejects(seen.otomo.request('call_request', { callId: 'd', toUserId: 'x' }), {
      name: 'OtomoError',
      code: 'CALLER_BUSY',
      context: { callId: 'd' },
    });
    const [first, second] = seen.socket().sent;
    await seen.socket().says(refusal(second, 'CALLER_BUSY', { callId: 'd' }));
    await seen.socket().says({ type: 'call_accept_ack', callId: 'c', requestId: first.requestId });
    assert.equal((await accepted).type, 'call_accept_ack');
    await refused;
  });

  test('whose answer was lost is said again after the return, the same in every way', async () => {
    const seen = await live();
    const answer = seen.otomo.request('message_send', SEND);
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await back(seen);
    const [before, again] = seen.sockets.map((socket) => socket.of('message_send')[0]);
    assert.deepEqual(again, before);
    await seen.socket().says(ack(again));
    assert.equal((await answer).messageSeq, 1);
    assert.equal(seen.socket().of('message_send').length, 1);
  });

  test('made while away waits for the link, in the order of asking', async () => {
    const seen = await begun();
    for (const body of ['a', 'b', 'c']) seen.otomo.request('message_send', { conversationId: 'k', body }).catch(() => {});
    await back(seen);
    const bodies = seen.socket().of('message_send').map(({ body }) => body);
    assert.deepEqual(bodies, ['a', 'b', 'c']);
    const names = seen.socket().of('message_send').map(({ clientMessageId }) => clientMessageId);
    assert.equal(new Set(names).size, 3, 'each has a name of its own, made by the client');
  });

  test('that must not be repeated is refused where nobody knows whether it was done', async () => {
    const seen = await live();
    const action = seen.otomo.request('game_action', { game_session_id: '7', action: 'look' });
    const refused = assert.rejects(action, { code: 'DISCONNECTED', context: { sent: true } });
    await seen.socket().breaks();
    await refused;
    const away = seen.otomo.request('game_action', { game_session_id: '7', action: 'look' });
    await assert.rejects(away, { code: 'DISCONNECTED', context: { sent: false } });
    const impatient = seen.otomo.request('message_send', SEND, { retry: false });
    await assert.rejects(impatient, { code: 'DISCONNECTED' });
  });

  test('of an action waits for as long as the app\'s backend has, and for the way from another node', async () => {
    const limits = (actionTimeoutMs) => ({ hello: { limits: { messageSize: 65_536, actionTimeoutMs } } });
    for (const [has, waitMs] of [[undefined, 15_000], [5_000, 20_000], [60_000, 75_000]]) {
      const seen = await live(limits(has));
      const action = seen.otomo.request('game_action', { game_session_id: '7', action: 'look' });
      const refused = assert.rejects(action, { code: 'TIMEOUT', message: `game_action: no answer in ${waitMs} ms` });
      for (let passed = 0; passed < waitMs; passed += 5_000) {
        await seen.clock.tick(5_000);
        await seen.socket().says({ type: 'pong' });
      }
      await refused;
    }
  });

  test('ends with its time, however often it was said', async () => {
    const seen = await live();
    const answer = seen.otomo.request('message_send', SEND, { timeoutMs: 3_000 });
    await seen.socket().breaks();
    const refused = assert.rejects(answer, { code: 'TIMEOUT' });
    await seen.clock.tick(250);
    await back(seen);
    await seen.clock.tick(2_750);
    await refused;
    await seen.socket().breaks();
    await seen.clock.tick(10_000);
    await back(seen);
    assert.equal(seen.socket().of('message_send').length, 0);
  });

  test('without a limit waits for as long as it takes', async () => {
    const seen = await live({ transport: 'websocket' });
    const answer = seen.otomo.request('message_send', SEND, { timeoutMs: Infinity });
    await seen.socket().breaks();
    await seen.clock.tick(3_600_000);
    seen.otomo.nudge();
    await settle();
    await back(seen);
    await seen.socket().says(ack(seen.socket().sent[0]));
    assert.equal((await answer).messageSeq, 1);
  });

  test('without a limit keeps to a long pause that the server names, and waits 5 s at most where it names none', async () => {
    const seen = await live();
    const answer = seen.otomo.request('message_send', SEND, { timeoutMs: Infinity });
    const pauses = [
      ['RATE_LIMITED', { retryAfterMs: 9_000 }, 9_000],
      ...[2_000, 4_000, 5_000].map((waitMs) => ['UNAVAILABLE', {}, waitMs]),
    ];
    for (const [at, [code, context, waitMs]] of pauses.entries()) {
      await seen.socket().says(refusal(seen.socket().of('message_send').at(-1), code, context));
      await seen.clock.tick(waitMs - 1);
      assert.equal(seen.socket().of('message_send').length, at + 1, code);
      await seen.clock.tick(1);
      assert.equal(seen.socket().of('message_send').length, at + 2, code);
    }
    await seen.socket().says(ack(seen.socket().of('message_send').at(-1)));
    assert.equal((await answer).messageSeq, 1);
  });

  test('given up by its signal leaves nothing behind', async () => {
    const seen = await begun();
    const giveUp = new AbortController();
    const answer = seen.otomo.request('message_send', SEND, { signal: giveUp.signal });
    giveUp.abort();
    await assert.rejects(answer, { code: 'ABORTED' });
    await back(seen);
    assert.deepEqual(seen.socket().of('message_send'), []);
    const late = seen.otomo.request('message_send', SEND, { signal: giveUp.signal });
    await assert.rejects(late, { code: 'ABORTED' });
  });

  test('refused for its haste is said again after the pause that the server names', async () => {
    const seen = await live();
    const answer = seen.otomo.request('game_action', { game_session_id: '7', action: 'look' });
    await seen.socket().says(refusal(seen.socket().sent[0], 'RATE_LIMITED', { retryAfterMs: 400 }));
    await seen.clock.tick(399);
    assert.equal(seen.socket().sent.length, 1);
    await seen.clock.tick(1);
    assert.equal(seen.socket().sent.length, 2);
    await seen.socket().says({ type: 'action_ack', requestId: seen.socket().sent[1].requestId });
    assert.equal((await answer).type, 'action_ack');
  });

  test('that is not to be repeated is not said again after a refusal for its haste either', async () => {
    const seen = await live();
    const answer = seen.otomo.request('message_send', SEND, { retry: false });
    const refused = assert.rejects(answer, { code: 'RATE_LIMITED', retryAfterMs: 400 });
    await seen.socket().says(refusal(seen.socket().sent[0], 'RATE_LIMITED', { retryAfterMs: 400 }));
    await seen.clock.tick(10_000);
    await refused;
    assert.equal(seen.socket().of('message_send').length, 1);
  });

  test('leaves a long pause to people', async () => {
    const seen = await live();
    const answer = seen.otomo.request('call_request', { callId: 'c', toUserId: 'x' }, { timeoutMs: 60_000 });
    const refused = assert.rejects(answer, { code: 'RATE_LIMITED', retryAfterMs: 40_000 });
    await seen.socket().says(refusal(seen.socket().sent[0], 'RATE_LIMITED', { retryAfterMs: 40_000 }));
    await refused;
  });

  test('a refusal during whose pause the link breaks is said once on the next one', async () => {
    const seen = await live();
    seen.otomo.request('message_send', SEND).catch(() => {});
    await seen.socket().says(refusal(seen.socket().sent[0], 'RATE_LIMITED', { retryAfterMs: 2_000 }));
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await back(seen);
    await seen.clock.tick(2_000);
    assert.equal(seen.socket().of('message_send').length, 1);
  });

  test('longer than the server takes would cost the link, and is not sent', async () => {
    const seen = await live();
    const body = 'あ'.repeat(30_000);
    await assert.rejects(seen.otomo.request('message_send', { ...SEND, body }), { code: 'MESSAGE_TOO_LARGE' });
    assert.deepEqual(seen.socket().sent, []);
  });

  test('longer than the server takes, asked before that is known, does not cost the link either', async () => {
    const seen = await begun();
    const body = 'あ'.repeat(30_000);
    const refused = assert.rejects(seen.otomo.request('message_send', { ...SEND, body }), { code: 'MESSAGE_TOO_LARGE' });
    const fits = seen.otomo.request('message_send', SEND);
    await back(seen);
    await refused;
    assert.deepEqual(seen.socket().sent.map(({ body: said }) => said), ['hello']);
    await seen.socket().says(ack(seen.socket().sent[0]));
    await fits;
  });

  test('made before the start waits for it, where it may be repeated', async () => {
    const seen = world();
    const answer = seen.otomo.request('message_send', SEND);
    const once = seen.otomo.request('game_action', { game_session_id: '7', action: 'look' });
    await assert.rejects(once, { code: 'DISCONNECTED', context: { sent: false } });
    seen.otomo.start();
    await settle();
    await back(seen);
    await seen.socket().says(ack(seen.socket().sent[0]));
    assert.equal((await answer).messageSeq, 1);
  });

  test('of a command without an answer is refused at once', async () => {
    const seen = await live();
    await assert.rejects(seen.otomo.request('typing-start', { conversationId: 'k' }), { code: 'NO_ANSWER' });
  });

  test('that stays open puts the link in doubt', async () => {
    const seen = await live();
    const answer = seen.otomo.request('message_send', SEND);
    await seen.clock.tick(10_000);
    assert.equal(seen.socket().of('heartbeat').length, 1);
    await seen.clock.tick(5_000);
    assert.equal(seen.sockets[0].closedWith, 3001);
    await seen.clock.tick(500);
    await back(seen);
    await seen.socket().says(ack(seen.socket().sent[0]));
    await answer;
  });

  test('is refused when the connection ends for good, and after that', async () => {
    const seen = await live();
    const stopped = seen.otomo.request('message_send', SEND);
    seen.otomo.stop();
    await assert.rejects(stopped, { code: 'DISCONNECTED' });
    await assert.rejects(seen.otomo.request('message_send', SEND), { code: 'DISCONNECTED' });
    const other = await live();
    const refused = assert.rejects(
      other.otomo.request('message_send', SEND),
      (/** @type {any} */ error) => error.context.closing.code === 4003,
    );
    await other.socket().breaks(4003);
    await refused;
  });
});

describe('send', () => {
  test('goes out while live, and says that it did not while away', async () => {
    const seen = await begun();
    assert.equal(seen.otomo.send('typing-start', { conversationId: 'k' }), false);
    await back(seen);
    assert.equal(seen.otomo.send('typing-start', { conversationId: 'k' }), true);
    assert.deepEqual(seen.socket().sent, [{ type: 'typing-start', conversationId: 'k' }]);
  });
});
