// A call: what its person asks for, what is said to the server, and what is shown.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { voice } from './support/peers.mjs';
import { answer, boundCall, called, calling, greeting, ICE, phone, phoneOf, prompts, reloaded, RING, theirs } from './support/phone.mjs';
import { back, CONNECTED, settle, TestStorage, tokenOf } from './support/world.mjs';

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
    assert.deepEqual(phases, ['asking', 'requesting', 'ringing', 'connecting', 'connected', 'ended']);
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

  test('whose request may have been taken although it was refused takes it back, and no other', async () => {
    const unanswered = async (seen) => {
      await seen.clock.tick(30_000);
      await back(seen);
    };
    const refused = (code) => async (seen) => {
      for (let asked = 0; seen.socket().of('call_request').length > asked; ) {
        asked = seen.socket().of('call_request').length;
        const { requestId } = seen.socket().of('call_request').at(-1);
        await seen.socket().says({ type: 'error', code, message: 'm', requestId });
        await seen.clock.tick(5_000);
      }
    };
    for (const [code, happens, cancels] of [
      ['TIMEOUT', unanswered, 1],
      ['UNAVAILABLE', refused('UNAVAILABLE'), 1],
      ['INTERNAL_ERROR', refused('INTERNAL_ERROR'), 1],
      ['CALLER_BUSY', refused('CALLER_BUSY'), 0],
    ]) {
      const seen = await phone();
      const failed = assert.rejects(seen.calls.place('hana'), { code });
      await settle();
      const [{ callId }] = seen.socket().of('call_request');
      await happens(seen);
      await failed;
      const said = seen.sockets.flatMap((socket) => socket.of('call_cancel'));
      assert.deepEqual(said.map((one) => one.callId), Array(cancels).fill(callId), code);
      assert.deepEqual([seen.call().phase, seen.call().ending.reason], ['ended', code]);
    }
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

  test('may give up while the browser asks for the microphone: nobody is rung', async () => {
    const browser = prompts();
    const seen = await phone({ calls: browser });
    const placed = assert.rejects(seen.calls.place({ userId: 'hana', name: 'Hana' }), { code: 'ABORTED' });
    assert.deepEqual([seen.call().phase, seen.call().peer.name, seen.calls.live], ['asking', 'Hana', true]);
    await seen.calls.end();
    await placed;
    assert.equal(seen.call().phase, 'idle');
    assert.equal((await browser.allow()).tracks[0].stopped, true);
    assert.deepEqual(seen.socket().sent.filter(({ type }) => type.startsWith('call_')), []);
  });

  test('whose client stops while the browser asks for the microphone rings nobody after the next start', async () => {
    const browser = prompts();
    const seen = await phone({ calls: browser });
    const placed = assert.rejects(seen.calls.place('hana'), { code: 'ABORTED' });
    seen.otomo.stop();
    await placed;
    assert.deepEqual(seen.socket().sent, []);
    seen.otomo.start();
    await settle();
    await seen.socket().says(...greeting(null));
    await browser.allow();
    assert.equal(seen.call().phase, 'idle');
    assert.deepEqual(seen.socket().of('call_request'), []);
  });

  test('who is called while the browser asks for the microphone hears the ring, and rings nobody', async () => {
    const browser = prompts();
    const seen = await phone({ calls: browser });
    const placed = assert.rejects(seen.calls.place('hana'), { code: 'ABORTED' });
    await seen.socket().says(RING);
    await placed;
    assert.deepEqual([seen.call().phase, seen.call().callId], ['incoming', 'c-1']);
    assert.equal((await browser.allow()).tracks[0].stopped, true);
    assert.deepEqual(seen.socket().of('call_request'), []);
  });

  test('who gives up just when the otomo calls too leaves the call that the two came into', async () => {
    const seen = await phone();
    const given = assert.rejects(seen.calls.place('hana'), { code: 'ABORTED' });
    await settle();
    const [{ callId, requestId }] = seen.socket().of('call_request');
    const left = seen.calls.end();
    await given;
    await seen.socket().says({ type: 'call_request_ack', callId, requestId, status: 'ended', outcome: 'rejected', reason: 'superseded', joinedCallId: 'c-9' });
    assert.equal(seen.call().phase, 'idle');
    assert.deepEqual(seen.socket().of('call_end_request').map((one) => one.callId), ['c-9']);
    await seen.socket().says({ type: 'signaling_start', callId: 'c-9', role: 'answerer', iceServers: ICE });
    await answer(seen, 'call_cancel');
    await left;
    assert.equal(seen.call().phase, 'idle');
  });

  test('who gave up in a tunnel, just when the otomo called too, leaves that call on return', async () => {
    const seen = await phone();
    const given = assert.rejects(seen.calls.place('hana'), { code: 'ABORTED' });
    await settle();
    const [{ callId }] = seen.socket().of('call_request');
    await seen.socket().breaks();
    seen.calls.end();
    await given;
    await seen.clock.tick(2_000);
    assert.equal(seen.call().phase, 'idle');
    const over = { callId, userId: 'me', otomoId: 'hana', outcome: 'rejected', reason: 'superseded' };
    await seen.socket().says(...greeting(boundCall({ callId: 'c-9', role: 'answerer', phase: 'connecting' }), [over]));
    assert.equal(seen.call().phase, 'idle');
    assert.deepEqual(seen.socket().of('call_end_request').map((one) => one.callId), ['c-9']);
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

  test('whose answer is refused for now still hears the ring, and answers once more', async () => {
    for (const code of ['INTERNAL_ERROR', 'UNAVAILABLE']) {
      const seen = await phone();
      await seen.socket().says(RING);
      const refused = assert.rejects(seen.calls.accept(), { code });
      await settle();
      for (let asked = 0; seen.socket().of('call_accept').length > asked; ) {
        asked = seen.socket().of('call_accept').length;
        const { requestId } = seen.socket().of('call_accept').at(-1);
        await seen.socket().says({ type: 'error', code, message: 'm', requestId });
        await seen.clock.tick(5_000);
      }
      await refused;
      assert.deepEqual([seen.call().phase, seen.call().wish], ['incoming', null], code);
      const accepted = seen.calls.accept();
      await settle();
      await answer(seen, 'call_accept');
      await accepted;
      assert.equal(seen.call().phase, 'connecting');
    }
  });

  test('whose caller gave up while the browser asked for the microphone speaks to nobody', async () => {
    const browser = prompts();
    const seen = await phone({ calls: browser });
    await seen.socket().says(RING);
    const late = assert.rejects(seen.calls.accept(), { code: 'CALL_ALREADY_ENDED' });
    await seen.socket().says({ type: 'call_cancelled', callId: 'c-1', reason: 'caller_cancelled', timestamp: 1 });
    await late;
    assert.equal((await browser.allow()).tracks[0].stopped, true);
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
    assert.deepEqual([seen.call().phase, seen.call().ending.reason], ['ended', 'user_end']);
  });

  test('in a tunnel is over here in two seconds, as far as one knows; the goodbye goes on unseen', async () => {
    const seen = await calling();
    await seen.socket().says({ type: 'call_connected', callId: seen.callId, connectedAt: 1 });
    await seen.clock.tick(10_000);
    await seen.socket().says({ type: 'call_tick', callId: seen.callId, totalChargedPoints: 60, status: 'ok' });
    await seen.socket().breaks();
    const left = seen.calls.end();
    await seen.clock.tick(2_000);
    await left;
    assert.deepEqual(seen.call().ending, { kind: 'over', reason: 'user_end', durationSeconds: 12, points: 60 });
    const placed = seen.calls.place('yumi');
    await settle();
    assert.equal(seen.call().phase, 'requesting', 'the next one may be called');
    await seen.clock.tick(29_000);
    await seen.socket().says(...greeting(null));
    assert.deepEqual(seen.socket().sent.map(({ type }) => type), ['call_end_request', 'call_request']);
    await answer(seen, 'call_request', { status: 'requesting' });
    await placed;
  });

  test('in a tunnel: the snapshot does not bring the call back while the goodbye waits, however long it was', async () => {
    const seen = await calling({ transport: 'websocket' });
    await seen.socket().says({ type: 'call_connected', callId: seen.callId, connectedAt: 1 });
    await seen.socket().breaks();
    seen.calls.end();
    await seen.clock.tick(300_000);
    seen.otomo.nudge();
    await settle();
    const still = boundCall({ callId: seen.callId });
    await seen.socket().says(...greeting(still));
    assert.equal(seen.call().phase, 'ended');
    assert.equal(seen.voices.length, 1, 'no microphone is opened');
    await answer(seen, 'call_end_request');
    await seen.socket().says({ type: 'call_end', callId: seen.callId, reason: 'user_end', durationSeconds: 7, totalChargedPoints: 80 });
    assert.deepEqual(seen.call().ending, { kind: 'over', reason: 'user_end', durationSeconds: 7, points: 80 }, 'now the server knows better');
  });

  test('while the store is away: the goodbye is repeated until it is heard, and no return brings the call back', async () => {
    const seen = await calling();
    await seen.socket().says({ type: 'call_connected', callId: seen.callId, connectedAt: 1 });
    seen.calls.end();
    for (let refusals = 1; refusals <= 5; refusals += 1) {
      const { requestId } = seen.socket().of('call_end_request').at(-1);
      await seen.socket().says({ type: 'error', code: 'UNAVAILABLE', message: 'm', requestId });
      await seen.clock.tick(5_000);
      assert.equal(seen.socket().of('call_end_request').length, refusals + 1);
    }
    await seen.socket().breaks();
    await seen.clock.tick(250);
    await seen.socket().says(...greeting(boundCall({ callId: seen.callId })));
    assert.deepEqual([seen.call().phase, seen.voices.length], ['ended', 1], 'no microphone is opened');
    await answer(seen, 'call_end_request');
    assert.equal(seen.call().phase, 'ended');
  });

  test('in a tunnel: a page that is loaded anew there says the goodbye first, and the call does not come back', async () => {
    const storage = new TestStorage();
    const before = await calling({ storage, transport: 'websocket' });
    await before.socket().breaks();
    before.calls.end();
    await before.clock.tick(2_000);
    const after = await reloaded(boundCall({ callId: before.callId }), { storage, transport: 'websocket' });
    assert.deepEqual([after.call().phase, after.voices.length], ['idle', 0], 'no microphone is opened');
    assert.deepEqual(after.socket().of('call_end_request').map(({ callId }) => callId), [before.callId]);
    await answer(after, 'call_end_request');
    const later = await reloaded(null, { storage });
    assert.deepEqual(later.socket().of('call_end_request'), [], 'it was heard');
    assert.deepEqual(storage.keys().filter((key) => key.includes('goodbye')), []);
  });

  test('in a tunnel: a client that is stopped there says each goodbye after the next start, with its reason', async () => {
    const storage = new TestStorage();
    const seen = await phone({ storage, transport: 'websocket' });
    await seen.socket().says(RING);
    await seen.socket().breaks();
    seen.calls.reject('busy');
    seen.otomo.stop();
    seen.otomo.start();
    await settle();
    await seen.socket().says(CONNECTED, RING, { type: 'ready', seq: 0 });
    assert.equal(seen.call().phase, 'idle');
    assert.deepEqual(seen.socket().of('call_reject').map(({ callId, reason }) => [callId, reason]), [['c-1', 'busy']]);
    const { requestId } = seen.socket().of('call_reject')[0];
    await seen.socket().says({ type: 'error', code: 'CALL_NOT_FOUND', message: 'm', requestId });
    assert.deepEqual(storage.keys().filter((key) => key.includes('goodbye')), [], 'it is over whatever the server says to it');
  });

  test('in a tunnel: a client that is started anew by who hears of the refusal says the goodbye', async () => {
    const seen = await calling({ transport: 'websocket' });
    await seen.socket().breaks();
    seen.calls.end();
    await seen.clock.tick(2_000);
    seen.otomo.nudge();
    await settle();
    seen.otomo.link.subscribe(() => {
      if (seen.otomo.link.get().phase === 'refused') seen.otomo.start();
    });
    await seen.socket().breaks(4003);
    await seen.socket().says(...greeting(boundCall({ callId: seen.callId })));
    assert.deepEqual([seen.call().phase, seen.voices.length], ['ended', 1], 'no microphone is opened');
    assert.deepEqual(seen.socket().of('call_end_request').map(({ callId }) => callId), [seen.callId]);
  });

  test('a client that is stopped there in the middle of a call leaves it after the next start', async () => {
    for (const storage of [new TestStorage(), null]) {
      const seen = await calling({ storage, transport: 'websocket' });
      await seen.socket().breaks();
      seen.otomo.stop();
      assert.equal(seen.call().phase, 'idle');
      seen.otomo.start();
      await settle();
      await seen.socket().says(...greeting(boundCall({ callId: seen.callId })));
      assert.deepEqual([seen.call().phase, seen.voices.length], ['idle', 1], 'no microphone is opened');
      assert.deepEqual(seen.socket().of('call_end_request').map(({ callId }) => callId), [seen.callId]);
      await answer(seen, 'call_end_request');
      seen.otomo.stop();
      seen.otomo.start();
      await settle();
      await seen.socket().says(...greeting(null));
      assert.deepEqual(seen.socket().of('call_end_request'), [], 'it was heard');
    }
  });

  test('one call after another while nobody comes back says every goodbye in the end', async () => {
    const storage = new TestStorage();
    const seen = await calling({ storage, transport: 'websocket' });
    await seen.socket().breaks();
    seen.calls.end();
    await seen.clock.tick(2_000);
    seen.otomo.nudge();
    await settle();
    await seen.socket().says(CONNECTED, { type: 'call_snapshot', call: boundCall({ callId: 'c-2' }), recent: [] });
    await seen.socket().breaks(4003);
    assert.deepEqual([seen.otomo.link.get().phase, seen.call().callId], ['refused', 'c-2']);
    seen.calls.end();
    await seen.clock.tick(2_000);
    const after = await reloaded(null, { storage, transport: 'websocket' });
    assert.deepEqual(after.socket().of('call_end_request').map(({ callId }) => callId), [seen.callId, 'c-2']);
  });

  test('goes ahead of the next call, also where the client was stopped or the page loaded anew in between', async () => {
    const storage = new TestStorage();
    const before = await calling({ storage, transport: 'websocket' });
    await before.socket().breaks();
    before.calls.end();
    await before.clock.tick(2_000);
    before.otomo.stop();
    for (const seen of [before, phoneOf({ storage, transport: 'websocket' })]) {
      seen.otomo.start();
      seen.calls.place('yumi').catch(() => {});
      await settle();
      await seen.socket().says(...greeting(boundCall({ callId: before.callId })));
      assert.deepEqual(seen.socket().sent.map(({ type }) => type), ['call_end_request', 'call_request']);
    }
  });

  test('is said by who has left the call, and not by who signs in after them', async () => {
    const storage = new TestStorage();
    const taro = await calling({ storage, transport: 'websocket' });
    await taro.socket().breaks();
    taro.calls.end();
    await taro.clock.tick(2_000);
    taro.otomo.stop();

    const hana = phoneOf({ storage, token: tokenOf('hana') });
    hana.otomo.start();
    await settle();
    const ring = { ...RING, callId: taro.callId };
    await hana.socket().says({ ...CONNECTED, userId: 'hana' }, ring, { type: 'ready', seq: 0 });
    assert.deepEqual(hana.socket().of('call_end_request'), []);
    assert.equal(hana.call().phase, 'incoming', 'hers it is not');
    hana.calls.reject();
    await answer(hana, 'call_reject');

    await hana.socket().breaks();
    await hana.clock.tick(250);
    await hana.socket().says(...greeting(null));
    assert.deepEqual(hana.socket().sent.map(({ type, callId }) => [type, callId]), [['call_end_request', taro.callId]], 'taro is back');
  });

  test('says its goodbyes also where nothing can be kept, or something else is', async () => {
    const forbidden = { getItem: () => assert.fail(), setItem: () => assert.fail(), removeItem: () => assert.fail() };
    const holding = (text) => {
      const storage = new TestStorage();
      storage.setItem('otomo.goodbyes', text);
      return storage;
    };
    const others = ['{"not": "ours"}', '[null]', '["c-1"]', '[{"callId": "c-1", "command": "call_end_request"}]', '[[]', 'null'];
    for (const storage of [forbidden, ...others.map(holding)]) {
      const seen = await calling({ storage });
      const left = seen.calls.end();
      await answer(seen, 'call_end_request');
      await seen.clock.tick(2_000);
      await left;
      assert.equal(seen.call().phase, 'ended');
    }
  });

  test('within the two seconds, a snapshot that still has the call changes nothing', async () => {
    const seen = await calling();
    await seen.socket().breaks();
    seen.calls.end();
    await seen.clock.tick(250);
    await seen.socket().says(...greeting(boundCall({ callId: seen.callId })));
    assert.deepEqual([seen.call().wish, seen.peers.length], ['leave', 1]);
    await answer(seen, 'call_end_request');
    await seen.clock.tick(2_000);
    assert.equal(seen.call().phase, 'ended');
  });

  test('a ring that was declined in a tunnel does not ring again on return', async () => {
    const seen = await phone();
    await seen.socket().says(RING);
    await seen.socket().breaks();
    seen.calls.reject('busy');
    await seen.clock.tick(2_000);
    assert.equal(seen.call().phase, 'idle');
    await seen.socket().says(CONNECTED, RING, { type: 'ready', seq: 0 });
    assert.equal(seen.call().phase, 'idle');
    assert.equal(seen.socket().of('call_reject')[0].reason, 'busy');
  });

  test('a ring just before the return neither shows that it rings again, nor says so', async () => {
    const seen = await phone();
    await seen.socket().says(RING);
    await seen.socket().breaks();
    seen.calls.reject();
    await seen.clock.tick(250);
    await seen.socket().says(CONNECTED, RING, { type: 'ready', seq: 0 });
    assert.equal(seen.call().wish, 'leave');
    assert.deepEqual(seen.socket().sent.map(({ type }) => type), ['call_reject']);
  });

  test('a call that the server ended meanwhile tells nothing to the one who chose it', async () => {
    const seen = await phone();
    const given = assert.rejects(seen.calls.place('hana'), { code: 'ABORTED' });
    await settle();
    await seen.socket().says({ type: 'call_ringing', callId: seen.call().callId });
    await seen.socket().breaks();
    seen.calls.end();
    await given;
    await seen.clock.tick(250);
    await seen.socket().says(...greeting(null));
    await answer(seen, 'call_cancel');
    assert.equal(seen.call().phase, 'idle');
  });

  test('while the answer is on its way ends the call whether it arrived or not', async () => {
    const seen = await phone();
    await seen.socket().says(RING);
    const late = assert.rejects(seen.calls.accept(), { code: 'CALL_ALREADY_ENDED' });
    await settle();
    const left = seen.calls.end();
    await late;
    assert.deepEqual(seen.socket().sent.map(({ type }) => type), ['call_ringing', 'call_accept', 'call_end_request']);
    await answer(seen, 'call_end_request');
    await left;
    assert.equal(seen.call().phase, 'idle');
  });

  test('pressed twice says one goodbye', async () => {
    const seen = await calling();
    const both = [seen.calls.end(), seen.calls.end()];
    await answer(seen, 'call_end_request');
    await Promise.all(both);
    assert.equal(seen.socket().of('call_end_request').length, 1);
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

describe('a call that is cut off', () => {
  const GRACE_MS = CONNECTED.limits.lossGraceMs;

  /** A call that was connected for five seconds when its link broke; its voice flows. Nobody comes back to it by itself. */
  async function cutOff() {
    const seen = await calling({ transport: 'websocket' });
    const [peer] = seen.peers;
    peer.becomes('connected');
    await seen.socket().says({ type: 'call_connected', callId: seen.callId, connectedAt: 1 });
    await seen.clock.tick(5_000);
    await seen.socket().breaks();
    return Object.assign(seen, { peer, since: seen.call().since });
  }

  /** Whatever is tried meanwhile fails. */
  async function passes(seen, ms) {
    for (let left = ms; left > 0; left -= 500) {
      await seen.clock.tick(500);
      await seen.socket().breaks();
    }
  }

  test('looks for the server as often as its return needs, until it is lost', async () => {
    const seen = await cutOff();
    const untilNext = async () => {
      const before = seen.sockets.length;
      let ms = 0;
      for (; seen.sockets.length === before; ms += 250) await seen.clock.tick(250);
      await seen.socket().breaks();
      return ms;
    };
    const waits = [];
    while (waits.length < 12) waits.push(await untilNext());
    assert.deepEqual(waits, [250, 500, 1_000, ...Array(9).fill(GRACE_MS / 4 / 2)]);
    seen.peer.becomes('failed');
    assert.notEqual(seen.call().lostAt, null);
    await untilNext();
    assert.equal(await untilNext(), 15_000);
  });

  test('from the server and the voice is lost once the grace has passed, as of when the last of them broke', async () => {
    const seen = await cutOff();
    await passes(seen, 2_000);
    seen.peer.becomes('disconnected');
    await passes(seen, GRACE_MS - 2_500);
    assert.equal(seen.call().lostAt, null);
    await passes(seen, 500);
    assert.deepEqual([seen.call().phase, seen.call().lostAt - seen.since], ['connected', 7_000]);
    assert.equal(seen.voices[0].tracks[0].stopped, false, 'it may go on');
  });

  test('from the server alone goes on, and is lost when the voice breaks, too', async () => {
    const seen = await cutOff();
    await passes(seen, GRACE_MS * 3);
    assert.equal(seen.call().lostAt, null);
    seen.peer.becomes('failed');
    assert.equal(seen.call().lostAt, seen.clock.now());
    seen.peers.at(-1).becomes('connected');
    assert.equal(seen.call().lostAt, null, 'the voice is back');
  });

  test('goes on where the server still has it, and waits for a whole grace after the next break', async () => {
    const seen = await cutOff();
    seen.peer.becomes('disconnected');
    await passes(seen, GRACE_MS);
    assert.notEqual(seen.call().lostAt, null);
    await seen.clock.tick(10_000);
    await seen.socket().says(...greeting(boundCall({ callId: seen.callId })));
    assert.deepEqual([seen.call().phase, seen.call().lostAt], ['connected', null]);
    await seen.clock.tick(GRACE_MS);
    seen.peers.at(-1).becomes('disconnected');
    assert.equal(seen.call().lostAt, null, 'the server is here');
    await seen.socket().breaks();
    await passes(seen, GRACE_MS - 500);
    assert.equal(seen.call().lostAt, null);
    await passes(seen, 500);
    assert.notEqual(seen.call().lostAt, null);
  });

  test('goes on where the server has it, also for a device that it is not bound to', async () => {
    const seen = await cutOff();
    seen.peer.becomes('disconnected');
    await passes(seen, GRACE_MS);
    assert.notEqual(seen.call().lostAt, null);
    await seen.clock.tick(10_000);
    await seen.socket().says(...greeting(boundCall({ callId: seen.callId, bound: false })));
    assert.deepEqual([seen.call().phase, seen.call().lostAt], ['connected', null]);
  });

  test('ends as the server tells it on return', async () => {
    const seen = await cutOff();
    seen.peer.becomes('disconnected');
    await passes(seen, GRACE_MS);
    await seen.clock.tick(10_000);
    const over = { callId: seen.callId, outcome: 'completed', reason: 'disconnect', durationSeconds: 15 };
    await seen.socket().says(...greeting(null, [over]));
    assert.deepEqual([seen.call().phase, seen.call().lostAt], ['ended', null]);
    assert.deepEqual(seen.call().ending, { kind: 'over', reason: 'disconnect', durationSeconds: 15, points: 0 });
  });

  test('and hung up then was as long as it held', async () => {
    const seen = await cutOff();
    seen.peer.becomes('disconnected');
    await passes(seen, GRACE_MS * 2);
    const left = seen.calls.end();
    await seen.clock.tick(2_000);
    await left;
    assert.deepEqual([seen.call().phase, seen.call().ending.durationSeconds], ['ended', 5]);
  });
});

describe('muting', () => {
  const heard = (seen, at = -1) => seen.voices.at(at).tracks[0].enabled;

  test('silences the microphone, also one that is not open yet', async () => {
    const seen = await calling();
    await seen.calls.mute(true);
    assert.deepEqual([seen.call().muted, heard(seen)], [true, false]);
    await seen.calls.mute(false);
    assert.deepEqual([seen.call().muted, heard(seen)], [false, true]);

    const browser = prompts();
    const early = await phone({ calls: browser });
    early.calls.place('hana');
    await early.calls.mute(true);
    assert.equal((await browser.allow()).tracks[0].enabled, false);
  });

  test('without a call, and of one that is being left, changes nothing for the next', async () => {
    const seen = await calling();
    const left = seen.calls.end();
    await seen.calls.mute(true);
    await answer(seen, 'call_end_request');
    await left;
    await seen.socket().says({ type: 'call_end', callId: seen.callId, reason: 'user_end', durationSeconds: 3, totalChargedPoints: 0 });
    await seen.calls.mute(true);
    seen.calls.dismiss();
    await seen.calls.mute(true);
    seen.calls.place('yumi');
    await settle();
    assert.deepEqual([seen.call().muted, heard(seen)], [false, true]);
  });

  test('survives a reload of the page, and ends with the call', async () => {
    const storage = new TestStorage();
    const before = await calling({ storage });
    await before.calls.mute(true);

    const call = boundCall({ callId: before.callId });
    const after = await reloaded(call, { storage });
    await settle();
    assert.deepEqual([after.call().muted, heard(after)], [true, false]);

    const next = await reloaded(boundCall({ callId: 'c-2' }), { storage });
    await settle();
    assert.deepEqual([next.call().muted, heard(next)], [false, true], 'of that call alone');

    await after.calls.mute(true);
    await after.socket().says({ type: 'call_end', callId: before.callId, reason: 'otomo_end', durationSeconds: 3, totalChargedPoints: 0 });
    assert.deepEqual(storage.keys().filter((key) => key.includes('muted')), []);
  });

  test('that was taken back before the reload stays so', async () => {
    const storage = new TestStorage();
    const before = await calling({ storage });
    await before.calls.mute(true);
    await before.calls.mute(false);
    const after = await reloaded(boundCall({ callId: before.callId }), { storage });
    assert.equal(after.call().muted, false);
  });
});

describe('a microphone', () => {
  test('that ends by itself is told, and another one is spoken through without an offer', async () => {
    const seen = await calling();
    await seen.socket().says(theirs(seen).answer('x'));
    const [sender] = seen.peers[0].getSenders();
    await seen.calls.mute(true);
    seen.voices[0].tracks[0].endsByItself();
    assert.equal(seen.call().microphoneLost, true);
    await seen.calls.useMicrophone();
    assert.equal(seen.call().microphoneLost, false);
    assert.equal(sender.track, seen.voices[1].tracks[0]);
    assert.deepEqual([sender.track.enabled, seen.voices[0].tracks[0].stopped], [false, true], 'still muted');
    assert.equal(seen.socket().of('webrtc_offer').length, 1);
    seen.voices[0].tracks[0].endsByItself();
    assert.equal(seen.call().microphoneLost, false, 'what is spoken through no more may end');
    seen.peers[0].becomes('failed');
    await seen.clock.tick(0);
    assert.equal(seen.peers[1].getSenders()[0].track, sender.track, 'a new connection keeps to it');
  });

  test('that cannot be had leaves the one before', async () => {
    const seen = await calling();
    await assert.rejects(seen.calls.useMicrophone('no-such-device'), { code: 'MICROPHONE' });
    assert.equal(seen.peers[0].getSenders()[0].track, seen.voices[0].tracks[0]);
    assert.equal(seen.voices[0].tracks[0].stopped, false);
  });

  test('of the app is for one call, with which it ends', async () => {
    const seen = await calling();
    const own = voice();
    await seen.calls.useMicrophone(own);
    assert.equal(seen.peers[0].getSenders()[0].track, own.tracks[0]);
    seen.calls.end();
    assert.equal(own.tracks[0].stopped, true);
    const idle = await phone();
    await assert.rejects(idle.calls.useMicrophone(own), { code: 'INVALID_CALL_STATE' });
  });

  test('that was chosen last speaks in the next call, also where the one before it came later', async () => {
    const opened = [];
    const getUserMedia = ({ audio }) =>
      new Promise((grant) => opened.push({ device: audio.deviceId.exact, grant: () => grant(voice()) }));
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: { getUserMedia } }, configurable: true });
    try {
      const seen = await calling();
      const chosen = [seen.calls.useMicrophone('a'), seen.calls.useMicrophone('b')];
      await settle();
      for (const { grant } of opened.toReversed()) {
        grant();
        await settle();
      }
      await Promise.all(chosen);
      await seen.socket().says({ type: 'call_end', callId: seen.callId, reason: 'otomo_end' });
      seen.calls.place('yumi');
      await settle();
      assert.deepEqual(opened.map(({ device }) => device), ['a', 'b', 'b']);
    } finally {
      if (before === undefined) delete globalThis.navigator;
      else Object.defineProperty(globalThis, 'navigator', before);
    }
  });
});

describe('an app that speaks by itself (`calls: false`)', () => {
  test('answers with the commands of the protocol, and nothing takes its call or hangs it up', async () => {
    const seen = await phone({ calls: false });
    seen.otomo.on('incoming_call', ({ callId }) => seen.otomo.request('call_accept', { callId }));
    await seen.socket().says(RING);
    await answer(seen, 'call_accept');
    await seen.socket().says({ type: 'signaling_start', callId: 'c-1', role: 'answerer', iceServers: ICE });
    await seen.clock.tick(20_000);
    assert.deepEqual(seen.socket().of('call_accept').length, 1);
    assert.deepEqual(seen.socket().of('call_end_request'), []);
    assert.deepEqual([seen.call().phase, seen.voices.length, seen.peers.length], ['idle', 0, 0]);
    assert.ok(seen.events.some(({ type }) => type === 'signaling_start'));
    await assert.rejects(seen.calls.place('hana'), { code: 'INVALID_CALL_STATE' });
  });
});
