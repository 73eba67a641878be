// The client at a real server: over WebSockets and event streams, through lines that fail.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Server } from '../browser/support/server.mjs';
import { testPeers, TestStream } from '../web/client/support/peers.mjs';
import { TestStorage } from '../web/client/support/world.mjs';
import { come, hears, lent, live, person, SECRET, signed } from './support/people.mjs';
import { line, proxyWithoutUpgrades } from './support/ways.mjs';

/** Those of the running test, so that none outlives it. */
let clients = [];
let server;

before(async () => {
  server = await Server.start({ OTOMO_CALLS__RING_TIMEOUT: '20s' });
});
after(() => server.stop());

/** Somebody at the server, live. @param {string} userId @param {any} [options] */
async function join(userId, { role = 'user', url = server.url, ...options } = {}) {
  const otomo = person(url, { token: await lent(server.url, userId, role), device: `${userId}-desk`, ...options });
  clients.push(otomo);
  otomo.start();
  await live(otomo);
  return otomo;
}

/** Runs a test, and ends its clients. */
const story = (name, run) =>
  test(name, async () => {
    try {
      await run();
    } finally {
      for (const otomo of clients) otomo.stop();
      clients = [];
    }
  });

const texts = (events) => events.map(({ body }) => body);

for (const transport of ['websocket', 'sse']) {
  describe(`over ${transport}`, () => {
    const named = (name) => `${name}-${transport}`;

    story('people write to each other, and what is unread is known on both sides', async () => {
      const [taro, hana] = [await join(named('taro'), { transport }), await join(named('hana'), { transport })];
      assert.equal(taro.link.get().transport, transport);
      const sent = await taro.request('message_send', { toUserId: named('hana'), body: 'こんにちは' });
      assert.equal(sent.messageSeq, 1);
      const { body, senderId, seq } = await hears(hana, 'new-message');
      assert.deepEqual([body, senderId, typeof seq], ['こんにちは', named('taro'), 'number']);
      const { conversationId } = sent;
      await come(hana.unread, ({ total }) => total === 1);
      taro.send('typing-start', { conversationId });
      await come(hana.typing, (typing) => typing[conversationId]?.includes(named('taro')));
      await hana.request('message-read', { conversationId, messageSeq: 1 });
      await come(hana.unread, ({ total }) => total === 0);
      await hears(taro, 'message-read', ({ userId }) => userId === named('hana'));
    });

    story('an otomo comes, takes a break and goes, in the order of the list', async () => {
      const taro = await join(named('taro'), { transport });
      const sora = await join(named('sora'), { transport, role: 'otomo' });
      const shown = (status) => (list) => list.find(({ userId }) => userId === named('sora'))?.status === status;
      await come(taro.otomos, shown('online'));
      assert.equal(taro.otomos.get()[0].userId, named('sora'));
      const { shown: now } = await sora.request('otomo_status_set', { status: 'break' });
      assert.equal(now, 'break');
      await come(taro.otomos, shown('break'));
      sora.stop();
      await come(taro.otomos, shown('offline'), 'offline: a goodbye takes effect at once');
    });

    story('a call goes from the ring to the voice to its summary', async () => {
      const phone = () => ({ microphone: async () => new TestStream(), RTCPeerConnection: testPeers() });
      const [caller, called] = [phone(), phone()];
      const taro = await join(named('taro'), { transport, calls: caller });
      const sora = await join(named('sora'), { transport, role: 'otomo', calls: called });
      await come(taro.otomos, (list) => list.some(({ userId, status }) => userId === named('sora') && status === 'online'));
      await taro.calls.place(named('sora'));
      await come(sora.calls.store, ({ phase }) => phase === 'incoming');
      await come(taro.calls.store, ({ phase }) => phase === 'ringing');
      await sora.calls.accept();
      await hears(taro, 'webrtc_answer');
      for (const { made } of [caller.RTCPeerConnection, called.RTCPeerConnection]) made[0].becomes('connected');
      const talk = await come(sora.calls.store, ({ phase }) => phase === 'connected');
      assert.equal(talk.peer.userId, named('taro'));
      await sora.calls.end();
      const over = await come(taro.calls.store, ({ phase }) => phase === 'ended');
      assert.equal(over.ending.reason, 'otomo_end');
    });

    story('friends are known from REST first, then from the stream', async () => {
      const [taro, yumi] = [await join(named('taro'), { transport }), await join(named('yumi'), { transport })];
      await taro.rest.put(`/api/friends/${named('yumi')}`);
      await yumi.rest.put(`/api/friends/${named('taro')}`);
      await come(taro.friends, ({ statuses }) => statuses[named('yumi')] === true);
      yumi.stop();
      await come(taro.friends, ({ statuses, lastSeen }) => statuses[named('yumi')] === false && lastSeen[named('yumi')] > 0);
      const again = person(server.url, { token: await lent(server.url, named('taro')), transport });
      clients.push(again);
      let phaseThen;
      const end = again.friends.subscribe(() => (phaseThen ??= again.link.get().phase));
      again.start();
      await come(again.friends, ({ statuses }) => statuses[named('yumi')] === false);
      end();
      await live(again);
      assert.ok(['connecting', 'live'].includes(phaseThen));
    });
  });
}

describe('a server that dies', () => {
  story('costs no message, and brings none twice', async () => {
    const [taro, hana] = [await join('taro-crash'), await join('hana-crash', { transport: 'sse' })];
    const bodies = Array.from({ length: 30 }, (_, n) => `message ${n}`);
    const sending = (async () => {
      for (const body of bodies) await taro.request('message_send', { toUserId: 'hana-crash', body }, { timeoutMs: 60_000 });
    })();
    await hears(hana, 'new-message', ({ body }) => body === bodies[5]);
    await server.crashAndReturn();
    await sending;
    await hears(hana, 'new-message', ({ body }) => body === bodies.at(-1));
    await hears(taro, 'new-message', ({ body }) => body === bodies.at(-1));
    for (const otomo of [taro, hana]) {
      assert.deepEqual(texts(otomo.of('new-message')), bodies);
      assert.ok(otomo.of('connected').length > 1, 'it did die');
    }
  });
});

