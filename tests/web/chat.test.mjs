// What the chat shows: old snapshot and event give the new snapshot.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { logOf } from '../../web/demo/state/chat/log.js';
import { directWith, inOrder } from '../../web/demo/state/chat/conversations.js';
import { BODY_MAX, roomIn } from '../../web/demo/state/chat/size.js';
import { isWhole } from '../../web/demo/state/chat/timelines.js';
import { CHAT, conversationAt, hashOf, HOME, NEW_GROUP, readPlace } from '../../web/demo/state/place.js';
import { reduce, START } from '../../web/demo/state/store.js';
import { Typist } from '../../web/demo/chat/typist.js';

const ME = { userId: 'me', role: 'user', name: 'Me', avatar: null, token: 't', lent: true };
const SECOND = '2026-11-22T12:00:00.000Z';
const AT = Date.parse(SECOND);

/** Plays events after the sign-in, one a second. */
function play(...events) {
  const all = [{ type: 'page_identity', identity: ME }, ...events];
  return all.reduce((state, event, index) => reduce(state, event, index * 1_000), START);
}

/** A message as events tell it; `senderId` hana unless said otherwise. */
const message = (messageSeq, more = {}) => ({
  type: 'new-message',
  conversationId: 'c',
  messageSeq,
  senderId: 'hana',
  clientMessageId: `m-${messageSeq}`,
  body: `text ${messageSeq}`,
  createdAt: AT / 1000 + messageSeq,
  ...more,
});

/** The same as REST tells it. */
const stored = (messageSeq, more = {}) => ({
  ...message(messageSeq, more),
  createdAt: new Date(AT + messageSeq * 1_000).toISOString(),
});

/** A conversation as REST lists it. */
const item = (conversationId, { lastSeq = 0, ...more } = {}) => ({
  conversationId,
  kind: 'direct',
  title: null,
  createdBy: 'me',
  lastAt: new Date(AT + lastSeq * 1_000).toISOString(),
  lastSeq,
  lastMessage: lastSeq === 0 ? null : stored(lastSeq, { conversationId }),
  members: ['hana', 'me'].map((userId) => ({ userId, name: userId, avatar: null, readSeq: 0, readAt: null })),
  ...more,
});

const list = (...items) => ({ type: 'page_conversations', items });
const page = (part, from, to, lastSeq = to, firstSeq = 1) => ({
  type: 'page_history',
  conversationId: 'c',
  part,
  items: Array.from({ length: to - from + 1 }, (_, index) => stored(from + index)),
  firstSeq,
  lastSeq,
});
const read = (userId, messageSeq) => ({
  type: 'message-read',
  conversationId: 'c',
  userId,
  messageSeq,
  timestamp: AT / 1000 + 100,
});
const seqs = (state) => state.chat.timelines.get('c').messages.map(({ messageSeq }) => messageSeq);
const conversation = (state) => state.chat.conversations.byId.get('c');

