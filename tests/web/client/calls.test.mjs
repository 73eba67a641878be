// A call: commands, what is shown, and the way of the voice.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { sdpOf, testPeers, TestStream } from './support/peers.mjs';
import { back, begun, CONNECTED, live, settle } from './support/world.mjs';

const RING = {
  type: 'incoming_call',
  callId: 'c-1',
  fromUserId: 'taro',
  fromUserName: 'たろう',
  fromUserAvatar: null,
  timestamp: 1_700_000_000,
  expiresAt: 1_700_000_030,
  remainingMs: 30_000,
};
const ICE = [{ urls: ['turn:x'] }];

/** A client with a microphone and peer connections of the test's. */
async function phone(options = {}) {
  const RTCPeerConnection = testPeers();
  const voices = [];
  const microphone = async () => {
    const voice = new TestStream();
    voices.push(voice);
    return voice;
  };
  const seen = await live({ calls: { microphone, RTCPeerConnection, ...options.calls } });
  return Object.assign(seen, { voices, peers: RTCPeerConnection.made, calls: seen.otomo.calls, call: () => seen.otomo.calls.store.get() });
}

const answer = (seen, type, more = {}) => {
  const { requestId, callId } = seen.socket().of(type).at(-1);
  return seen.socket().says({ type: `${type}_ack`, callId, requestId, ...more });
};

/** A caller whose call was answered. */
async function calling() {
  const seen = await phone();
  const placed = seen.calls.place({ userId: 'hana', name: 'Hana' });
  await settle();
  await answer(seen, 'call_request', { status: 'requesting' });
  const callId = await placed;
  await seen.socket().says({ type: 'call_ringing', callId }, { type: 'call_accepted', callId, timestamp: 1 });
  await seen.socket().says({ type: 'signaling_start', callId, role: 'offerer', iceServers: ICE });
  return Object.assign(seen, { callId });
}

/** An otomo who has answered. */
async function called() {
  const seen = await phone();
  await seen.socket().says(RING);
  const accepted = seen.calls.accept();
  await settle();
  await answer(seen, 'call_accept');
  await accepted;
  await seen.socket().says({ type: 'signaling_start', callId: 'c-1', role: 'answerer', iceServers: ICE });
  return Object.assign(seen, { callId: 'c-1' });
}

/** The other side's signals. */
const theirs = ({ callId }) => ({
  offer: (session, version) => ({ type: 'webrtc_offer', callId, offer: { type: 'offer', sdp: sdpOf(session, version) } }),
  answer: (session, version) => ({ type: 'webrtc_answer', callId, answer: { type: 'answer', sdp: sdpOf(session, version) } }),
  candidate: (n) => ({ type: 'ice_candidate', callId, candidate: { candidate: `${n}` } }),
});

