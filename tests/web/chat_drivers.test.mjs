// What drives the chat: a connection and a REST that obey the test, and the real store.

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';

import { ListLoader } from '../../web/demo/chat/list_loader.js';
import { HistoryLoader } from '../../web/demo/chat/history_loader.js';
import { Reader } from '../../web/demo/chat/reader.js';
import { Sender } from '../../web/demo/chat/sender.js';
import { OtomoError } from '../../web/client/src/index.js';
import { NO_CLIENT } from '../../web/demo/state/client.js';
import { conversationAt } from '../../web/demo/state/place.js';
import { Store } from '../../web/demo/state/store.js';

const ME = { userId: 'me', role: 'user', name: 'Me', avatar: null, token: 't', lent: true };
const client = (change) => ({ type: 'page_client', client: { ...NO_CLIENT, ...change } });
const LIVE = client({ link: { ...NO_CLIENT.link, phase: 'live' } });
const AWAY = client({ link: { ...NO_CLIENT.link, phase: 'away' } });
const READY = { type: 'ready', seq: 0 };

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Questions that were asked and wait for their answers. */
function questions() {
  const asked = [];
  const ask = (...args) => new Promise((resolve, reject) => asked.push({ args, resolve, reject }));
  return { asked, ask };
}

const item = (conversationId, lastSeq = 0, unread = 0) => ({
  conversationId,
  kind: 'direct',
  title: null,
  createdBy: 'me',
  lastAt: '2026-11-22T12:00:00.000Z',
  lastSeq,
  unread,
  lastMessage: null,
  members: [{ userId: 'hana', name: 'Hana', avatar: null, readSeq: 0, readAt: null }],
});

const page = (from, to, lastSeq = to) => ({
  items: Array.from({ length: to - from + 1 }, (_, index) => ({
    conversationId: 'c',
    messageSeq: from + index,
    senderId: 'hana',
    clientMessageId: `m-${from + index}`,
    body: 'b',
    createdAt: '2026-11-22T12:00:00.000Z',
  })),
  firstSeq: 1,
  lastSeq,
});

/** @type {Store} */
let store;
const play = (...events) => events.forEach((event) => store.dispatch(event));
const watch = (driver) => store.watch((state, event) => driver.follow(state, event));
const list = (...items) => ({ type: 'page_conversations', items });

beforeEach(() => {
  store = new Store(() => 0);
  play({ type: 'page_identity', identity: ME }, LIVE);
});

describe('what was written', () => {
  const sender = () => {
    const { asked, ask } = questions();
    const sender = new Sender(store, { otomo: { request: (_, fields) => ask(fields) } });
    watch(sender);
    return { sender, asked };
  };
  const bodies = (asked) => asked.map(({ args: [{ body }] }) => body);
  const ack = ({ args: [{ clientMessageId }], resolve }, messageSeq) => {
    play({ type: 'message_send_ack', clientMessageId, conversationId: 'c', messageSeq });
    resolve({});
  };

  test('is sent one after the other', async () => {
    const { sender: writer, asked } = sender();
    writer.write('c', 'one');
    writer.write('c', 'two');
    assert.deepEqual(bodies(asked), ['one']);
    ack(asked[0], 1);
    await settle();
    assert.deepEqual(bodies(asked), ['one', 'two']);
  });

  test('is sent again after the return, with the same id', async () => {
    const { sender: writer, asked } = sender();
    writer.write('c', 'one');
    play(AWAY);
    asked[0].reject(new OtomoError('DISCONNECTED', ''));
    await settle();
    writer.write('c', 'two');
    assert.equal(asked.length, 1);
    play(LIVE, READY);
    assert.deepEqual(bodies(asked), ['one', 'one']);
    assert.equal(asked[1].args[0].clientMessageId, asked[0].args[0].clientMessageId);
    ack(asked[1], 1);
    await settle();
    assert.deepEqual(bodies(asked), ['one', 'one', 'two']);
  });

  test('whose answer does not come is sent again while the link is live', async () => {
    const { sender: writer, asked } = sender();
    writer.write('c', 'one');
    asked[0].reject(new OtomoError('TIMEOUT', ''));
    await settle();
    assert.deepEqual(bodies(asked), ['one', 'one']);
    assert.equal(asked[1].args[0].clientMessageId, asked[0].args[0].clientMessageId);
    play(AWAY);
    asked[1].reject(new OtomoError('TIMEOUT', ''));
    await settle();
    assert.equal(asked.length, 2);
    play(LIVE, READY);
    assert.equal(asked.length, 3);
  });

  test('does not wait for what was refused, which is sent again only when asked', async () => {
    const { sender: writer, asked } = sender();
    writer.write('c', 'one');
    writer.write('c', 'two');
    asked[0].reject(new OtomoError('RATE_LIMITED', '', { retryAfterMs: 1 }));
    await settle();
    ack(asked[1], 1);
    await settle();
    play(READY);
    assert.deepEqual(bodies(asked), ['one', 'two']);
    writer.resend(asked[0].args[0].clientMessageId);
    assert.deepEqual(bodies(asked), ['one', 'two', 'one']);
  });
});

