/**
 * The one call of this client, as a person sees it: an old call and an event give the new call. Pure.
 *
 * ```text
 *  (place) --> asking --> requesting --> ringing --+
 *                |                                 +--> connecting --> connected --> ended --> (dismissed) --> idle
 *                +- a ring comes first             |
 *                v                                 |
 *  incoming_call --------------------> incoming ---+
 * ```
 * `asking` is this client's own affair: the browser asks for the microphone, and nobody is rung yet. So what ends it
 * (no microphone, its person leaves) leads to `idle` at once. From the others a call that is refused, cancelled or lost is
 * `ended`; one that its person declines or gives up before an answer is `idle`, for there is nothing to tell.
 *
 * Cut off from everything, an answered call keeps its phase, since it may go on: `lostAt` says that nothing holds it any more.
 *
 * ```text
 *  connecting, connected --(server away beyond its grace, no voice)--> the same, lostAt
 *      ^                                                                     |
 *      +--(call_snapshot has it, or the voice flows again)-------------------+--(the snapshot has it no more)--> ended
 * ```
 *
 * What comes from the server (`reduceCall`) and what this client does itself (`reduceAct`) are apart: whatever types a
 * backend publishes, none of them acts for this client. The server owns the truth; this is what can be shown of it. Events
 * about another call than ours (the same person's other devices hear of theirs too) change nothing.
 */

/** @typedef {{userId: string, name: string | null, avatar: string | null}} Person */

/** @typedef {'idle' | 'asking' | 'requesting' | 'ringing' | 'incoming' | 'connecting' | 'connected' | 'ended'} Phase */

/**
 * How a call went: `refused` and `cancelled` before anybody spoke, `over` after the answer, `failed`
 * where this client could not go on. Reasons are the server's, or an error code.
 * @typedef {object} Ending
 * @property {'refused' | 'cancelled' | 'over' | 'failed'} kind
 * @property {string} reason
 * @property {number | null} durationSeconds null where the two never spoke
 * @property {number} points what it cost
 */

/**
 * @typedef {object} Call
 * @property {Phase} phase
 * @property {string | null} callId null while idle
 * @property {'caller' | 'otomo' | null} side which of the two this client is; null while idle
 * @property {Person | null} peer the other one; null while idle
 * @property {'accept' | 'leave' | null} wish what its person asked for and the server has not yet confirmed. An ended call
 *   with the wish to leave was hung up without an answer: its ending is what is known here
 * @property {number | null} ringUntil when ringing ends, on this clock (milliseconds since 1970)
 * @property {number | null} ringMs how long it rings in all, where known
 * @property {number | null} since when the two began to speak, on this clock (milliseconds since 1970)
 * @property {number | null} peerBackBy until when an absent peer is waited for, on this clock
 * @property {number | null} lostAt when the last that held the two together broke, on this clock: there is no voice, and the
 *   server, who gives up somebody after a while, has been away for longer than that. So it is over, as far as one knows
 *   here; null where the server's word, or the voice, says that it goes on
 * @property {RTCPeerConnectionState} media what the peer connection says of itself
 * @property {MediaStream | null} remoteStream the other side's voice, for an `<audio>` element's `srcObject`: sound alone
 * @property {MediaStream | null} remotePicture pictures that the other side has added, for a `<video>` element
 * @property {boolean} muted whether the other side hears nothing, by this person's choice
 * @property {boolean} microphoneLost whether the microphone has ended by itself: unplugged, or taken back by the browser
 * @property {number} charged points that it cost so far
 * @property {boolean} low whether the balance does not reach for the next minute
 * @property {Ending | null} ending
 */

/**
 * What the reducer may know beside call and event.
 * @typedef {object} Scene
 * @property {number} now this clock, milliseconds since 1970
 * @property {number} clockOffset how far the server's clock is ahead of it, milliseconds
 * @property {(callId: string) => boolean} left whether its person has left that call, and the server may not know yet
 * @property {(callId: string) => boolean} wasMuted whether that call was muted before the page was loaded anew
 */

/** @type {Readonly<Call>} */
export const NO_CALL = Object.freeze({
  phase: 'idle',
  callId: null,
  side: null,
  peer: null,
  wish: null,
  ringUntil: null,
  ringMs: null,
  since: null,
  peerBackBy: null,
  lostAt: null,
  media: 'new',
  remoteStream: null,
  remotePicture: null,
  muted: false,
  microphoneLost: false,
  charged: 0,
  low: false,
  ending: null,
});

/**
 * What this client does itself.
 * @typedef {{act: 'ask', callId: string, peer: Person}
 *   | {act: 'request'}
 *   | {act: 'wish', wish: Call['wish']}
 *   | {act: 'media', media: RTCPeerConnectionState}
 *   | {act: 'lost', at: number}
 *   | {act: 'voice', stream: MediaStream}
 *   | {act: 'picture', stream: MediaStream}
 *   | {act: 'mute', muted: boolean}
 *   | {act: 'microphone', lost: boolean}
 *   | {act: 'fail', reason: string}
 *   | {act: 'finish', now: number}
 *   | {act: 'drop'}
 *   | {act: 'dismiss'}} Act
 */

