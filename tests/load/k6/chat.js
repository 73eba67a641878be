// Not run by the tests of this repository: no package registry carries k6. Written for k6 1.0 and newer.
//
// Users in pairs write to each other; each message is acknowledged when it is stored, and comes to the other.
//
//   OTOMO_AUTH__HS256_SECRET=... k6 run -e OTOMO_URL=ws://127.0.0.1:8080/ws tests/load/k6/chat.js

import exec from 'k6/execution';
import { Trend } from 'k6/metrics';

import { Client, pause, uuid } from './otomo.js';

const acknowledged = new Trend('otomo_message_acknowledged', true);
const delivered = new Trend('otomo_message_delivered', true);

/** Messages of a pair, and the pause after each, in milliseconds. */
const MESSAGES = 20;
const PAUSE_MS = 1000;

export const options = {
  scenarios: { pairs: { executor: 'constant-vus', vus: 50, duration: '60s', gracefulStop: '30s' } },
  thresholds: {
    otomo_message_acknowledged: ['p(99)<200'],
    otomo_message_delivered: ['p(99)<200'],
    otomo_refusals: ['count==0'],
  },
};

export default async function () {
  const [writer, reader] = ['writer', 'reader'].map((kind) => `k6-${kind}-${exec.vu.idInTest}`);
  const [one, other] = [writer, reader].map((userId) => new Client(userId, 'user', 'chat'));
  await Promise.all([one.hears('ready'), other.hears('ready')]);
  for (let count = 0; count < MESSAGES; count += 1) {
    const sent = Date.now();
    one.say('message_send', { toUserId: reader, clientMessageId: uuid(), body: '今日は何時に話せますか？' });
    const seen = other.hears('new-message').then(() => delivered.add(Date.now() - sent));
    await one.hears('message_send_ack');
    acknowledged.add(Date.now() - sent);
    await seen;
    await pause(PAUSE_MS);
  }
  one.leave();
  other.leave();
}
