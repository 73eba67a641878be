/**
 * The one call of this page, as a person sees it: an old call and an event give the new call.
 *
 * ```text
 *  page_call --> requesting --> ringing --+
 *                                         +--> connecting --> connected --> ended --> (dismissed)
 *  incoming_call ----------> incoming ----+
 * ```
 * The server owns the truth; this is what can be shown of it. Events about another call than ours (the
 * same person's other devices hear of theirs too) change nothing.
 */

/** @typedef {{userId: string, name: string | null, avatar: string | null}} Person */

/** @typedef {'requesting' | 'ringing' | 'incoming' | 'connecting' | 'connected' | 'ended'} Phase */

/**
 * How a call went: `refused` and `cancelled` before anybody spoke, `over` after the answer, `failed`
 * where this page could not go on. Reasons are the server's, or an error code of its catalogue.
 * @typedef {object} Ending
 * @property {'refused' | 'cancelled' | 'over' | 'failed'} kind
 * @property {string} reason
 * @property {number | null} durationSeconds null where the two never spoke
 * @property {number} points what it cost
 */

/**
 * What a metered call has cost so far.
 * @typedef {object} Bill
 * @property {number} points in all
 * @property {number | null} balance what the caller has left; told to the caller alone
 * @property {boolean} low whether the next charge will find too little
 */

/**
 * @typedef {object} Call
 * @property {string} callId
 * @property {'caller' | 'otomo'} side which of the two this page is
 * @property {Person} peer
 * @property {Phase} phase
 * @property {'accept' | 'leave' | null} wish what its person asked for and the server has not yet confirmed
 * @property {number | null} ringUntil when ringing ends, on this page's clock (milliseconds)
 * @property {number | null} ringMs how long it rings in all, where known
 * @property {number | null} connectedAt on this page's clock (milliseconds)
 * @property {number | null} peerBackBy until when an absent peer is waited for, on this page's clock
 * @property {RTCPeerConnectionState} media what the peer connection says of itself
 * @property {boolean} muted
 * @property {Bill | null} bill null until something was charged
 * @property {Ending | null} ending
 */

/**
 * What the reducer may know beside call and event.
 * @typedef {object} Scene
 * @property {number} now this page's clock, milliseconds
 * @property {number} clockOffset how far the server's clock is ahead of it, milliseconds
 */

/**
 * @param {Call | null} call
 * @param {import('./store.js').Event} event
 * @param {Scene} scene
 * @returns {Call | null}
 */
export function reduceCall(call, event, scene) {
  switch (event.type) {
    case 'page_call':
      return isLive(call) ? call : begin(event.callId, 'caller', event.peer, 'requesting');
    case 'page_call_dismissed':
      return isLive(call) ? call : null;
    case 'incoming_call':
      return ring(call, event, scene);
    case 'call_snapshot':
      return fromSnapshot(call, event, scene);
    default:
      break;
  }
  if (call === null || call.callId !== event.callId || call.phase === 'ended') return call;
  return advance(call, event, scene);
}

/**
 * @param {Call | null} call
 * @returns {call is Call} whether it still holds its two people
 */
export function isLive(call) {
  return call !== null && call.phase !== 'ended';
}

/**
 * @param {Call} call a live one
 * @param {import('./store.js').Event} event about this call
 * @param {Scene} scene
 * @returns {Call | null}
 */