/**
 * @param {Call} call
 * @param {any} event of the server
 * @param {Scene} scene
 * @returns {Call}
 */
export function reduceCall(call, event, scene) {
  switch (event.type) {
    case 'incoming_call':
      return ring(call, event, scene);
    case 'call_snapshot':
      return fromSnapshot(call, event, scene);
    default:
      break;
  }
  if (call.callId === null || call.callId !== event.callId) return call;
  if (isLive(call)) return advance(call, event, scene);
  // It was hung up without an answer: now the server says how it went.
  return call.wish === 'leave' && event.type === 'call_end' ? end(call, 'over', event) : call;
}

/**
 * @param {Call} call
 * @param {Act} act about this call; `ask` begins one
 * @returns {Call}
 */
export function reduceAct(call, act) {
  if (isLive(call)) return call.wish === 'leave' ? leavingAct(call, act) : liveAct(call, act);
  if (act.act === 'ask') return begin(act.callId, 'caller', act.peer, 'asking');
  return act.act === 'dismiss' ? NO_CALL : call;
}

/**
 * @param {Call} call a live one
 * @param {Act} act
 * @returns {Call}
 */
function liveAct(call, act) {
  switch (act.act) {
    case 'request':
      return { ...call, phase: 'requesting' };
    case 'wish':
      // What is left is heard and seen no more.
      return act.wish === 'leave' ? { ...silent(call), wish: 'leave' } : { ...call, wish: act.wish };
    case 'media':
      return { ...call, media: act.media, lostAt: act.media === 'connected' ? null : call.lostAt };
    case 'lost':
      return isAnswered(call) ? { ...call, lostAt: act.at } : call;
    case 'voice':
      return { ...call, remoteStream: act.stream };
    case 'picture':
      return { ...call, remotePicture: act.stream };
    case 'mute':
      return { ...call, muted: act.muted };
    case 'microphone':
      return { ...call, microphoneLost: act.lost };
    case 'fail':
      return end(call, 'failed', act);
    case 'drop':
      return NO_CALL;
    default:
      return call;
  }
}

/**
 * Its person has hung up: what becomes of the rest does not matter any more.
 *
 * @param {Call} call a live one
 * @param {Act} act
 * @returns {Call}
 */
function leavingAct(call, act) {
  if (act.act === 'drop') return NO_CALL;
  if (act.act !== 'finish') return call;
  // Nothing to tell to the one who chose it.
  if (!isAnswered(call)) return NO_CALL;
  const durationSeconds = call.since === null ? 0 : Math.floor(((call.lostAt ?? act.now) - call.since) / 1000);
  const reason = call.side === 'caller' ? 'user_end' : 'otomo_end';
  return { ...end(call, 'over', { reason, durationSeconds, totalChargedPoints: call.charged }), wish: 'leave' };
}

/**
 * @param {Call} call
 * @returns {boolean} whether it still holds its two people
 */
export function isLive({ phase }) {
  return phase !== 'idle' && phase !== 'ended';
}

/**
 * @param {Call} call
 * @returns {boolean} whether it was answered
 */
export function isAnswered({ phase }) {
  return phase === 'connecting' || phase === 'connected';
}

/**
 * @param {Call} call a live one
 * @param {any} event about this call
 * @param {Scene} scene
 * @returns {Call}
 */
function advance(call, event, scene) {
  switch (event.type) {
    case 'call_request_ack':
      return requested(call, event);
    case 'call_ringing':
      return call.phase === 'requesting' ? { ...call, phase: 'ringing' } : call;
    case 'call_rejected':
      return end(call, 'refused', event);
    case 'call_cancelled':
      return end(call, 'cancelled', event);
    case 'call_reject_ack':
    case 'call_cancel_ack':
      // Nothing to tell to the one who chose it.
      return NO_CALL;
    case 'call_accepted':
    case 'call_accept_ack':
    case 'signaling_start':
      return call.phase === 'connected' ? call : { ...settled(call), phase: 'connecting' };
    case 'call_connected':
      return { ...settled(call), phase: 'connected', since: call.since ?? scene.now };
    case 'call_peer_reconnecting':
      return { ...call, peerBackBy: local(event.deadline, scene) };
    case 'call_peer_back':
      return { ...call, peerBackBy: null };
    case 'call_tick':
      return { ...call, charged: event.totalChargedPoints, low: event.status === 'low_balance' };
    case 'call_end':
      return end(call, 'over', event);
    default:
      return call;
  }
}

/**
 * @param {Call} call
 * @param {any} ack `call_request_ack`
 * @returns {Call}
 */