describe('the list of conversations', () => {
  test('holds what was said last, also after messages and repeats of them', () => {
    const state = play(list(item('c', { lastSeq: 2 })), message(3), message(4), message(3));
    assert.equal(conversation(state).lastMessage.body, 'text 4');
    assert.equal(conversation(state).lastSeq, 4);
  });

  test('law: a list and the events after it give what a fresh list gives', () => {
    // A small generator with a fixed seed: the same histories each time.
    let seed = 42;
    const pick = (n) => (seed = (seed * 48_271) % 2_147_483_647) % n;
    for (let round = 0; round < 500; round += 1) {
      let [last, cursor] = [0, 0];
      const events = [];
      for (let step = 0; step < 12; step += 1) {
        if (pick(3) > 0) events.push(message((last += 1), { senderId: 'me' }));
        else if (last > cursor) events.push(read('hana', (cursor += 1 + pick(last - cursor))));
      }
      const members = [{ userId: 'hana', name: 'hana', avatar: null, readSeq: cursor, readAt: cursor === 0 ? null : '2026-11-22T12:01:40.000Z' }];
      const now = list(item('c', { lastSeq: last, members }));
      // The list may come before, between or after what it already knows.
      const at = pick(events.length + 1);
      const told = play(list(item('c')), ...events);
      const between = play(list(item('c')), ...events.slice(0, at), now, ...events.slice(at));
      const fresh = play(now);
      for (const state of [told, between]) {
        assert.equal(conversation(state).lastSeq, conversation(fresh).lastSeq);
        assert.equal(conversation(state).members[0].readSeq, conversation(fresh).members[0].readSeq);
      }
    }
  });

  test('an older list takes nothing back, and one without a conversation takes it away', () => {
    const heard = [list(item('c'), item('d', { lastSeq: 1 })), message(1), read('me', 1), read('hana', 1)];
    const state = play(...heard, list(item('c')));
    assert.equal(conversation(state).lastSeq, 1);
    assert.equal(conversation(state).members[0].readSeq, 1);
    assert.deepEqual([...state.chat.conversations.byId.keys()], ['c']);
  });

  test('begins with the latest, and leaves out what somebody else began and did not say', () => {
    const began = (conversationId, more) => item(conversationId, { lastSeq: 0, ...more });
    const state = play(
      list(
        item('old', { lastSeq: 1 }),
        item('new', { lastSeq: 9 }),
        began('mine'),
        began('theirs', { createdBy: 'hana' }),
        began('group', { createdBy: 'hana', kind: 'group' }),
      ),
    );
    const order = inOrder(state.chat.conversations, 'me').map(({ conversationId }) => conversationId);
    assert.deepEqual(order, ['new', 'old', 'mine', 'group']);
    assert.equal(directWith(state.chat.conversations, 'hana')?.kind, 'direct');
    assert.equal(directWith(state.chat.conversations, 'taro'), null);
  });

  test('another database knows nothing of it, but may get what was not sent', () => {
    const unsent = { type: 'page_send', clientMessageId: 'x', conversationId: 'c', body: 'b' };
    const state = play(list(item('c')), unsent, { type: 'resync', reason: 'unknown_seq', firstSeq: 1, seq: 0 });
    assert.equal(state.chat.conversations.byId.size, 0);
    assert.equal(state.chat.unsent.length, 1);
  });
});

describe('the messages of a conversation', () => {
  const opened = [list(item('c', { lastSeq: 6 })), page('latest', 4, 6)];

  test('come in order and once, whatever comes again', () => {
    const state = play(...opened, message(7), message(7), message(5), page('after', 5, 8), message(8));
    assert.deepEqual(seqs(state), [4, 5, 6, 7, 8]);
  });

  test('have no hole: what does not touch them waits for what lies between', () => {
    const behind = play(...opened, message(9));
    assert.deepEqual(seqs(behind), [4, 5, 6]);
    assert.equal(conversation(behind).lastSeq, 9);
    assert.deepEqual(seqs(reduce(behind, page('after', 7, 9), 0)), [4, 5, 6, 7, 8, 9]);
  });

  test('go back to the first that is kept', () => {
    const state = play(...opened, page('before', 2, 3, 6, 2));
    assert.deepEqual(seqs(state), [2, 3, 4, 5, 6]);
    assert.ok(isWhole(state.chat.timelines.get('c')));
    assert.ok(!isWhole(play(...opened).chat.timelines.get('c')));
  });

  test('begin anew where what lay between is not kept any more', () => {
    const state = play(...opened, page('after', 40, 42, 42, 40));
    assert.deepEqual(seqs(state), [40, 41, 42]);
    const nothing = play(...opened, page('after', 41, 40, 40, 41));
    assert.equal(nothing.chat.timelines.get('c').end, 40);
  });

  test('of a conversation that has none begin with the first', () => {
    const state = play(list(item('c')), page('latest', 1, 0), message(1));
    assert.deepEqual(seqs(state), [1]);
    const late = play(list(item('c')), page('latest', 1, 0), message(2));
    assert.deepEqual(seqs(late), []);
  });

  test('that could not be loaded are tried again after the return', () => {
    const failed = play(...opened, { type: 'page_history_failed', conversationId: 'c' });
    assert.ok(failed.chat.timelines.get('c').failed);
    assert.ok(!reduce(failed, { type: 'ready', seq: 0 }, 0).chat.timelines.get('c').failed);
  });
});

