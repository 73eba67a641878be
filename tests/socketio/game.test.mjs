// The game of source document 003, with the official Socket.IO client: rooms, events of the backend, actions, points.

import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Server } from '../browser/support/server.mjs';
import { Backend, webhook } from './support/backend.mjs';
import { onEventStream, onWebSocket } from './support/others.mjs';
import { Person, WAYS, tokenOf } from './support/person.mjs';

/** @type {Server} */
let server;
/** @type {Backend} */
let backend;
let actions;

before(async () => {
  actions = await webhook(({ command, user_id }) => ({ seen: command.action, by: user_id }));
  server = await Server.start(actions.settings);
  backend = new Backend(server);
});

after(async () => {
  await server?.stop();
  await actions?.close();
});

/** Plays a story over each way to connect, with players and a game of their own. */
function story(name, play) {
  for (const [way, options] of Object.entries(WAYS)) {
    test(`${name}, over ${way}`, async () => {
      const players = [];
      const game = randomUUID();
      const room = `game_${game}`;
      const player = async (who) => {
        const user = `${who}-${randomUUID()}`;
        const one = await Person.connect(server, user, options);
        players.push(one);
        await backend.letsIn(room, user);
        const joined = await one.asks('join_game', { game_session_id: game });
        assert.deepEqual(joined, { type: 'joined_game', game_session_id: game });
        return Object.assign(one, { user });
      };
      try {
        await play({ player, game, room });
      } finally {
        players.forEach((one) => one.leaves());
      }
    });
  }
}

story('players join, hear what the backend says, and talk', async ({ player, game, room }) => {
  await backend.says({ room }, 'player_status_update', { user_id: 'ken', status: 'ready' });
  const [taro, hana] = [await player('taro'), await player('hana')];
  const [state] = (await taro.hears('room_snapshot')).events;
  assert.deepEqual([state.type, state.status], ['player_status_update', 'ready']);
  const said = await backend.says({ room }, 'game_started', { game_session_id: game, initial_state: { turn: 1 } });
  assert.deepEqual(said, { accepted: 1, stored: 0, delivered: 2 });
  for (const one of [taro, hana]) {
    const started = await one.hears('game_started');
    assert.deepEqual([started.type, started.initial_state], ['game_started', { turn: 1 }]);
    assert.ok(!Number.isNaN(Date.parse(started.timestamp)));
  }
  taro.socket.emit('chat_message', { game_session_id: game, message: 'よろしく' });
  const talk = await hana.hears('chat_message');
  assert.deepEqual([talk.user_id, talk.message], [taro.user, 'よろしく']);
  const stranger = await Person.connect(server, `ume-${randomUUID()}`, WAYS['a WebSocket']);
  assert.equal((await stranger.asks('join_game', { game_session_id: game })).code, 'ROOM_FORBIDDEN');
  stranger.leaves();
  assert.equal((await taro.asks('leave_game', { game_session_id: game })).type, 'left_game');
});

story("an event of the app's own is heard by its own name", async ({ player, room }) => {
  const players = [await player('taro'), await player('hana')];
  await backend.says({ room }, 'boss_spawned', { hp: 100 }, { priority: 'high' });
  await backend.says({ room }, 'score', { points: 3 }, { kind: 'durable' });
  for (const one of players) {
    assert.deepEqual(await one.hears('boss_spawned'), { type: 'boss_spawned', room, hp: 100 });
    assert.deepEqual(await one.hears('score'), { type: 'score', room, points: 3, seq: 1, prev: 0 });
  }
});

story('whoever is taken out hears no more', async ({ player, room }) => {
  const [taro, hana] = [await player('taro'), await player('hana')];
  await backend.takesOut(room, taro.user);
  assert.equal((await taro.hears('room_left')).reason, 'revoked');
  const said = await backend.says({ room }, 'narrative_update', { narrative: 'n', narrative_type: 'scene' });
  assert.equal(said.delivered, 1);
  await hana.hears('narrative_update');
  await taro.asks('heartbeat');
  assert.ok(taro.heard.every(({ name }) => name !== 'narrative_update'));
});

story('an action is acknowledged with the answer of the backend', async ({ player, game }) => {
  const taro = await player('taro');
  const answer = await taro.asks('game_action', { game_session_id: game, action: 'look', at: 'door' });
  assert.deepEqual(answer, {
    type: 'action_ack',
    action: 'game_action',
    result: { seen: 'look', by: taro.user },
  });
  const asked = actions.asked.find(({ body }) => body.user_id === taro.user);
  assert.equal(asked.body.command.at, 'door');
  const timestamp = asked.headers['x-otomo-timestamp'];
  const signature = createHmac('sha256', actions.secret).update(`${timestamp}.${JSON.stringify(asked.body)}`);
  assert.equal(asked.headers['x-otomo-signature'], `v1=${signature.digest('hex')}`);
});

test('the same user gets the same durable events with the same seq on every transport', async () => {
  const user = `mei-${randomUUID()}`;
  const [token, room] = [await tokenOf(server, user), `game_${randomUUID()}`];
  await backend.letsIn(room, user);
  const mei = await Person.connect(server, user, WAYS['long polling, upgraded']);
  const others = [onWebSocket(server, token), onEventStream(server, token)];
  const ready = (heard) => heard.some(({ type }) => type === 'ready');
  for (const other of others) await other.until(ready);
  const count = 60;
  for (let n = 1; n <= count; n += 1) {
    const durable = { kind: 'durable' };
    if (n % 3 === 0) await backend.says({ user }, 'quest', { n }, durable);
    else if (n % 3 === 1) await backend.says({ room }, 'boss_spawned', { n }, durable);
    else await backend.says({ room }, 'narrative_update', { narrative: `${n}`, narrative_type: 'scene' }, durable);
  }
  const durable = (events) => events.filter(({ seq, prev }) => seq !== undefined && prev !== undefined);
  await mei.until(() => durable(mei.heard.map(({ event }) => event)).length === count, 'durable events');
  for (const other of others) await other.until((heard) => durable(heard).length === count);
  const [socket, stream] = others.map((other) => durable(other.heard));
  assert.deepEqual(socket, stream);
  const unwrapped = socket.map(({ type, event, data, ...rest }) =>
    type === 'room_event' ? { type: event, ...data, ...rest } : { type, ...(data && { data }), ...rest },
  );
  assert.deepEqual(durable(mei.heard.map(({ event }) => event)), unwrapped);
  assert.deepEqual(
    socket.map(({ seq }) => seq),
    Array.from({ length: count }, (_, index) => index + 1),
  );
  for (const one of [...others, { close: () => mei.leaves() }]) one.close();
});
