// A client that can call: its microphone, its peer connections and its server are the test's.

import { sdpOf, testPeers, TestStream, voice } from './peers.mjs';
import { begun, CONNECTED, live, settle, world } from './world.mjs';

export const RING = {
  type: 'incoming_call',
  callId: 'c-1',
  fromUserId: 'taro',
  fromUserName: 'たろう',
  fromUserAvatar: null,
  timestamp: 1_700_000_000,
  expiresAt: 1_700_000_030,
  remainingMs: 30_000,
};
export const ICE = [{ urls: ['turn:x'] }];

const person = (userId) => ({ userId, name: userId, avatar: null });

/** What a server says of a call to the device that speaks in it. */
export const boundCall = (more = {}) => ({
  callId: 'c-1',
  phase: 'connected',
  role: 'offerer',
  bound: true,
  caller: person('me'),
  otomo: person('hana'),
  totalChargedPoints: 0,
  iceServers: ICE,
  ...more,
});

/** What a connection begins with. */
export const greeting = (call, recent = []) => [CONNECTED, { type: 'call_snapshot', call, recent }, { type: 'ready', seq: 0 }];

function options({ calls, ...more }) {
  const voices = [];
  const microphone = async () => {
    voices.push(voice());
    return voices.at(-1);
  };
  const RTCPeerConnection = testPeers();
  const client = { ...more, calls: calls !== false && { microphone, RTCPeerConnection, MediaStream: TestStream, ...calls } };
  return { client, voices, peers: RTCPeerConnection.made };
}

function withPhone(seen, { voices, peers }) {
  const call = () => seen.otomo.calls.store.get();
  return Object.assign(seen, { voices, peers, calls: seen.otomo.calls, call });
}

/** One that nobody has started. */
export function phoneOf(more = {}) {
  const { client, ...parts } = options(more);
  return withPhone(world(client), parts);
}

/** One that is live. */
export async function phone(more = {}) {
  const { client, ...parts } = options(more);
  return withPhone(await live(client), parts);
}

/** One whose page was loaded anew in the middle of a call. */
export async function reloaded(call, more = {}) {
  const { client, ...parts } = options(more);
  const seen = withPhone(await begun(client), parts);
  await seen.socket().says(...greeting(call));
  return seen;
}

/** A browser that asks before it gives a microphone: `allow` and `deny` answer the newest question. */
export function prompts() {
  const asked = [];
  return {
    asked,
    microphone: () => new Promise((grant, refuse) => asked.push({ grant, refuse })),
    async allow() {
      const stream = voice();
      asked.at(-1).grant(stream);
      await settle();
      return stream;
    },
    async deny() {
      asked.at(-1).refuse(new DOMException('denied', 'NotAllowedError'));
      await settle();
    },
  };
}

export const answer = (seen, type, more = {}) => {
  const { requestId, callId } = seen.socket().of(type).at(-1);
  return seen.socket().says({ type: `${type}_ack`, callId, requestId, ...more });
};

/** A caller whose call was answered. */
export async function calling(more) {
  const seen = await phone(more);
  const placed = seen.calls.place({ userId: 'hana', name: 'Hana' });
  await settle();
  await answer(seen, 'call_request', { status: 'requesting' });
  const callId = await placed;
  await seen.socket().says({ type: 'call_ringing', callId }, { type: 'call_accepted', callId, timestamp: 1 });
  await seen.socket().says({ type: 'signaling_start', callId, role: 'offerer', iceServers: ICE });
  return Object.assign(seen, { callId });
}

/** An otomo who has answered. */
export async function called(more) {
  const seen = await phone(more);
  await seen.socket().says(RING);
  const accepted = seen.calls.accept();
  await settle();
  await answer(seen, 'call_accept');
  await accepted;
  await seen.socket().says({ type: 'signaling_start', callId: 'c-1', role: 'answerer', iceServers: ICE });
  return Object.assign(seen, { callId: 'c-1' });
}

/** The other side's signals. */
export const theirs = ({ callId }) => ({
  offer: (session, version) => ({ type: 'webrtc_offer', callId, offer: { type: 'offer', sdp: sdpOf(session, version) } }),
  answer: (session, version) => ({ type: 'webrtc_answer', callId, answer: { type: 'answer', sdp: sdpOf(session, version) } }),
  candidate: (n, more = {}) => ({ type: 'ice_candidate', callId, candidate: { candidate: `${n}`, ...more } }),
});