describe('a line that fails', () => {
  story('a message whose acknowledgement was lost is stored once', async () => {
    const way = await line(server);
    try {
      const [taro, hana] = [await join('taro-line', { url: way.url, transport: 'websocket' }), await join('hana-line')];
      way.state.deaf = true;
      const sent = taro.request('message_send', { toUserId: 'hana-line', body: 'once' });
      await hears(hana, 'new-message');
      way.cut();
      way.state.deaf = false;
      const { conversationId, messageSeq } = await sent;
      assert.equal(messageSeq, 1);
      assert.equal(taro.of('connected').length, 2);
      const { items } = await hana.rest.get(`/api/conversations/${conversationId}/messages`);
      assert.deepEqual(texts(items), ['once']);
    } finally {
      way.close();
    }
  });

  story('what comes meanwhile is there after the return, also after a reload', async () => {
    const way = await line(server);
    const storage = new TestStorage();
    try {
      const yumi = await join('yumi-line');
      const taro = await join('taro-reload', { url: way.url, storage });
      way.state.shut = true;
      way.cut();
      for (const body of ['a', 'b', 'c']) await yumi.request('message_send', { toUserId: 'taro-reload', body });
      way.state.shut = false;
      taro.nudge();
      await hears(taro, 'new-message', ({ body }) => body === 'c');
      assert.deepEqual(texts(taro.of('new-message')), ['a', 'b', 'c']);
      taro.stop();
      await yumi.request('message_send', { toUserId: 'taro-reload', body: 'd' });
      const reloaded = await join('taro-reload', { storage });
      assert.deepEqual(texts(reloaded.of('new-message')), ['d']);
      assert.equal(reloaded.hello.resumed, true);
    } finally {
      way.close();
    }
  });

  story('a position that the server does not know begins anew', async () => {
    const storage = new TestStorage();
    storage.setItem('otomo.position.taro-strange.', '4711');
    const [taro, yumi] = [await join('taro-strange', { storage }), await join('yumi-strange')];
    assert.equal(taro.of('resync')[0].reason, 'unknown_seq');
    await yumi.request('message_send', { toUserId: 'taro-strange', body: 'welcome' });
    await hears(taro, 'new-message');
    assert.equal(taro.of('connected').length, 1);
    assert.equal(storage.getItem('otomo.position.taro-strange.'), '1');
  });
});

describe('a proxy that refuses upgrades', () => {
  story('is found out, and an event stream goes through', async () => {
    const proxy = await proxyWithoutUpgrades(server);
    const storage = new TestStorage();
    try {
      const taro = await join('taro-proxy', { url: proxy.url, storage });
      assert.equal(taro.link.get().transport, 'sse');
      const hana = await join('hana-proxy');
      await hana.request('message_send', { toUserId: 'taro-proxy', body: 'through' });
      await hears(taro, 'new-message');
      await taro.request('message_send', { toUserId: 'hana-proxy', body: 'back' });
      await hears(hana, 'new-message', ({ body }) => body === 'back');
      taro.stop();
      const refused = proxy.state.refused;
      await join('taro-proxy', { url: proxy.url, storage });
      assert.equal(proxy.state.refused, refused, 'remembered for the session');
    } finally {
      proxy.close();
    }
  });
});

describe('a way that brings everything twice', () => {
  story('is heard once', async () => {
    const proxy = await proxyWithoutUpgrades(server);
    try {
      const taro = await join('taro-twice', { url: proxy.url, transport: 'sse' });
      const hana = await join('hana-twice');
      proxy.state.twice = true;
      for (const body of ['a', 'b', 'c']) await hana.request('message_send', { toUserId: 'taro-twice', body });
      await hears(taro, 'new-message', ({ body }) => body === 'c');
      assert.deepEqual(texts(taro.of('new-message')), ['a', 'b', 'c']);
      assert.equal(taro.of('connected').length, 1);
    } finally {
      proxy.close();
    }
  });
});

describe('tokens', () => {
  let strict;
  before(async () => {
    strict = await Server.start({ OTOMO_AUTH__HS256_SECRET: SECRET });
  });
  after(() => strict.stop());

  story('are renewed while connected, without a break', async () => {
    const asked = [];
    const token = async (why) => {
      asked.push(why);
      return signed('taro', asked.length === 1 ? 4 : 3_600);
    };
    const taro = person(strict.url, { token });
    clients.push(taro);
    taro.start();
    await live(taro);
    await hears(taro, 'token_refresh_ack');
    assert.deepEqual(asked, ['connect', 'expiring']);
    assert.equal(taro.of('connected').length, 1);
  });

  story('that REST does not take are renewed once', async () => {
    const asked = [];
    const token = async (why) => {
      asked.push(why);
      return asked.length === 1 ? `${signed('taro', 60)}x` : signed('taro', 3_600);
    };
    const taro = person(strict.url, { token });
    assert.equal((await taro.rest.get('/api/me')).userId, 'taro');
    assert.deepEqual(asked, ['connect', 'unauthorized']);
  });

  story('that are forged end it, with the reason', async () => {
    for (const transport of ['websocket', 'sse']) {
      const taro = person(strict.url, { token: `${signed('taro', 60)}x`, transport });
      clients.push(taro);
      taro.start();
      const { closing } = await come(taro.link, ({ phase }) => phase === 'refused');
      assert.equal(closing.code, 4001, transport);
    }
  });
});
