// A small town on a server of its own: who is there, what they have said to each other, what was spent. Always the same.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { Server } from '../support/server.mjs';

/** A ring as long as a picture takes and short enough to be missed, and a minute short enough to be charged. */
const SETTINGS = {
  OTOMO_CALLS__RING_TIMEOUT: '8s',
  OTOMO_CALLS__CONNECT_TIMEOUT: '10m',
  OTOMO_CALLS__CHARGE_INTERVAL: '2s',
  OTOMO_CALLS__LOSS_GRACE: '10m',
  OTOMO_PRESENCE__RELOAD_GRACE: '0s',
};

/** Who lives there: id, role, and what they are called in each language. The first is who looks at the pages. */
const PEOPLE = [
  ['kenta', 'user', { ja: '健太', en: 'Kenta' }],
  ['yumi', 'user', { ja: '由美', en: 'Yumi' }],
  ['daisuke', 'user', { ja: '大輔', en: 'Daisuke' }],
  ['emma', 'user', { ja: 'エマ', en: 'Emma' }],
  ['sakura', 'otomo', { ja: 'さくら', en: 'Sakura' }],
  ['misaki', 'otomo', { ja: '美咲', en: 'Misaki' }],
  ['noah', 'otomo', { ja: 'ノア', en: 'Noah' }],
  ['hana', 'otomo', { ja: 'はな', en: 'Hana' }],
  ['aoi', 'otomo', { ja: '葵', en: 'Aoi' }],
];

/** What was said. */
const WORDS = {
  ja: {
    hello: 'こんばんは。今日はどんな一日でしたか。',
    answer: '駅前の梅がもう咲いていて、少し遠回りをして帰りました。',
    asks: 'いいですね。写真はありますか。',
    walk: '日曜の散歩',
    when: '朝9時に橋のところで会いましょう。',
    unread: '来週の土曜、そちらへ行きます。会えたらうれしいです。',
  },
  en: {
    hello: 'Good evening. How was your day?',
    answer: 'The plum trees by the station are in bloom, so I took the long way home.',
    asks: 'Lovely. Did you take a picture?',
    walk: 'Sunday walk',
    when: 'Let us meet at the bridge at nine.',
    unread: 'I am coming over next Saturday. I would be glad to see you.',
  },
};

/** Somebody who lives there without a page: what they do, they do by HTTP. */
class Resident {
  #url;
  #leaving = new AbortController();

  constructor(url, { userId, role, name, token }) {
    this.#url = url;
    this.identity = { userId, role, name, avatar: null, token, lent: true };
  }

  static async of(url, userId, role, name) {
    const { token } = await json(new URL('/dev/token', url), { userId, role, name });
    return new Resident(url, { userId, role, name, token });
  }

  /** Is online until they leave. */
  async comes() {
    const headers = { authorization: `Bearer ${this.identity.token}` };
    const stream = await fetch(new URL('/sse?device=home', this.#url), { headers, signal: this.#leaving.signal });
    assert.equal(stream.status, 200);
    // What nobody reads is collected as garbage sooner or later, and its session ends.
    stream.body.pipeTo(new WritableStream()).catch(() => {});
    return this;
  }

  leaves() {
    this.#leaving.abort();
  }

  command(type, fields) {
    return this.ask('POST', '/api/commands?device=home', { type, ...fields });
  }

  ask(method, path, body) {
    return json(new URL(path, this.#url), body, method, this.identity.token);
  }
}

/** A server, its residents by id, and the language that they speak. */
export class World {
  /** @param {'ja' | 'en'} language */
  static async begin(language) {
    const server = await Server.start(SETTINGS);
    const world = new World();
    world.server = server;
    world.url = server.url;
    world.language = language;
    world.words = WORDS[language];
    const residents = PEOPLE.map(([id, role, names]) => Resident.of(server.url, id, role, names[language]));
    world.people = Object.fromEntries((await Promise.all(residents)).map((one) => [one.identity.userId, one]));
    world.backend = await Resident.of(server.url, 'backend', 'service', 'backend');
    await world.#settle();
    return world;
  }

  async end() {
    for (const resident of Object.values(this.people)) resident.leaves();
    await this.server.stop();
  }

  /** Somebody calls somebody, and it rings. */
  async rings(from, to) {
    const callId = randomUUID();
    await this.people[from].command('call_request', { toUserId: to, callId });
    return callId;
  }

  /** Somebody writes to somebody. @returns the answer: where the message stands */
  says(from, where, body) {
    return this.people[from].command('message_send', { ...where, clientMessageId: randomUUID(), body });
  }

  async #settle() {
    const { kenta, yumi, daisuke, emma, sakura, misaki, noah, hana, aoi } = this.people;
    // One after the other: the list shows who came last first.
    for (const one of [hana, noah, misaki, aoi, sakura, yumi, emma, daisuke, kenta]) await one.comes();
    await noah.ask('PUT', '/api/otomo/status', { status: 'break' });
    await misaki.command('call_accept', { callId: await this.rings('emma', 'misaki') });
    await this.#befriend();
    await this.#talk();
    await this.#spend();
    hana.leaves();
    daisuke.leaves();
    kenta.leaves();
  }

  async #befriend() {
    const { kenta, yumi, daisuke, emma, aoi } = this.people;
    for (const friend of [daisuke, yumi]) {
      await friend.ask('PUT', '/api/friends/kenta');
      await kenta.ask('PUT', `/api/friends/${friend.identity.userId}`);
    }
    await emma.ask('PUT', '/api/friends/kenta');
    await kenta.ask('PUT', `/api/friends/${aoi.identity.userId}`);
  }

  async #talk() {
    const { kenta, yumi, sakura } = this.people;
    const { hello, answer, asks, walk, when, unread } = this.words;
    const members = ['kenta', 'daisuke'];
    const group = await yumi.ask('POST', '/api/conversations', { kind: 'group', members, title: walk });
    await this.says('yumi', { conversationId: group.conversationId }, when);
    const { conversationId, messageSeq } = await this.says('sakura', { toUserId: 'kenta' }, hello);
    await kenta.command('message-read', { conversationId, messageSeq });
    await this.says('kenta', { conversationId }, answer);
    const last = await this.says('sakura', { conversationId }, asks);
    await kenta.command('message-read', { conversationId, messageSeq: last.messageSeq });
    await sakura.command('message-read', { conversationId, messageSeq: last.messageSeq });
    await this.says('yumi', { toUserId: 'kenta' }, unread);
    this.conversationId = conversationId;
  }

  async #spend() {
    const price = { role: 'otomo', name: this.people.sakura.identity.name, pricePerMinute: 10 };
    await this.backend.ask('PUT', '/api/server/users/sakura', price);
    for (const [order, amount, kind] of [
      ['grant', 1_000, 'purchase'],
      ['grant', 50, 'daily_recovery'],
      ['consume', 30, 'trial_use'],
    ]) {
      const body = { amount, transaction_type: kind };
      await json(new URL(`/api/server/points/kenta/${order}`, this.url), body, 'POST', this.backend.identity.token, {
        'idempotency-key': kind,
      });
    }
  }
}

async function json(url, body, method = 'POST', token = null, more = {}) {
  const headers = { 'content-type': 'application/json', ...more, ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${url}: ${answer.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}