describe('a message of ours', () => {
  const written = [
    list(item('c', { lastSeq: 1 })),
    page('latest', 1, 1),
    { type: 'page_send', clientMessageId: 'x', conversationId: 'c', body: 'hello' },
  ];
  const own = { senderId: 'me', clientMessageId: 'x', body: 'hello' };
  const ack = { type: 'message_send_ack', clientMessageId: 'x', conversationId: 'c', messageSeq: 2, createdAt: 0 };
  const entries = (state) => logOf(state.chat, conversation(state), 'me');
  const texts = (state) => entries(state).map(({ body, unsent }) => [body, unsent?.phase ?? 'stored']);

  test('stands there at once, and once, in whatever order it is confirmed and heard of', () => {
    assert.deepEqual(texts(play(...written)), [
      ['text 1', 'stored'],
      ['hello', 'sending'],
    ]);
    const confirmed = play(...written, ack);
    assert.equal(texts(confirmed).at(-1)[1], 'sent');
    for (const after of [
      [ack, message(2, own)],
      [message(2, own), ack],
      [ack, page('after', 2, 2)],
    ]) {
      assert.equal(texts(play(...written, ...after)).length, 2);
      assert.equal(play(...written, ...after).chat.unsent.length, 0);
    }
  });

  test('stays where it is while messages before it are still to come', () => {
    const behind = [...written, message(3, own)];
    assert.deepEqual(texts(play(...behind)).at(-1), ['hello', 'sent']);
    const whole = { ...page('after', 2, 3), items: [stored(2), stored(3, own)] };
    assert.deepEqual(texts(play(...behind, whole)), [
      ['text 1', 'stored'],
      ['text 2', 'stored'],
      ['hello', 'stored'],
    ]);
  });

  test('stands there once where its answer was lost and the history has it', () => {
    const whole = { ...page('after', 2, 2), items: [stored(2, own)] };
    assert.deepEqual(texts(play(...written, whole)).at(-1), ['hello', 'stored']);
    assert.equal(texts(play(...written, whole)).length, 2);
  });

  test('keeps its place on the page while it is stored', () => {
    const before = entries(play(...written)).at(-1).key;
    assert.equal(entries(play(...written, message(2, own))).at(-1).key, before);
  });

  test('says why it failed, and may be sent again or taken back', () => {
    const failed = [...written, { type: 'page_send_failed', clientMessageId: 'x', code: 'RATE_LIMITED', context: {} }];
    assert.equal(entries(play(...failed)).at(-1).unsent.refusal.code, 'RATE_LIMITED');
    const again = play(...failed, { type: 'page_resend', clientMessageId: 'x' });
    assert.equal(texts(again).at(-1)[1], 'sending');
    assert.equal(play(...failed, { type: 'page_send_discarded', clientMessageId: 'x' }).chat.unsent.length, 0);
  });

  test('is not mistaken for a message of somebody whose client used the same id', () => {
    const state = play(...written, message(2, { clientMessageId: 'x' }));
    assert.deepEqual(texts(state), [
      ['text 1', 'stored'],
      ['text 2', 'stored'],
      ['hello', 'sending'],
    ]);
  });

  test('written before a reload is still there, for its writer alone', () => {
    const { unsent } = play(...written).chat;
    const reloaded = play({ type: 'page_identity', identity: ME, unsent }, ...written.slice(0, 2));
    assert.deepEqual(texts(reloaded).at(-1), ['hello', 'sending']);
    assert.equal(play(...written, { type: 'page_identity', identity: null }).chat.unsent.length, 0);
  });

  test('shows who has read it, and when on the last one that they have', () => {
    const mine = (seq) => message(seq, { senderId: 'me' });
    const state = play(...written.slice(0, 2), mine(2), mine(3), mine(4), read('hana', 3));
    const marks = entries(state).map(({ reads }) => reads);
    assert.deepEqual(marks, [null, { count: 1, at: null }, { count: 1, at: AT + 100_000 }, null]);
    const answered = play(...written.slice(0, 2), mine(2), message(3));
    assert.deepEqual(entries(answered)[1].reads, { count: 1, at: AT + 3_000 });
  });

  test('stands with its neighbours, under its day', () => {
    const day = 86_400;
    const state = play(
      ...written.slice(0, 2),
      message(2),
      message(3, { createdAt: AT / 1000 + 3_600 }),
      message(4, { createdAt: AT / 1000 + 3_601, senderId: 'me' }),
      message(5, { createdAt: AT / 1000 + 2 * day, senderId: 'me' }),
    );
    assert.deepEqual(
      entries(state).map(({ leads, newDay }) => [leads, newDay]),
      [
        [true, true],
        [false, false],
        [true, false],
        [true, false],
        [true, true],
      ],
    );
  });
});