function requested(call, { joinedCallId, outcome, ...how }) {
  // The two called each other at the same time: this request counts as the answer to the other's.
  if (joinedCallId !== undefined) {
    // Its person has given up just then: there is nothing to tell, and the other call has to be left, too.
    if (call.wish === 'leave') return NO_CALL;
    return { ...settled(call), callId: joinedCallId, side: 'otomo', phase: 'connecting' };
  }
  return outcome === undefined ? call : end(call, kindOf(outcome), how);
}

/**
 * A wish to accept is fulfilled once the call goes on; one to leave stays until the end confirms it.
 * @param {Call} call
 * @returns {Call}
 */
function settled(call) {
  return call.wish === 'accept' ? { ...call, wish: null } : call;
}

/**
 * @param {Call} call
 * @param {any} event `incoming_call`
 * @param {Scene} scene
 * @returns {Call}
 */
function ring(call, event, scene) {
  // One who only asks for the microphone has nobody on the line yet: the ring goes first.
  if (isLive(call) && call.phase !== 'incoming' && call.phase !== 'asking') return call;
  if (scene.left(event.callId) && !(isLive(call) && call.callId === event.callId)) return call;
  const { fromUserId: userId, fromUserName: name, fromUserAvatar: avatar } = event;
  const same = isLive(call) && call.callId === event.callId;
  const base = same ? call : begin(event.callId, 'otomo', { userId, name, avatar }, 'incoming');
  return {
    ...base,
    ringUntil: scene.now + event.remainingMs,
    ringMs: (event.expiresAt - event.timestamp) * 1000,
  };
}

/**
 * What the server says on (re)connecting decides. A call that it no longer counts as ours ended while we
 * were away, or goes on at another device; only a request that may never have reached it stays, to be
 * asked again.
 *
 * @param {Call} call
 * @param {any} event `call_snapshot`
 * @param {Scene} scene
 * @returns {Call}
 */
function fromSnapshot(call, event, scene) {
  const live = event.call;
  const ours = isLive(call) && live?.callId === call.callId;
  if (live?.bound && (ours || !scene.left(live.callId))) return restored(call, live, scene);
  if (!isLive(call)) return call;
  if (ours) {
    const answeredElsewhere = call.phase === 'incoming' && live.phase !== 'ringing' && live.phase !== 'requesting';
    if (answeredElsewhere) return end(call, 'cancelled', { reason: 'answered_elsewhere' });
    return call.lostAt === null ? call : { ...call, lostAt: null };
  }
  const over = event.recent?.find((/** @type {{callId: string}} */ { callId }) => callId === call.callId);
  if (over) return end(call, kindOf(over.outcome), over);
  const unheard = call.phase === 'asking' || call.phase === 'requesting' || call.wish === 'leave';
  return unheard ? call : end(call, 'failed', { reason: 'lost' });
}

/**
 * @param {Call} call
 * @param {any} live the snapshot's call; this device is the one that speaks in it
 * @param {Scene} scene
 * @returns {Call}
 */
function restored(call, live, scene) {
  const side = live.role === 'offerer' ? 'caller' : 'otomo';
  const same = isLive(call) && call.callId === live.callId;
  const base = same ? call : begin(live.callId, side, side === 'caller' ? live.otomo : live.caller, live.phase);
  const since = live.connectedAt === undefined ? null : local(live.connectedAt, scene);
  const charged = live.totalChargedPoints ?? base.charged;
  const muted = same ? base.muted : scene.wasMuted(live.callId);
  return { ...settled(base), side, phase: live.phase, since: base.since ?? since, charged, muted, peerBackBy: null, lostAt: null };
}

/**
 * @param {string} callId
 * @param {'caller' | 'otomo'} side
 * @param {Person} peer
 * @param {Phase} phase
 * @returns {Call}
 */
function begin(callId, side, { userId, name = null, avatar = null }, phase) {
  return { ...NO_CALL, callId, side, peer: { userId, name, avatar }, phase };
}

/**
 * @param {Call} call
 * @param {Ending['kind']} kind
 * @param {Record<string, any>} how an event's fields
 * @returns {Call}
 */
function end(call, kind, { reason = 'lost', durationSeconds = 0, totalChargedPoints = 0 }) {
  const spoke = call.phase === 'connected' || call.since !== null || durationSeconds > 0;
  const ending = { kind, reason, durationSeconds: spoke ? durationSeconds : null, points: totalChargedPoints };
  return { ...silent(call), phase: 'ended', wish: null, peerBackBy: null, lostAt: null, ending };
}

/** @param {Call} call @returns {Call} */
function silent(call) {
  return { ...call, remoteStream: null, remotePicture: null };
}

/**
 * @param {string} outcome as the server stores it
 * @returns {Ending['kind']}
 */
function kindOf(outcome) {
  switch (outcome) {
    case 'rejected':
    case 'missed':
      return 'refused';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'over';
  }
}

/**
 * @param {number} seconds a server's UNIX time
 * @param {Scene} scene
 * @returns {number} the same moment on this clock, milliseconds
 */
function local(seconds, scene) {
  return seconds * 1000 - scene.clockOffset;
}