describe('a caller', () => {
  test('is shown every phase, from the request to the summary', async () => {
    const seen = await phone();
    const phases = [];
    seen.calls.store.subscribe(() => phases.at(-1) !== seen.call().phase && phases.push(seen.call().phase));
    const placed = seen.calls.place('hana');
    await settle();
    await answer(seen, 'call_request', { status: 'requesting' });
    const callId = await placed;
    await seen.socket().says({ type: 'call_ringing', callId }, { type: 'call_accepted', callId });
    await seen.socket().says({ type: 'signaling_start', callId, role: 'offerer', iceServers: ICE });
    await seen.socket().says({ type: 'call_connected', callId, connectedAt: 1 });
    assert.equal(seen.call().since, seen.clock.now());
    await seen.socket().says({ type: 'call_tick', callId, totalChargedPoints: 60, status: 'low_balance' });
    assert.deepEqual([seen.call().charged, seen.call().low], [60, true]);
    await seen.socket().says({ type: 'call_end', callId, reason: 'otomo_end', durationSeconds: 61, totalChargedPoints: 60 });
    assert.deepEqual(phases, ['requesting', 'ringing', 'connecting', 'connected', 'ended']);
    assert.deepEqual(seen.call().ending, { kind: 'over', reason: 'otomo_end', durationSeconds: 61, points: 60 });
    seen.calls.dismiss();
    assert.equal(seen.call().phase, 'idle');
  });

  test('rings nobody without a microphone', async () => {
    const seen = await phone({ calls: { microphone: async () => assert.fail('denied') } });
    await assert.rejects(seen.calls.place('hana'), { code: 'MICROPHONE' });
    assert.equal(seen.call().phase, 'idle');
    assert.deepEqual(seen.socket().of('call_request'), []);
  });

  test('is told why a request was refused, and lets go of the microphone', async () => {
    const seen = await phone();
    const refused = assert.rejects(seen.calls.place('hana'), { code: 'OTOMO_NOT_FOUND' });
    await settle();
    const { requestId } = seen.socket().of('call_request')[0];
    await seen.socket().says({ type: 'error', code: 'OTOMO_NOT_FOUND', message: 'm', requestId });
    await refused;
    assert.deepEqual([seen.call().phase, seen.call().ending.reason], ['ended', 'OTOMO_NOT_FOUND']);
    assert.equal(seen.voices[0].tracks[0].stopped, true);
  });

  test('whose request was lost with the link asks again, under the same id', async () => {
    const seen = await phone();
    const placed = seen.calls.place('hana');
    await settle();
    const [before] = seen.socket().of('call_request');
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await seen.socket().says({ ...CONNECTED, resumed: true }, { type: 'call_snapshot', call: null, recent: [] }, { type: 'ready', seq: 0 });
    assert.deepEqual(seen.socket().of('call_request'), [before]);
    assert.equal(seen.call().phase, 'requesting');
    await answer(seen, 'call_request', { status: 'ringing' });
    assert.equal(await placed, before.callId);
  });

  test('who gives up while away does not ring anybody afterwards', async () => {
    const seen = await phone();
    const given = assert.rejects(seen.calls.place('hana'), { code: 'ABORTED' });
    await settle();
    await seen.socket().breaks();
    const left = seen.calls.end();
    await given;
    await seen.clock.tick(250);
    await back(seen);
    assert.deepEqual(seen.socket().of('call_request'), []);
    await answer(seen, 'call_cancel');
    await left;
    assert.equal(seen.call().phase, 'idle');
    assert.equal(seen.voices[0].tracks[0].stopped, true);
  });

  test('whom the otomo called at the same time speaks in their call, as the one who answers', async () => {
    const seen = await phone();
    const placed = seen.calls.place('hana');
    await settle();
    await answer(seen, 'call_request', { status: 'ended', outcome: 'rejected', reason: 'superseded', joinedCallId: 'c-9' });
    await placed;
    assert.deepEqual([seen.call().callId, seen.call().side, seen.call().phase], ['c-9', 'otomo', 'connecting']);
    await seen.socket().says({ type: 'signaling_start', callId: 'c-9', role: 'answerer', iceServers: ICE });
    await seen.socket().says(theirs({ callId: 'c-9' }).offer('x'));
    await settle();
    assert.equal(seen.socket().of('webrtc_answer')[0].callId, 'c-9');
  });

  test('has one call at a time', async () => {
    const seen = await calling();
    await assert.rejects(seen.calls.place('yumi'), { code: 'CALLER_BUSY' });
  });
});

