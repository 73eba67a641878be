// The way of the voice: negotiation, new paths, new connections, and what is played.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { QualityMeter } from '../../../web/client/src/calls/stats.js';
import { TestStream, TestTrack } from './support/peers.mjs';
import { boundCall, called, calling, ICE, prompts, reloaded, theirs } from './support/phone.mjs';
import { back, settle } from './support/world.mjs';

describe('the voice', () => {
  test("begins with the caller's offer, and is reported once it flows", async () => {
    const seen = await calling();
    const [peer] = seen.peers;
    assert.deepEqual(peer.configuration.iceServers, ICE);
    assert.equal(seen.socket().of('webrtc_offer').length, 1);
    await seen.socket().says(theirs(seen).answer('x'));
    peer.becomes('connected');
    assert.deepEqual(seen.socket().of('call_connected'), [{ type: 'call_connected', callId: seen.callId }]);
    const spoken = new TestTrack();
    peer.brings(spoken, new TestStream([spoken]));
    assert.deepEqual(seen.calls.remoteStream.getTracks(), [spoken]);
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

  test('one candidate that the browser refuses costs neither the others nor the answer', async () => {
    const seen = await called();
    const signal = theirs(seen);
    const foreign = signal.candidate(1, { usernameFragment: 'before.1' });
    await seen.socket().says(foreign, signal.candidate(2), signal.offer('x'), foreign, signal.candidate(3));
    await settle();
    assert.deepEqual(seen.peers[0].candidates.map(({ candidate }) => candidate), ['2', '3']);
    assert.equal(seen.socket().of('webrtc_answer').length, 1);
  });

  test('signals that come while the microphone is opened are kept', async () => {
    const browser = prompts();
    const call = boundCall({ role: 'answerer', caller: { userId: 'taro', name: 'T', avatar: null }, totalChargedPoints: 30 });
    const seen = await reloaded(call, { calls: browser });
    await seen.socket().says(theirs({ callId: 'c-1' }).offer('x'));
    await browser.allow();
    const { phase, peer, charged } = seen.call();
    assert.deepEqual([phase, peer.userId, charged], ['connected', 'taro', 30], 'taken up after a reload');
    assert.deepEqual(seen.peers[0].configuration.iceServers, ICE);
    assert.equal(seen.socket().of('webrtc_answer').length, 1);
  });

  test('is not begun where the call is over before there is a microphone', async () => {
    const browser = prompts();
    const seen = await reloaded(boundCall(), { calls: browser });
    await seen.socket().says({ type: 'call_end', callId: 'c-1', reason: 'otomo_end', durationSeconds: 1, totalChargedPoints: 0 });
    const stream = await browser.allow();
    assert.equal(seen.peers.length, 0);
    assert.equal(stream.tracks[0].stopped, true);
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

  test('that has no microphone after a reload ends the call, and says why', async () => {
    const seen = await reloaded(boundCall(), { calls: { microphone: async () => assert.fail('denied') } });
    await settle();
    assert.deepEqual(seen.call().ending.reason, 'MICROPHONE');
    assert.equal(seen.socket().of('call_end_request').length, 1);
  });

  test('a stranger whom one cannot offer to is logged, not thrown at the page', async () => {
    const log = [];
    const seen = await calling({ log: (what) => log.push(what) });
    await seen.socket().says(theirs(seen).answer('x'));
    seen.peers[0].constructor.prototype.createOffer = async () => assert.fail('no offer');
    await seen.socket().says(theirs(seen).answer('y'));
    await settle();
    assert.equal(log.at(-1), 'signal not taken');
  });

  test('tells how good the way is', async () => {
    const seen = await calling();
    assert.deepEqual(await seen.calls.quality(), { roundTripMs: 80, packetLossOut: 0.25, packetLossIn: 0.1 });
    assert.equal((await seen.calls.quality()).packetLossIn, null, 'nothing has come since');
    seen.peers[0].becomes('failed');
    await seen.clock.tick(0);
    assert.equal((await seen.calls.quality()).packetLossIn, 0.1, 'a new connection counts anew');
    await seen.socket().says({ type: 'call_end', callId: seen.callId, reason: 'otomo_end', durationSeconds: 1, totalChargedPoints: 0 });
    assert.equal(await seen.calls.quality(), null);
    assert.deepEqual(new QualityMeter().read([]), { roundTripMs: null, packetLossOut: null, packetLossIn: null });
  });

  test('tells what was lost since it was asked before, not in the whole call', () => {
    const meter = new QualityMeter();
    const look = (packetsReceived, packetsLost) =>
      meter.read([{ type: 'inbound-rtp', kind: 'audio', packetsReceived, packetsLost }]).packetLossIn;
    assert.equal(look(0, 0), null);
    assert.equal(look(1_000, 0), 0);
    assert.equal(look(1_075, 25), 0.25);
    assert.equal(look(1_075, 50), 1, 'nothing comes through');
    assert.equal(look(1_175, 40), 0, 'some came late');
    assert.equal(look(1_175, 40), null);
  });
});

describe('a picture', () => {
  test('that the other side adds, in a stream of its own or in none, leaves the voice where it is', async () => {
    const seen = await called();
    const [peer] = seen.peers;
    const [spoken, picture, second] = [new TestTrack(), new TestTrack('video'), new TestTrack()];
    peer.brings(picture);
    assert.deepEqual([seen.call().remoteStream, seen.call().remotePicture.getTracks()], [null, [picture]]);
    peer.brings(spoken, new TestStream([spoken]));
    const { remoteStream } = seen.call();
    assert.deepEqual(remoteStream.getTracks(), [spoken]);
    peer.brings(second, new TestStream([second]));
    assert.equal(seen.call().remoteStream, remoteStream);
    assert.deepEqual(remoteStream.getTracks(), [spoken, second]);
    assert.equal(seen.calls.loudness(), 0.5, 'of a voice, whatever came first');
    seen.calls.end();
    assert.deepEqual([seen.call().remoteStream, seen.call().remotePicture], [null, null]);
  });

  test('that was added here goes on over a new connection', async () => {
    const seen = await called();
    await seen.socket().says(theirs(seen).offer('x'));
    await settle();
    const [kept, ended] = [new TestTrack('video'), new TestTrack('video')];
    seen.calls.connection.addTrack(kept);
    seen.calls.connection.addTrack(ended).track = null;
    await seen.socket().says(theirs(seen).offer('y'));
    await settle();
    assert.equal(seen.calls.connection, seen.peers[1]);
    assert.deepEqual(seen.peers[1].getSenders().map(({ track }) => track), [seen.voices[0].tracks[0], kept]);
  });
});
