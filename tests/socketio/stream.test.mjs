// Ten thousand numbered events, over each way to connect and with the upgrade in their middle: none lost, doubled or out of
// order.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Server } from '../browser/support/server.mjs';
import { door } from './support/door.mjs';
import { Person, WAYS } from './support/person.mjs';

/** How many there are. */
const COUNT = Number(process.env.OTOMO_STREAM_EVENTS ?? 10_000);

/** How many may be under way. */
const WINDOW = 64;

/** How long they may take, in milliseconds. */
const PATIENCE_MS = 120_000;

const SETTINGS = {
  OTOMO_LIMITS__MESSAGES_PER_MINUTE: 'none',
  OTOMO_LIMITS__COMMANDS_PER_SECOND: 'none',
  OTOMO_INBOX__MAX_EVENTS: 'none',
};

/** @type {Server} */
let server;

before(async () => {
  server = await Server.start(SETTINGS);
});

after(() => server?.stop());

/** Writes numbered messages to somebody, in order, as fast as they are taken. */
async function writeAll(writer, to) {
  const under = new Set();
  for (let number = 0; number < COUNT; number += 1) {
    const sent = writer.writes(to, String(number)).then((ack) => {
      assert.equal(ack.type, 'message_send_ack', JSON.stringify(ack));
      under.delete(sent);
    });
    under.add(sent);
    if (under.size >= WINDOW) await Promise.race(under);
  }
  await Promise.all(under);
}

/** Plays the stream to somebody new. `during` hears of each event that came. */
async function stream(reader, options, during = () => {}) {
  const writer = await Person.connect(server, `writer of ${reader}`.replaceAll(' ', '-'), { transports: ['websocket'] });
  const person = await Person.connect(server, reader, options);
  const got = [];
  const all = new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${got.length} came, ends: ${person.ends}`)), PATIENCE_MS);
    person.socket.on('new-message', ({ body, seq, prev }) => {
      got.push({ number: Number(body), seq, prev });
      during(got.length, person);
      if (got.length < COUNT) return;
      clearTimeout(late);
      resolve();
    });
  });
  await Promise.all([writeAll(writer, reader), all]);
  // What came twice would be here by the time this is answered.
  await person.asks('heartbeat');
  assert.equal(got.length, COUNT);
  assert.ok(
    got.every(({ number, seq, prev }, at) => number === at && seq === prev + 1),
    'in order, without a gap',
  );
  assert.deepEqual(person.ends, []);
  writer.leaves();
  return person;
}

for (const [way, options] of Object.entries(WAYS)) {
  test(`${COUNT} events over ${way}`, async () => {
    const reader = await stream(`reader-${Object.keys(WAYS).indexOf(way)}`, options);
    assert.equal(reader.transport, options.transports.at(-1));
    reader.leaves();
  });
}

test(`${COUNT} events with the upgrade in their middle`, async () => {
  const way = await door(server);
  const carriers = new Map();
  const options = { url: way.url, transports: ['polling', 'websocket'] };
  const reader = await stream('reader-upgraded', options, (count, person) => {
    if (count === Math.floor(COUNT / 3)) way.letWebSocketsIn();
    carriers.set(person.transport, (carriers.get(person.transport) ?? 0) + 1);
  });
  assert.equal(reader.transport, 'websocket');
  const shares = JSON.stringify([...carriers]);
  assert.ok(carriers.get('polling') >= COUNT / 3 && carriers.get('websocket') > COUNT / 10, shares);
  reader.leaves();
  way.close();
});