describe('an otomo', () => {
  test('hears the ring, says that it shows, and answers once there is a microphone', async () => {
    const seen = await called();
    assert.deepEqual(seen.socket().of('call_ringing'), [{ type: 'call_ringing', callId: 'c-1' }]);
    assert.equal(seen.call().peer.name, 'たろう');
    assert.equal(seen.call().phase, 'connecting');
    assert.equal(seen.call().wish, null);
  });

  test('without a microphone still hears the ring', async () => {
    const seen = await phone({ calls: { microphone: async () => assert.fail('denied') } });
    await seen.socket().says(RING);
    await assert.rejects(seen.calls.accept(), { code: 'MICROPHONE' });
    assert.deepEqual([seen.call().phase, seen.call().wish], ['incoming', null]);
  });

  test('whose caller gave up while the browser asked for the microphone speaks to nobody', async () => {
    let allow;
    const seen = await phone({ calls: { microphone: () => new Promise((resolve) => (allow = resolve)) } });
    await seen.socket().says(RING);
    const late = assert.rejects(seen.calls.accept(), { code: 'CALL_ALREADY_ENDED' });
    await seen.socket().says({ type: 'call_cancelled', callId: 'c-1', reason: 'caller_cancelled', timestamp: 1 });
    const voice = new TestStream();
    allow(voice);
    await late;
    await settle();
    assert.equal(voice.tracks[0].stopped, true);
    assert.deepEqual(seen.socket().of('call_accept'), []);
  });

  test('declines with a reason', async () => {
    const seen = await phone();
    await seen.socket().says(RING);
    const done = seen.calls.reject('away');
    await answer(seen, 'call_reject');
    await done;
    assert.equal(seen.socket().of('call_reject')[0].reason, 'away');
    assert.equal(seen.call().phase, 'idle');
  });

  test('whose other device answered is told so on return', async () => {
    const seen = await phone();
    await seen.socket().says(RING);
    await seen.socket().breaks();
    await seen.clock.tick(250);
    const elsewhere = { callId: 'c-1', phase: 'connected', role: 'answerer', bound: false };
    await seen.socket().says({ ...CONNECTED }, { type: 'call_snapshot', call: elsewhere, recent: [] }, { type: 'ready', seq: 0 });
    assert.deepEqual(seen.call().ending.reason, 'answered_elsewhere');
  });
});

describe('leaving', () => {
  test('an answered call silences at once, is repeated over breaks, and ends in a summary', async () => {
    const seen = await calling();
    await seen.socket().breaks();
    const left = seen.calls.end();
    assert.equal(seen.call().wish, 'leave');
    await settle();
    assert.equal(seen.voices[0].tracks[0].stopped, true);
    assert.equal(seen.peers[0].connectionState, 'closed');
    await seen.clock.tick(250);
    await back(seen);
    await answer(seen, 'call_end_request');
    await left;
    await seen.socket().says({ type: 'call_end', callId: seen.callId, reason: 'user_end', durationSeconds: 3, totalChargedPoints: 0 });
    assert.deepEqual(seen.call().ending.reason, 'user_end');
    await seen.clock.tick(5_000);
    assert.equal(seen.call().phase, 'ended');
  });

  test('is over in any case, also where the server says that it was already', async () => {
    const seen = await calling();
    const left = seen.calls.end();
    const { requestId } = seen.socket().of('call_end_request')[0];
    await seen.socket().says({ type: 'error', code: 'CALL_ALREADY_ENDED', message: 'm', requestId });
    await left;
    await seen.clock.tick(2_000);
    assert.equal(seen.call().phase, 'idle');
  });

  test('the client ends its call before it says goodbye', async () => {
    const seen = await calling();
    seen.otomo.stop();
    assert.equal(seen.socket().sent.at(-1).type, 'call_end_request');
    assert.equal(seen.call().phase, 'idle');
    await settle();
    assert.equal(seen.voices[0].tracks[0].stopped, true);
  });
});