describe('the history of the open conversation', () => {
  const history = () => {
    const { asked, ask } = questions();
    const history = new HistoryLoader(store, { history: (_, span) => ask(span) });
    watch(history);
    return { history, spans: () => asked.map(({ args: [{ limit, ...span }] }) => span), asked };
  };
  const open = { type: 'page_place', place: conversationAt('c') };

  test('begins with the latest page, goes back by pages, and stops at the beginning', async () => {
    const { history: driver, spans, asked } = history();
    play(list(item('c', 80)));
    assert.deepEqual(spans(), []);
    play(open);
    asked[0].resolve(page(31, 80));
    await settle();
    driver.loadOlder('c');
    driver.loadOlder('c');
    assert.deepEqual(spans(), [{}, { before: '31' }]);
    asked[1].resolve(page(1, 30, 80));
    await settle();
    driver.loadOlder('c');
    assert.equal(asked.length, 2);
  });

  test('goes on after what is here until nothing is missing', async () => {
    const { spans, asked } = history();
    play(list(item('c', 2)), open);
    asked[0].resolve(page(1, 2));
    await settle();
    play(list(item('c', 5, 3)));
    asked[1].resolve(page(3, 4, 5));
    await settle();
    asked[2].resolve(page(5, 5));
    await settle();
    assert.deepEqual(spans(), [{}, { after: '2' }, { after: '4' }]);
  });

  test('that failed is not asked for again and again, but after the return or when asked', async () => {
    const { history: driver, asked } = history();
    play(list(item('c', 2)), open);
    for (const again of [READY, { type: 'page_history_reload', conversationId: 'c' }]) {
      const before = asked.length;
      asked.at(-1).reject(new OtomoError('DISCONNECTED', ''));
      await settle();
      driver.loadOlder('c');
      play({ type: 'heartbeat_ack' });
      assert.equal(asked.length, before);
      play(again);
      assert.equal(asked.length, before + 1);
    }
  });

  test('of somebody else is not taken', async () => {
    const { asked } = history();
    play(list(item('c', 2)), open, { type: 'page_identity', identity: { ...ME, userId: 'you' } });
    asked[0].resolve(page(1, 2));
    await settle();
    assert.equal(store.state.chat.timelines.size, 0);
  });
});

describe('the list', () => {
  const loading = () => {
    const { asked, ask } = questions();
    watch(new ListLoader(store, { conversations: ask }));
    return asked;
  };
  const snapshot = { type: 'unread_snapshot', conversations: [] };
  const message = { type: 'new-message', conversationId: 'new', messageSeq: 1, createdAt: 0 };

  test('is asked for with each snapshot, one question at a time, so that the last answer is the newest', async () => {
    const asked = loading();
    play(snapshot, snapshot, snapshot);
    assert.equal(asked.length, 1);
    asked[0].resolve([item('c')]);
    await settle();
    assert.equal(asked.length, 2);
    asked[1].resolve([item('c'), item('d')]);
    await settle();
    assert.equal(asked.length, 2);
    assert.equal(store.state.chat.conversations.byId.size, 2);
  });

  test('is asked for again after what came too early to be put into it', async () => {
    const asked = loading();
    play(snapshot, message);
    asked[0].resolve([item('new')]);
    await settle();
    assert.equal(asked.length, 2);
    asked[1].resolve([item('new', 1, 1)]);
    await settle();
    assert.equal(store.state.chat.conversations.byId.get('new').lastSeq, 1);
    assert.equal(asked.length, 2);
  });

  test('is asked for when an unknown conversation is heard of', async () => {
    const asked = loading();
    play(list(item('c')), { ...message, conversationId: 'c' });
    assert.equal(asked.length, 0);
    play(message);
    assert.equal(asked.length, 1);
  });
});

describe('what was read', () => {
  const view = { hidden: false, focused: true };
  const unread = (readSeq) =>
    client({ link: LIVE.client.link, unread: { total: 0, conversations: { c: { unread: 3 - readSeq, readSeq, lastSeq: 3 } } } });
  const reader = () => {
    const { asked, ask } = questions();
    globalThis.document = {
      get hidden() {
        return view.hidden;
      },
      hasFocus: () => view.focused,
    };
    const reader = new Reader(store, { otomo: { request: (_, fields) => ask(fields) } });
    watch(reader);
    play(unread(0), list(item('c', 3, 3)), { type: 'page_place', place: conversationAt('c') });
    play({ type: 'page_history', conversationId: 'c', part: 'latest', ...page(1, 3) });
    return { reader, asked };
  };

  test('is said once, when the end is in view of somebody who looks', () => {
    const { reader: driver, asked } = reader();
    assert.equal(asked.length, 0);
    view.focused = false;
    driver.setAtEnd(true);
    assert.equal(asked.length, 0);
    view.focused = true;
    view.hidden = true;
    driver.read();
    assert.equal(asked.length, 0);
    view.hidden = false;
    driver.read();
    driver.setAtEnd(true);
    assert.deepEqual(asked[0].args, [{ conversationId: 'c', messageSeq: 3 }]);
    assert.equal(asked.length, 1);
  });

  test('is said again on the next link, unless the server has heard it', () => {
    const { reader: driver, asked } = reader();
    driver.setAtEnd(true);
    play({ type: 'connected', timestamp: 0 }, READY);
    assert.equal(asked.length, 2);
    play(unread(3));
    play({ type: 'connected', timestamp: 0 }, READY);
    assert.equal(asked.length, 2);
  });

  test('is nothing of a conversation that was left', () => {
    const { reader: driver, asked } = reader();
    play({ type: 'page_place', place: conversationAt('d') });
    driver.setAtEnd(true);
    assert.equal(asked.length, 0);
  });
});