describe('how much fits into a message', () => {
  test('is said once it is nearly full, in characters like those that are there', () => {
    assert.deepEqual(roomIn('', 100), { fits: true, left: null });
    assert.deepEqual(roomIn('a'.repeat(89), 100), { fits: true, left: null });
    assert.deepEqual(roomIn('a'.repeat(90), 100), { fits: true, left: 10 });
    assert.deepEqual(roomIn('あ'.repeat(33), 100), { fits: true, left: 0 });
    assert.deepEqual(roomIn('あ'.repeat(31), 101), { fits: true, left: 2 }, 'what goes by it is taken');
    assert.deepEqual(roomIn('あ'.repeat(34), 100), { fits: false, left: -1 });
    assert.deepEqual(roomIn('🌸'.repeat(30), 100), { fits: false, left: -5 });
  });

  test('is what the server takes by default, until it says what it takes', () => {
    const defaults = readFileSync(new URL('../../config/default.toml', import.meta.url), 'utf8');
    const [, kibibytes] = /^max_body = "(\d+)KiB"$/m.exec(defaults.split('[chat]')[1]);
    assert.equal(BODY_MAX, Number(kibibytes) * 1024);
    assert.equal(play().chat.bodyMax, BODY_MAX);
    const refused = (code, context) => ({ type: 'page_send_failed', clientMessageId: 'm', code, context });
    assert.equal(play(refused('MESSAGE_TOO_LARGE', { max: 300 })).chat.bodyMax, 300);
    assert.equal(play(refused('MESSAGE_TOO_LARGE', {})).chat.bodyMax, BODY_MAX);
    assert.equal(play(refused('RATE_LIMITED', { max: 3 })).chat.bodyMax, BODY_MAX);
  });
});

describe('who is writing', () => {
  test('is said as often as the server asks for, and stopped when the text is gone or left', () => {
    let now = 0;
    const said = [];
    const typist = new Typist({ client: { send: (type) => said.push(type) > 0 } }, () => now);
    const wrote = (text, at) => {
      now = at;
      typist.typed('c', text);
    };
    typist.follow(null, { type: 'connected', typing: { resendMs: 4_000 } });
    wrote('a', 0);
    wrote('ab', 3_999);
    wrote('abc', 4_000);
    wrote('', 4_100);
    wrote(' ', 4_200);
    assert.deepEqual(said.splice(0), ['typing-start', 'typing-start', 'typing-stop']);
    wrote('a', 5_000);
    typist.follow(null, { type: 'page_send' });
    wrote('', 5_001);
    wrote('b', 5_002);
    typist.follow(null, { type: 'page_place' });
    assert.deepEqual(said, ['typing-start', 'typing-start', 'typing-stop']);
  });
});

describe('a place on the page', () => {
  test('is in the address, and read from it', () => {
    for (const place of [HOME, CHAT, NEW_GROUP, conversationAt('c-1')]) {
      assert.deepEqual(readPlace(hashOf(place)), place);
    }
    for (const hash of ['', '#/', '#/nowhere']) assert.deepEqual(readPlace(hash), HOME);
    assert.equal(readPlace('#content'), null);
  });

  test('outlives who was there before', () => {
    const state = play({ type: 'page_place', place: CHAT }, { type: 'page_identity', identity: null });
    assert.deepEqual(state.place, CHAT);
  });
});
