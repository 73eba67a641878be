// Not run by the tests of this repository: no package registry carries k6. Written for k6 1.0 and newer.
//
// Otomo answer calls all the time; callers come by the clock, call whoever is online, talk and hang up.
//
//   OTOMO_AUTH__HS256_SECRET=... k6 run -e OTOMO_URL=ws://127.0.0.1:8080/ws tests/load/k6/calls.js

import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';

import { Client, pause, uuid } from './otomo.js';

const accepted = new Trend('otomo_call_accepted', true);
const calls = new Counter('otomo_calls');

/** How long an otomo stays before it comes anew, and how long people talk, in milliseconds. */
const STAYS_MS = 30000;
const TALK_MS = 2000;

/** How often a caller tries another otomo: somebody else may have been faster. */
const TRIES = 10;

export const options = {
  scenarios: {
    otomo: { executor: 'constant-vus', exec: 'otomo', vus: 50, duration: '80s', gracefulStop: '40s' },
    callers: {
      executor: 'ramping-arrival-rate',
      exec: 'caller',
      startTime: '5s',
      startRate: 2,
      stages: [
        { target: 15, duration: '30s' },
        { target: 15, duration: '30s' },
      ],
      preAllocatedVUs: 100,
      gracefulStop: '10s',
    },
  },
  thresholds: { otomo_call_accepted: ['p(99)<200'], otomo_refusals: ['count==0'] },
};

/** Answers whoever calls, and leaves when no call is left. */
export async function otomo() {
  let call = null;
  const answers = {
    incoming_call: ({ callId }) => me.say('call_accept', { callId: (call = callId) }),
    webrtc_offer: ({ callId }) => {
      me.say('webrtc_answer', { callId, answer: { type: 'answer', sdp: 'v=0\r\n' } });
      me.say('call_connected', { callId });
    },
    call_end: () => (call = null),
    call_cancelled: () => (call = null),
  };
  const me = new Client(`k6-otomo-${exec.vu.idInTest}`, 'otomo', 'calls', (message) => {
    const answer = answers[message.type];
    if (answer) answer(message);
    return answer !== undefined;
  });
  await me.hears('ready');
  await pause(STAYS_MS);
  me.say('otomo_status_set', { status: 'break' });
  await me.hears('otomo_status_set_ack');
  while (call !== null) await pause(100);
  me.leave();
}

/** Calls somebody who is online, talks and hangs up. */
export async function caller() {
  const online = new Set();
  const note = ({ userId, status }) => (status === 'online' ? online.add(userId) : online.delete(userId));
  const me = new Client(`k6-caller-${exec.vu.idInTest}`, 'user', 'otomo,calls', (message) => {
    if (message.type === 'otomo_status_snapshot') message.otomos.forEach(note);
    else if (message.type === 'otomo_status_update') note(message);
    else return false;
    return true;
  });
  await me.hears('ready');
  const callId = await callsSomebody(me, online);
  if (callId) await talks(me, callId);
  me.leave();
}

async function callsSomebody(me, online) {
  for (let tries = 0; tries < TRIES && online.size > 0; tries += 1) {
    const toUserId = [...online][Math.floor(Math.random() * online.size)];
    const callId = uuid();
    const asked = Date.now();
    me.say('call_request', { toUserId, callId });
    const { type } = await me.hears('call_accepted', 'call_rejected');
    if (type === 'call_accepted') {
      accepted.add(Date.now() - asked);
      return callId;
    }
    online.delete(toUserId);
  }
  return null;
}

async function talks(me, callId) {
  await me.hears('signaling_start');
  me.say('webrtc_offer', { callId, offer: { type: 'offer', sdp: 'v=0\r\n' } });
  await me.hears('webrtc_answer');
  me.say('call_connected', { callId });
  await me.hears('call_connected');
  await pause(TALK_MS);
  me.say('call_end_request', { callId });
  await me.hears('call_end');
  calls.add(1);
}
