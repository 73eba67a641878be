// What people do, with the official Socket.IO client, over each way to connect.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Server } from '../browser/support/server.mjs';
import { door } from './support/door.mjs';
import { PATIENCE_MS, Person, WAYS, client, tokenOf } from './support/person.mjs';

/** @type {Server} */
let server;

before(async () => {
  server = await Server.start();
});

after(() => server?.stop());

/** Waits for the next event of a client that is no person. */
const until = (socket, name) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${name}`)), PATIENCE_MS);
    socket.once(name, (event) => {
      clearTimeout(late);
      resolve(event);
    });
  });

/** Plays a flow over each way, with people of their own. */
function flow(name, play) {
  for (const [way, options] of Object.entries(WAYS)) {
    test(`${name}, over ${way}`, async () => {
      const people = [];
      const person = async (who, more = {}) => {
        const somebody = await Person.connect(server, `${who}-${randomUUID()}`, { ...options, ...more });
        people.push(somebody);
        return somebody;
      };
      try {
        await play({ person, options });
      } finally {
        people.forEach((somebody) => somebody.leaves());
      }
    });
  }
}

const nameOf = async (person) => (await person.hears('connected')).userId;

flow('a session begins in the order of the protocol and repeats the type in each event', async ({ person }) => {
  const taro = await person('taro');
  assert.deepEqual(
    taro.heard.map(({ name }) => name),
    ['connected', 'otomo_status_snapshot', 'call_snapshot', 'unread_snapshot', 'friend_status_snapshot', 'ready'],
  );
  for (const { name, event } of taro.heard) assert.equal(event.type, name);
  assert.equal(taro.socket.id, (await taro.hears('connected')).sessionId);
});

flow('a command is acknowledged with its answer, its error, or nothing', async ({ person }) => {
  const taro = await person('taro');
  assert.equal((await taro.asks('heartbeat')).type, 'heartbeat_ack');
  assert.equal((await taro.asks('heartbeat', { requestId: 'a' })).requestId, 'a');
  const unknown = await taro.asks('nonsense', {});
  assert.deepEqual([unknown.type, unknown.code], ['error', 'UNKNOWN_TYPE']);
  assert.equal((await taro.asks('heartbeat', 5)).code, 'BAD_REQUEST');
  assert.equal(await taro.asks('typing-stop', { conversationId: randomUUID() }), undefined);
  taro.socket.emit('heartbeat', { requestId: 'b' });
  assert.equal((await taro.hears('heartbeat_ack', ({ requestId }) => requestId === 'b')).requestId, 'b');
});

flow('people hear of statuses, call each other and talk', async ({ person }) => {
  const taro = await person('taro');
  const hana = await person('hana', { role: 'otomo' });
  const [otomo, callId] = [await nameOf(hana), randomUUID()];
  await taro.hears('otomo_status_update', ({ userId, status }) => userId === otomo && status === 'online');
  const requested = await taro.asks('call_request', { toUserId: otomo, callId });
  assert.equal(requested.type, 'call_request_ack');
  assert.equal((await hana.hears('incoming_call')).callId, callId);
  assert.equal((await hana.asks('call_accept', { callId })).type, 'call_accept_ack');
  await taro.hears('call_accepted');
  await taro.hears('signaling_start', ({ role }) => role === 'offerer');
  await hana.hears('signaling_start', ({ role }) => role === 'answerer');
  taro.socket.emit('webrtc_offer', { callId, offer: { type: 'offer', sdp: 'v=0 o' } });
  assert.equal((await hana.hears('webrtc_offer')).offer.sdp, 'v=0 o');
  hana.socket.emit('webrtc_answer', { callId, answer: { type: 'answer', sdp: 'v=0 a' } });
  assert.equal((await taro.hears('webrtc_answer')).answer.sdp, 'v=0 a');
  taro.socket.emit('call_connected', { callId });
  hana.socket.emit('call_connected', { callId });
  for (const one of [taro, hana]) await one.hears('call_connected');
  await taro.hears('otomo_status_update', ({ userId, status }) => userId === otomo && status === 'busy');
  assert.equal((await taro.asks('call_end_request', { callId })).type, 'call_end_request_ack');
  for (const one of [taro, hana]) assert.equal((await one.hears('call_end')).reason, 'user_end');
});

flow('people write to each other, with attachments', async ({ person }) => {
  const [taro, yumi] = [await person('taro'), await person('yumi')];
  const to = await nameOf(yumi);
  const sent = await taro.writes(to, 'こんにちは', { blob: Buffer.from([0, 255, 30]), note: 'x\u001ey' });
  assert.equal(sent.type, 'message_send_ack');
  const got = await yumi.hears('new-message');
  assert.equal(got.body, 'こんにちは');
  assert.deepEqual(got.data, { blob: 'AP8e', note: 'x\u001ey' });
  const { conversationId, messageSeq } = got;
  yumi.socket.emit('typing-start', { conversationId });
  await taro.hears('typing-start');
  const read = await yumi.asks('message-read', { conversationId, messageSeq });
  assert.equal(read.type, 'message_read_ack');
  await taro.hears('message-read', (event) => event.messageSeq === messageSeq && event.userId === to);
});

flow('whoever is refused hears why, in the shape of the library', async ({ options }) => {
  for (const [auth, code] of [
    [{ token: 'forged' }, 'UNAUTHORIZED'],
    [{}, 'UNAUTHORIZED'],
    [{ token: await tokenOf(server, 'taro'), lastSeq: 'x' }, 'BAD_REQUEST'],
    [{ token: await tokenOf(server, 'taro'), topics: 'weather' }, 'BAD_REQUEST'],
  ]) {
    const refused = client(server.url, { auth, ...options });
    const error = await until(refused, 'connect_error');
    assert.equal(error.data?.code, code, error.message);
    assert.equal(refused.active, false);
  }
});

flow('only the main namespace is served, and asking for another does no harm', async ({ person }) => {
  const taro = await person('taro');
  const admin = taro.socket.io.socket('/admin');
  assert.equal((await until(admin, 'connect_error')).message, 'Invalid namespace');
  assert.equal((await taro.asks('heartbeat')).type, 'heartbeat_ack');
});

flow('a token in the handshake counts too, and auth says the rest', async ({ options }) => {
  const token = await tokenOf(server, `mei-${randomUUID()}`);
  const socket = client(server.url, { ...options, query: { token }, auth: { topics: 'points', device: 'phone' } });
  const mei = new Person(socket);
  await mei.hears('ready');
  assert.deepEqual(
    mei.heard.map(({ name }) => name),
    ['connected', 'ready'],
  );
  mei.leaves();
});

flow('a client that lost its network comes back by itself and continues', async ({ person, options }) => {
  const [yumi, way] = [await person('yumi'), await door(server)];
  way.letWebSocketsIn();
  const name = `kiku-${randomUUID()}`;
  const token = await tokenOf(server, name);
  let lastSeq;
  const socket = client(way.url, { ...options, reconnectionDelay: 50, auth: (say) => say({ token, lastSeq }) });
  const kiku = new Person(socket);
  const bodies = [];
  socket.on('ready', ({ seq }) => (lastSeq = seq));
  socket.on('new-message', ({ seq, body }) => {
    lastSeq = seq;
    bodies.push(body);
  });
  await kiku.hears('ready');
  await yumi.writes(name, 'before');
  await kiku.hears('new-message');
  way.cut();
  for (let number = 0; number < 40; number += 1) await yumi.writes(name, `away ${number}`);
  await kiku.until(() => bodies.length >= 41, 'messages');
  await yumi.writes(name, 'after');
  await kiku.until(() => bodies.length >= 42, 'the last message');
  const away = Array.from({ length: 40 }, (_, number) => `away ${number}`);
  assert.deepEqual(bodies, ['before', ...away, 'after']);
  // Node's XMLHttpRequest sends a poll again whose connection broke before its answer: then the session goes on.
  if (kiku.transport === 'websocket') assert.ok(kiku.ends.length > 0, 'the connection was cut');
  kiku.leaves();
  way.close();
});

for (const [way, options] of Object.entries(WAYS)) {
  test(`a server that stops says so, and clients come back to the next one, over ${way}`, async () => {
    const own = await Server.start();
    const taro = await Person.connect(own, 'taro', { ...options, reconnectionDelay: 50 });
    await own.restart();
    assert.equal((await taro.hears('closing')).reconnect, true);
    await taro.until(() => taro.heard.filter(({ name }) => name === 'ready').length === 2, 'second session');
    assert.ok(!taro.ends.includes('io server disconnect'), `${taro.ends}`);
    taro.leaves();
    await own.stop();
  });
}
