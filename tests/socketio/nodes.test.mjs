// Requests of one client that come to several nodes, with the official Socket.IO client.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Cluster } from './support/cluster.mjs';
import { elsewhere, front, inTurn } from './support/front.mjs';
import { PATIENCE_MS, Person } from './support/person.mjs';

/** @type {Cluster} */
let cluster;

before(async () => {
  cluster = await Cluster.start(3, {
    OTOMO_SOCKETIO__PING_INTERVAL: '2s',
    OTOMO_SOCKETIO__PING_TIMEOUT: '2s',
    OTOMO_CLUSTER__LEASE: '2s',
  });
});

after(() => cluster?.stop());

/** What a node counts of the requests that it passed on. */
async function passedOn(node, outcome = 'answered') {
  const page = await (await fetch(new URL('/metrics', node.url))).text();
  const line = page.split('\n').find((it) => it.startsWith(`otomo_forwards_total{outcome="${outcome}"}`));
  return Number(line?.split(' ')[1] ?? 0);
}

/** Connects through a proxy with a rule, for as long as `play` goes on. */
async function through(rule, options, play) {
  const door = await front(cluster.nodes, rule);
  const people = [];
  const person = async (who, more = {}) => {
    const url = door.url;
    const somebody = await Person.connect(cluster.nodes[0], `${who}-${randomUUID()}`, { url, ...options, ...more });
    people.push(somebody);
    return somebody;
  };
  try {
    await play({ person, door });
  } finally {
    people.forEach((somebody) => somebody.leaves());
    door.close();
  }
}

/** Two people, and a hundred numbered messages from one to the other. */
async function talk(person) {
  const [taro, hana] = [await person('taro'), await person('hana')];
  const { userId } = await hana.hears('connected');
  for (let number = 0; number < 100; number += 1) {
    assert.equal((await taro.writes(userId, `${number}`)).type, 'message_send_ack');
  }
  await hana.hears('new-message', ({ body }) => body === '99');
  const heard = hana.heard.filter(({ name }) => name === 'new-message').map(({ event }) => Number(event.body));
  assert.deepEqual(
    heard,
    Array.from({ length: 100 }, (_, number) => number),
  );
  return [taro, hana];
}

test('polls that come to the nodes in turn reach their session', async () => {
  await through(inTurn(), { transports: ['polling'] }, async ({ person }) => {
    const before = await Promise.all(cluster.nodes.map((node) => passedOn(node)));
    const people = await talk(person);
    assert.deepEqual(
      people.map(({ ends }) => ends),
      [[], []],
    );
    const passed = await Promise.all(cluster.nodes.map((node) => passedOn(node)));
    // All but the one that both sessions may be on.
    assert.ok(passed.filter((count, at) => count > before[at]).length >= 2, `${before} ${passed}`);
  });
});

test('an upgrade that comes to another node is refused, and the client stays with long polling', async () => {
  await through(elsewhere(), { transports: ['polling', 'websocket'] }, async ({ person, door }) => {
    const taro = await person('taro');
    const deadline = Date.now() + PATIENCE_MS;
    while (door.endedUpgrades === 0 && Date.now() < deadline) await taro.asks('heartbeat');
    assert.ok(door.endedUpgrades > 0, 'an upgrade was tried');
    const people = [taro, ...(await talk(person))];
    for (const { ends, transport } of people) assert.deepEqual([ends, transport], [[], 'polling']);
  });
});

test('whatever an upgrade comes to, nothing is lost', async () => {
  await through(inTurn(), { transports: ['polling', 'websocket'] }, async ({ person }) => {
    for (let round = 0; round < 4; round += 1) {
      const people = await talk(person);
      for (const { ends } of people) assert.deepEqual(ends, []);
    }
  });
});

test('a poll without news comes back in the time of its own node', async () => {
  await through(elsewhere(), { transports: ['polling'] }, async ({ person }) => {
    const taro = await person('taro');
    for (let pings = 0; pings < 3; pings += 1) {
      await new Promise((resolve) => taro.socket.io.once('ping', resolve));
    }
    assert.deepEqual(taro.ends, []);
  });
});

test('a client whose node is gone starts anew on another', async () => {
  await through(inTurn(), { transports: ['polling'], reconnectionDelay: 50 }, async ({ person }) => {
    const taro = await person('taro');
    const name = taro.socket.io.engine.id.split('.')[0];
    const node = cluster.nodes.find((it) => it.name === name);
    await node.kill();
    await taro.until(() => taro.heard.filter((it) => it.name === 'ready').length > 1, 'second session');
    assert.notEqual(taro.socket.io.engine.id.split('.')[0], name);
    await node.crashAndReturn();
  });
});

test('sessions of nobody, and what nodes say to each other, are not for strangers', async () => {
  const [node, other] = cluster.nodes;
  const taro = await Person.connect(node, `taro-${randomUUID()}`, { transports: ['polling'] });
  const sid = taro.socket.io.engine.id;
  for (const method of ['GET', 'POST']) {
    const answer = await fetch(new URL(`/cluster/socketio?sid=${sid}`, node.url), { method });
    assert.equal(answer.status, 403);
  }
  const random = 'f'.repeat(32);
  for (const unknown of [`n9.${random}`, `${node.name}.${random}`, `${other.name}.${random}`, 'nonsense']) {
    const path = `/socket.io/?EIO=4&transport=polling&sid=${unknown}`;
    const answer = await fetch(new URL(path, node.url));
    assert.deepEqual(await answer.json(), { code: 1, message: 'Session ID unknown' });
  }
  assert.equal((await taro.asks('heartbeat')).type, 'heartbeat_ack');
  taro.leaves();
});