describe('the voice', () => {
  test("begins with the caller's offer, and is reported once it flows", async () => {
    const seen = await calling();
    const [peer] = seen.peers;
    assert.deepEqual(peer.configuration.iceServers, ICE);
    assert.equal(seen.socket().of('webrtc_offer').length, 1);
    await seen.socket().says(theirs(seen).answer('x'));
    peer.becomes('connected');
    assert.deepEqual(seen.socket().of('call_connected'), [{ type: 'call_connected', callId: seen.callId }]);
    const stream = new TestStream();
    peer.ontrack({ streams: [stream] });
    assert.equal(seen.calls.remoteStream, stream);
    assert.equal(seen.calls.loudness(), 0.5);
    assert.deepEqual(await seen.calls.bytes(), { sent: 10, received: 20 });
  });

  test('candidates wait for the description that they belong to', async () => {
    const seen = await called();
    const signal = theirs(seen);
    await seen.socket().says(signal.candidate(1), signal.candidate(2), signal.offer('x'), signal.candidate(3));
    await settle();
    assert.deepEqual(seen.peers[0].candidates.map(({ candidate }) => candidate), ['1', '2', '3']);
    assert.equal(seen.socket().of('webrtc_answer').length, 1);
  });

  test('signals that come while the microphone is opened are kept', async () => {
    let allow;
    const RTCPeerConnection = testPeers();
    const microphone = () => new Promise((resolve) => (allow = resolve));
    const seen = await begun({ calls: { microphone, RTCPeerConnection } });
    const call = {
      callId: 'c-1', phase: 'connected', role: 'answerer', bound: true, connectedAt: 1_700_000_000, timestamp: 1, totalChargedPoints: 30,
      caller: { userId: 'taro', name: 'T', avatar: null }, otomo: { userId: 'me', name: 'M', avatar: null }, iceServers: ICE,
    };
    await seen.socket().says(CONNECTED, { type: 'call_snapshot', call, recent: [] }, { type: 'ready', seq: 0 });
    await seen.socket().says(theirs({ callId: 'c-1' }).offer('x'));
    allow(new TestStream());
    await settle();
    const { phase, peer, charged } = seen.otomo.calls.store.get();
    assert.deepEqual([phase, peer.userId, charged], ['connected', 'taro', 30], 'taken up after a reload');
    assert.deepEqual(RTCPeerConnection.made[0].configuration.iceServers, ICE);
    assert.equal(seen.socket().of('webrtc_answer').length, 1);
  });

  test('is not begun where the call is over before there is a microphone', async () => {
    let allow;
    const RTCPeerConnection = testPeers();
    const microphone = () => new Promise((resolve) => (allow = resolve));
    const seen = await begun({ calls: { microphone, RTCPeerConnection } });
    const person = { userId: 'taro', name: 'T', avatar: null };
    const call = { callId: 'c-1', phase: 'connected', role: 'offerer', bound: true, caller: person, otomo: person, totalChargedPoints: 0 };
    await seen.socket().says(CONNECTED, { type: 'call_snapshot', call, recent: [] }, { type: 'ready', seq: 0 });
    await seen.socket().says({ type: 'call_end', callId: 'c-1', reason: 'otomo_end', durationSeconds: 1, totalChargedPoints: 0 });
    const voice = new TestStream();
    allow(voice);
    await settle();
    assert.equal(RTCPeerConnection.made.length, 0);
    assert.equal(voice.tracks[0].stopped, true);
  });

  test('after a return the caller looks for a new path, and says again what may have been lost', async () => {
    const seen = await calling();
    await seen.socket().says(theirs(seen).answer('x'));
    await seen.socket().breaks();
    seen.peers[0].becomes('connected');
    await seen.clock.tick(250);
    await back(seen);
    assert.equal(seen.socket().of('call_connected').length, 1);
    assert.equal(seen.socket().of('webrtc_offer').length, 1);
    assert.equal(seen.peers[0].restarts, 1);
    assert.equal(seen.peers.length, 1);
  });

  test('without a link a broken path is left as it is: nobody could answer', async () => {
    const seen = await calling();
    await seen.socket().says(theirs(seen).answer('x'));
    seen.peers[0].becomes('connected');
    await seen.socket().breaks();
    seen.peers[0].becomes('disconnected');
    await seen.clock.tick(60_000);
    assert.equal(seen.peers.length, 1);
  });

  test('what does not mend by itself the caller mends: a new path, then a new connection', async () => {
    const seen = await calling();
    await seen.socket().says(theirs(seen).answer('x'));
    const [peer] = seen.peers;
    peer.becomes('connected');
    peer.becomes('disconnected');
    await seen.clock.tick(3_999);
    assert.equal(peer.restarts, 0);
    await seen.clock.tick(1);
    assert.equal(peer.restarts, 1);
    await seen.clock.tick(10_000);
    assert.equal(seen.peers.length, 2);
    assert.equal(peer.connectionState, 'closed');
    seen.peers[1].becomes('failed');
    await seen.clock.tick(0);
    assert.equal(seen.peers.length, 3);
  });

  test('of a page that was loaded anew is met with a new connection', async () => {
    const otomo = await called();
    const signal = theirs(otomo);
    await otomo.socket().says(signal.offer('x'), signal.offer('x', 2));
    await settle();
    assert.equal(otomo.peers.length, 1, 'a new path of the same connection');
    await otomo.socket().says(signal.offer('y'));
    await settle();
    assert.equal(otomo.peers.length, 2);
    assert.equal(otomo.socket().of('webrtc_answer').length, 3);

    const caller = await calling();
    await caller.socket().says(theirs(caller).answer('x'));
    await caller.socket().says({ type: 'call_peer_back', callId: caller.callId });
    await caller.socket().says(theirs(caller).answer('y'));
    await settle();
    assert.equal(caller.peers.length, 2);
    assert.equal(caller.socket().of('webrtc_offer').length, 3);
  });

  test('where two offers cross, the otomo takes its own back and the caller passes over the other', async () => {
    const otomo = await called();
    await otomo.socket().says(theirs(otomo).offer('x'));
    await settle();
    otomo.peers[0].onnegotiationneeded();
    await settle();
    assert.equal(otomo.socket().of('webrtc_offer').length, 1);
    await otomo.socket().says(theirs(otomo).offer('x', 2));
    await settle();
    assert.equal(otomo.socket().of('webrtc_answer').length, 2);

    const caller = await calling();
    const signal = theirs(caller);
    await caller.socket().says(signal.answer('x'));
    caller.peers[0].onnegotiationneeded();
    await settle();
    await caller.socket().says(signal.offer('x', 2), signal.candidate(1), signal.answer('x', 3), signal.candidate(2));
    await settle();
    assert.deepEqual(caller.socket().of('webrtc_answer'), []);
    assert.equal(caller.peers[0].remoteDescription.type, 'answer');
    assert.deepEqual(caller.peers[0].candidates, [{ candidate: '2' }]);
  });

  test('is not built twice where the server says twice that it is time', async () => {
    const seen = await calling();
    await seen.socket().says({ type: 'signaling_start', callId: seen.callId, role: 'offerer', iceServers: ICE });
    assert.equal(seen.peers.length, 1);
  });

  test('is muted, also before the microphone is open', async () => {
    const seen = await calling();
    await seen.calls.mute(true);
    assert.equal(seen.call().muted, true);
    assert.equal(seen.voices[0].tracks[0].enabled, false);
    await seen.calls.mute(false);
    assert.equal(seen.voices[0].tracks[0].enabled, true);
  });

  test('that has no microphone after a reload ends the call, and says why', async () => {
    const RTCPeerConnection = testPeers();
    const seen = await begun({ calls: { microphone: async () => assert.fail('denied'), RTCPeerConnection } });
    const person = { userId: 'taro', name: 'T', avatar: null };
    const call = { callId: 'c-1', phase: 'connected', role: 'offerer', bound: true, caller: person, otomo: person, totalChargedPoints: 0 };
    await seen.socket().says(CONNECTED, { type: 'call_snapshot', call, recent: [] }, { type: 'ready', seq: 0 });
    assert.deepEqual(seen.otomo.calls.store.get().ending.reason, 'MICROPHONE');
    assert.equal(seen.socket().of('call_end_request').length, 1);
  });
});
