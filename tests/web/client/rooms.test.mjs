// Rooms and games: entered again after each return, as long as they are wanted.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { back, live, settle } from './support/world.mjs';

const refusal = (sent, code, context) => ({ type: 'error', code, message: 'm', context, requestId: sent.requestId });

describe('rooms', () => {
  /** Breaks and comes back. */
  const returns = async (seen) => {
    await seen.socket().breaks();
    await seen.clock.tick(500);
    await back(seen);
  };
  /** What was said on the newest link. */
  const types = (seen) => seen.socket().sent.map(({ type }) => type);
  const join = async (seen, type, fields) => {
    const answer = seen.otomo.request(type, fields);
    await seen.socket().says({ type: `${type}_ack`, ...fields, requestId: seen.socket().of(type).at(-1).requestId });
    await answer;
  };

  test('are entered again after a return, unless they were left', async () => {
    const seen = await live();
    await join(seen, 'room_join', { room: 'lobby' });
    await join(seen, 'room_join', { room: 'cellar' });
    await join(seen, 'join_game', { game_session_id: '7' });
    await join(seen, 'room_leave', { room: 'cellar' });
    await returns(seen);
    const entered = seen.socket().sent.map(({ requestId: _, ...rest }) => rest);
    assert.deepEqual(entered, [
      { type: 'room_join', room: 'lobby' },
      { type: 'join_game', game_session_id: '7' },
    ]);
  });

  test('that nobody may enter any more are told as left', async () => {
    const seen = await live();
    await join(seen, 'join_game', { game_session_id: '7' });
    await returns(seen);
    await seen.socket().says(refusal(seen.socket().sent[0], 'ROOM_FORBIDDEN'));
    await settle();
    assert.deepEqual(seen.events.at(-1), { type: 'room_left', room: 'game_7', reason: 'revoked' });
  });

  test('whose leaving waits for the link are left, and not entered again', async () => {
    const seen = await live();
    await join(seen, 'room_join', { room: 'lobby' });
    await join(seen, 'join_game', { game_session_id: '7' });
    await seen.socket().breaks();
    const left = [seen.otomo.request('room_leave', { room: 'lobby' }), seen.otomo.request('leave_game', { game_session_id: '7' })];
    await seen.clock.tick(250);
    await back(seen);
    assert.deepEqual(types(seen), ['room_leave', 'leave_game']);
    for (const { type, requestId } of seen.socket().sent) await seen.socket().says({ type: `${type}_ack`, requestId });
    await Promise.all(left);
    await returns(seen);
    assert.deepEqual(types(seen), []);
  });

  test('that could not be left are entered again, and so are those that were entered anew', async () => {
    const seen = await live();
    await join(seen, 'room_join', { room: 'lobby' });
    await join(seen, 'room_join', { room: 'cellar' });
    const kept = assert.rejects(seen.otomo.request('room_leave', { room: 'lobby' }), { code: 'FORBIDDEN' });
    await seen.socket().says(refusal(seen.socket().sent.at(-1), 'FORBIDDEN'));
    await kept;
    const left = seen.otomo.request('room_leave', { room: 'cellar' });
    const entered = join(seen, 'room_join', { room: 'cellar' });
    await seen.socket().says({ type: 'room_leave_ack', requestId: seen.socket().of('room_leave').at(-1).requestId });
    await Promise.all([left, entered]);
    await returns(seen);
    assert.deepEqual(seen.socket().sent.map(({ room }) => room), ['lobby', 'cellar']);
  });

  test('whose leaving is refused after a return are entered on that link', async () => {
    const seen = await live();
    await join(seen, 'room_join', { room: 'lobby' });
    await seen.socket().breaks();
    const twice = [1, 2].map(() => assert.rejects(seen.otomo.request('room_leave', { room: 'lobby' }), { code: 'FORBIDDEN' }));
    await seen.clock.tick(250);
    await back(seen);
    assert.deepEqual(types(seen), ['room_leave', 'room_leave']);
    for (const said of seen.socket().of('room_leave')) await seen.socket().says(refusal(said, 'FORBIDDEN'));
    await Promise.all(twice);
    assert.deepEqual(types(seen), ['room_leave', 'room_leave', 'room_join']);
    await seen.socket().says({ type: 'room_join_ack', room: 'lobby', requestId: seen.socket().sent.at(-1).requestId });
    await returns(seen);
    assert.deepEqual(types(seen), ['room_join']);
  });

  test('whose leaving is refused while their door is shut are tried again', async () => {
    const seen = await live();
    await join(seen, 'room_join', { room: 'lobby' });
    await returns(seen);
    await seen.socket().says(refusal(seen.socket().sent[0], 'UNAVAILABLE'));
    const kept = assert.rejects(seen.otomo.request('room_leave', { room: 'lobby' }), { code: 'FORBIDDEN' });
    await seen.clock.tick(5_000);
    assert.deepEqual(types(seen), ['room_join', 'room_leave']);
    await seen.socket().says(refusal(seen.socket().sent[1], 'FORBIDDEN'));
    await kept;
    assert.deepEqual(types(seen), ['room_join', 'room_leave', 'room_join']);
  });

  test('that one was told to have left are not entered again where a leaving is refused', async () => {
    const seen = await live();
    await join(seen, 'room_join', { room: 'lobby' });
    const late = assert.rejects(seen.otomo.request('room_leave', { room: 'lobby' }), { code: 'FORBIDDEN' });
    await seen.socket().says({ type: 'room_left', room: 'lobby', reason: 'revoked' });
    await seen.socket().says(refusal(seen.socket().sent.at(-1), 'FORBIDDEN'));
    await late;
    await returns(seen);
    assert.deepEqual(types(seen), []);
  });

  test('whose door is shut for now are tried again until it opens, ever more rarely, and told meanwhile', async () => {
    const told = [];
    const seen = await live({ log: (what) => told.push(what) });
    await join(seen, 'room_join', { room: 'lobby' });
    await returns(seen);
    const refused = async (code, context) => seen.socket().says(refusal(seen.socket().sent.at(-1), code, context));
    for (const [code, context, waitMs] of [
      ['RATE_LIMITED', { retryAfterMs: 6_000 }, 6_500],
      ['UNAVAILABLE', {}, 1_000],
      ['INTERNAL_ERROR', {}, 2_000],
    ]) {
      const before = seen.socket().sent.length;
      await refused(code, context);
      await seen.clock.tick(waitMs - 1);
      assert.equal(seen.socket().of('room_join').length, before, code);
      await seen.clock.tick(1);
      assert.equal(seen.socket().of('room_join').length, before + 1, code);
    }
    const { requestId } = seen.socket().sent.at(-1);
    await seen.socket().says({ type: 'room_join_ack', room: 'lobby', requestId });
    assert.deepEqual(told.filter((what) => what === 'lobby is not entered yet').length, 3);
    assert.equal(seen.events.filter(({ type }) => type === 'room_left').length, 0);
    await seen.clock.tick(20_000);
    assert.equal(seen.socket().of('room_join').length, 4);
  });

  test('are tried once on each link, and not at all once they were left', async () => {
    const seen = await live();
    await join(seen, 'room_join', { room: 'lobby' });
    await returns(seen);
    await seen.socket().says(refusal(seen.socket().sent[0], 'RATE_LIMITED', { retryAfterMs: 6_000 }));
    await returns(seen);
    await seen.clock.tick(7_000);
    assert.deepEqual(types(seen), ['room_join']);
    await seen.socket().says(refusal(seen.socket().sent[0], 'UNAVAILABLE'));
    seen.otomo.request('room_leave', { room: 'lobby' }).catch(() => {});
    await seen.clock.tick(5_000);
    assert.deepEqual(types(seen), ['room_join', 'room_leave']);
  });

  test('are forgotten by a goodbye, also those whose door is shut', async () => {
    const seen = await live({ topics: ['rooms'] });
    await join(seen, 'room_join', { room: 'lobby' });
    await returns(seen);
    await seen.socket().says(refusal(seen.socket().sent[0], 'UNAVAILABLE'));
    seen.otomo.stop();
    assert.equal(seen.clock.waiting, 0);
    seen.otomo.start();
    await settle();
    await back(seen);
    assert.deepEqual(types(seen), []);
  });
});