function advance(call, event, scene) {
  switch (event.type) {
    case 'page_wish':
      return { ...call, wish: event.wish };
    case 'page_media':
      return { ...call, media: event.media };
    case 'page_mute':
      return { ...call, muted: event.muted };
    case 'page_call_failed':
      return end(call, 'failed', event);
    case 'page_call_left':
      return null;
    case 'call_request_ack':
      return event.outcome ? end(call, kindOf(event.outcome), event) : call;
    case 'call_ringing':
      return call.phase === 'requesting' ? { ...call, phase: 'ringing' } : call;
    case 'call_rejected':
      return end(call, 'refused', event);
    case 'call_cancelled':
      return end(call, 'cancelled', event);
    case 'call_reject_ack':
    case 'call_cancel_ack':
      // Nothing to tell to the one who chose it.
      return null;
    case 'call_accepted':
    case 'call_accept_ack':
    case 'signaling_start':
      return call.phase === 'connected' ? call : { ...settled(call), phase: 'connecting' };
    case 'call_connected':
      return { ...settled(call), phase: 'connected', connectedAt: call.connectedAt ?? scene.now };
    case 'call_peer_reconnecting':
      return { ...call, peerBackBy: local(event.deadline, scene) };
    case 'call_peer_back':
      return { ...call, peerBackBy: null };
    case 'call_tick':
      return { ...call, bill: billOf(event) };
    case 'call_end':
      return end(call, 'over', event);
    default:
      return call;
  }
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
 * @param {Call | null} call
 * @param {import('./store.js').Event} event `incoming_call`
 * @param {Scene} scene
 * @returns {Call | null}
 */
function ring(call, event, scene) {
  if (isLive(call) && call.phase !== 'incoming') return call;
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
 * @param {Call | null} call
 * @param {import('./store.js').Event} event `call_snapshot`
 * @param {Scene} scene
 * @returns {Call | null}
 */
function fromSnapshot(call, event, scene) {
  const live = event.call;
  if (live?.bound) return restored(call, live, scene);
  if (!isLive(call)) return call;
  if (live?.callId === call.callId) {
    return call.phase === 'incoming' && live.phase !== 'ringing' && live.phase !== 'requesting'
      ? end(call, 'cancelled', { reason: 'answered_elsewhere' })
      : call;
  }
  const over = event.recent?.find((/** @type {{callId: string}} */ { callId }) => callId === call.callId);
  if (over) return end(call, kindOf(over.outcome), over);
  return call.phase === 'requesting' ? call : end(call, 'failed', { reason: 'lost' });
}

/**
 * @param {Call | null} call
 * @param {any} live the snapshot's call; this device is the one that speaks in it
 * @param {Scene} scene
 * @returns {Call}
 */
function restored(call, live, scene) {
  const side = live.role === 'offerer' ? 'caller' : 'otomo';
  const peer = side === 'caller' ? live.otomo : live.caller;
  const same = isLive(call) && call.callId === live.callId;
  const base = same ? call : begin(live.callId, side, peer, live.phase);
  const connectedAt = live.connectedAt === undefined ? null : local(live.connectedAt, scene);
  return { ...settled(base), phase: live.phase, connectedAt: base.connectedAt ?? connectedAt, peerBackBy: null };
}

/**
 * @param {string} callId
 * @param {'caller' | 'otomo'} side
 * @param {Person} peer
 * @param {Phase} phase
 * @returns {Call}
 */
function begin(callId, side, peer, phase) {
  return {
    callId,
    side,
    peer,
    phase,
    wish: null,
    ringUntil: null,
    ringMs: null,
    connectedAt: null,
    peerBackBy: null,
    media: 'new',
    muted: false,
    bill: null,
    ending: null,
  };
}

/**
 * @param {import('./store.js').Event} tick `call_tick`
 * @returns {Bill}
 */
function billOf({ totalChargedPoints, userBalance, status }) {
  return { points: totalChargedPoints, balance: userBalance ?? null, low: status === 'low_balance' };
}

/**
 * @param {Call} call
 * @param {Ending['kind']} kind
 * @param {Record<string, any>} how an event's fields
 * @returns {Call}
 */
function end(call, kind, { reason = 'lost', durationSeconds = 0, totalChargedPoints = 0 }) {
  const spoke = call.phase === 'connected' || durationSeconds > 0;
  const ending = { kind, reason, durationSeconds: spoke ? durationSeconds : null, points: totalChargedPoints };
  return { ...call, phase: 'ended', wish: null, peerBackBy: null, ending };
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
 * @returns {number} the same moment on this page's clock, milliseconds
 */
function local(seconds, scene) {
  return seconds * 1000 - scene.clockOffset;
}
