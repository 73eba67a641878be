/**
 * Drives the call of this client: what a person asks for becomes commands, what the server says becomes voice.
 *
 * What is shown is decided by `state.js` alone; this file does what follows from it. Commands are repeated over
 * breaks by the connection (all of them may be said twice), so a tunnel costs neither an answer nor a goodbye.
 */

import { OtomoError } from '../errors.js';
import { newId } from '../id.js';
import { createStore, readOnly } from '../store.js';
import { isAnswered, isLive, NO_CALL, reduceAct, reduceCall } from './state.js';
import { Voice } from './voice.js';

/**
 * @typedef {import('./state.js').Call} Call
 * @typedef {import('./state.js').Act} Act
 * @typedef {import('./state.js').Person} Person
 * @typedef {import('./voice.js').CallOptions} CallOptions
 * @typedef {string | {userId: string, name?: string | null, avatar?: string | null}} Whom
 */

/** How long a goodbye is repeated, in milliseconds: after that the server has missed us for long. */
const LEAVING_MS = 60_000;

/** How long `call_end` may take after the goodbye was acknowledged, in milliseconds. */
const ENDED_MS = 2_000;

/** Refusals that say "not now, nothing was done": a ring may be answered once more. */
const NOT_NOW = new Set(['MICROPHONE', 'UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT']);

export class Calls {
  #parts;
  #voice;
  #call = createStore(/** @type {Call} */ (NO_CALL));
  /** Gives up the request of a call that its caller has left. */
  #giveUp = new AbortController();
  /** Whether the browser asks for the microphone right now, before a call is placed. */
  #placing = false;

  /** The call, for views. */
  store = readOnly(this.#call);

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {(type: any, fields: any, options?: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
   * @param {(type: any, fields: any) => boolean} parts.send
   * @param {() => number} parts.clockOffset milliseconds
   * @param {(userId: string) => Person | undefined} parts.personOf whom the list of otomo knows
   * @param {(what: string, detail: unknown) => void} parts.log
   * @param {CallOptions} options
   */
  constructor(parts, options) {
    this.#parts = parts;
    const { clock, send, log } = parts;
    this.#voice = new Voice({ clock, send, log, onAct: (callId, act) => this.#do(callId, act) }, options);
  }

  /** Whether a call is going on, or about to. */
  get live() {
    return this.#placing || isLive(this.#call.get());
  }

  /** The other side's voice, for an `<audio>` element's `srcObject`; also in the store. @returns {MediaStream | null} */
  get remoteStream() {
    return this.#call.get().remoteStream;
  }

  /** The peer connection, for what is beyond a voice; null without one. @returns {RTCPeerConnection | null} */
  get connection() {
    return this.#voice.connection;
  }

  /**
   * Calls somebody. The microphone comes first: nobody is rung by a client that cannot speak.
   *
   * @param {Whom} whom
   * @returns {Promise<string>} the call's id, once the server has taken it; whether the otomo answers is told by the store
   * @throws {OtomoError} `MICROPHONE`, `CALLER_BUSY`, `OTOMO_NOT_FOUND`, `INSUFFICIENT_POINTS`, `RATE_LIMITED`, ...;
   *   `ABORTED` where its person has left meanwhile
   */
  async place(whom) {
    this.#refuseSecond();
    this.#placing = true;
    try {
      await this.#voice.open();
    } finally {
      this.#placing = false;
    }
    // Somebody may have called meanwhile.
    this.#refuseSecond();
    const [callId, peer] = [newId(), this.#person(whom)];
    this.#giveUp = new AbortController();
    this.#do(callId, { act: 'place', peer });
    try {
      await this.#parts.request('call_request', { toUserId: peer.userId, callId }, { signal: this.#giveUp.signal });
    } catch (error) {
      // A request without an answer may still ring: nobody waits for it here.
      if (codeOf(error) === 'TIMEOUT') this.#leaveUnseen('call_cancel', callId);
      this.#failed(callId, error);
      throw error;
    }
    return callId;
  }

  /**
   * Answers the ring, once there is a microphone to answer with.
   * @throws {OtomoError} `MICROPHONE` and passing refusals: it still rings; others: it is over
   */
  async accept() {
    const { callId, phase } = this.#call.get();
    if (phase !== 'incoming') throw new OtomoError('INVALID_CALL_STATE', `nothing rings: ${phase}`);
    this.#do(callId, { act: 'wish', wish: 'accept' });
    try {
      await this.#voice.open();
      if (!this.#is(callId, 'accept')) throw new OtomoError('CALL_ALREADY_ENDED', 'it rings no more');
      await this.#parts.request('call_accept', { callId });
    } catch (error) {
      if (NOT_NOW.has(codeOf(error))) this.#do(callId, { act: 'wish', wish: null });
      else this.#failed(callId, error);
      throw error;
    }
  }

  /**
   * Declines the ring.
   * @param {'busy' | 'manual_decline' | 'away' | 'timeout'} [reason]
   */
  async reject(reason = 'manual_decline') {
    if (this.#call.get().phase === 'incoming') await this.#leave('call_reject', { reason });
  }

  /** Leaves, whatever phase the call is in. The voice stops at once, whatever the link does. */
  async end() {
    const call = this.#call.get();
    if (isLive(call)) await this.#leave(leaving(call));
  }

  /** @param {boolean} muted whether the other side hears nothing */
  async mute(muted) {
    this.#doNow({ act: 'mute', muted });
    await this.#voice.mute(muted);
  }

  /** Puts an ended call out of view. */
  dismiss() {
    this.#doNow({ act: 'dismiss' });
  }

  /** How loud the other side is right now, from 0 to 1. */
  loudness() {
    return this.#voice.loudness();
  }

  /** @returns {Promise<{sent: number, received: number}>} bytes of sound that went each way over the connection that is there now */
  bytes() {
    return this.#voice.bytes();
  }

  /** The client says goodbye: its call first. */
  stop() {
    const call = this.#call.get();
    this.#giveUp.abort();
    if (!isLive(call)) return;
    this.#parts.send(leaving(call), { callId: call.callId });
    this.#doNow({ act: 'leave' });
  }

  /** @param {any} event of the server */
  take(event) {
    const scene = { now: this.#parts.clock.now(), clockOffset: this.#parts.clockOffset() };
    const call = this.#show(reduceCall(this.#call.get(), event, scene));
    if (event.type === 'call_snapshot') this.#voice.iceServers = event.call?.iceServers ?? this.#voice.iceServers;
    if (!isLive(call)) return;
    if (event.type === 'ready') this.#resume(call);
    else if (event.callId === call.callId && call.wish !== 'leave') this.#follow(call, event);
  }

  /**
   * What this client does itself.
   * @param {string | null} callId of a call that may be over by now; null for none
   * @param {Act} act
   */
  #do(callId, act) {
    if (callId === null) return;
    const call = this.#show(reduceAct(this.#call.get(), callId, act));
    if (act.act === 'media' && this.#goesOn(callId)) this.#report(call);
  }

  /** The same, of the call that is there now. @param {Act} act */
  #doNow(act) {
    this.#do(this.#call.get().callId, act);
  }

  /** @param {Call} call @returns {Call} */
  #show(call) {
    const before = this.#call.get();
    this.#call.set(call);
    if (!this.#placing && isLive(before) && !isLive(call)) this.#voice.silence();
    return call;
  }

  /**
   * @param {Call} call
   * @param {any} event about it
   */
  #follow(call, event) {
    switch (event.type) {
      case 'incoming_call':
        this.#parts.send('call_ringing', { callId: call.callId });
        break;
      case 'signaling_start':
        this.#voice.iceServers = event.iceServers;
        this.#speak(call, event.role);
        break;
      case 'webrtc_offer':
      case 'webrtc_answer':
      case 'ice_candidate':
        this.#voice.receive(event);
        break;
      case 'call_peer_back':
        this.#voice.restart();
        break;
      default:
        break;
    }
  }

  /**
   * The link is back. What was asked is asked again by itself; what was only said is said again, and the voice finds
   * a new path.
   *
   * @param {Call} call
   */
  #resume(call) {
    const { callId, phase, wish, side } = call;
    if (wish === 'leave') return;
    if (phase === 'incoming') this.#parts.send('call_ringing', { callId });
    if (!isAnswered(call)) return;
    if (this.#voice.state === null) {
      this.#speak(call, side === 'caller' ? 'offerer' : 'answerer');
      return;
    }
    this.#report(call);
    this.#voice.restart();
  }

  /** Our own connection's word is what the server counts the call as connected by. @param {Call} call */
  #report({ callId, phase }) {
    if (this.#voice.state === 'connected' && phase === 'connecting') this.#parts.send('call_connected', { callId });
  }

  /**
   * @param {Call} call
   * @param {'offerer' | 'answerer'} role
   */
  async #speak(call, role) {
    const { callId } = call;
    if (callId === null) return;
    try {
      await this.#voice.speak({ callId, role, wanted: () => this.#goesOn(callId) });
    } catch (error) {
      this.#parts.log('no voice', error);
      if (!this.#goesOn(callId)) return;
      this.#do(callId, { act: 'fail', reason: codeOf(error) });
      this.#leaveUnseen(leaving(call), callId);
    }
  }

  /**
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   */
  async #leave(type, fields = {}) {
    const { callId } = this.#call.get();
    this.#doNow({ act: 'wish', wish: 'leave' });
    this.#voice.silence();
    this.#doNow({ act: 'stream', stream: null });
    // A request that may not have gone out must not go out any more.
    this.#giveUp.abort();
    try {
      await this.#parts.request(type, { callId, ...fields }, { timeoutMs: LEAVING_MS });
    } catch (error) {
      // It is over for its person, whatever the server says: ended already, or not known at all.
      this.#parts.log(type, error);
    }
    const left = () => this.#do(callId, { act: 'leave' });
    // The end of an answered call tells how long it was: it has come, or comes in a moment.
    if (type === 'call_end_request') this.#parts.clock.after(ENDED_MS, left);
    else left();
  }

  /**
   * Tells the server, for a call that is over here.
   * @param {string} type
   * @param {string} callId
   */
  async #leaveUnseen(type, callId) {
    await this.#parts.request(type, { callId }, { timeoutMs: LEAVING_MS }).catch((error) => {
      this.#parts.log(type, error);
    });
  }

  /**
   * @param {string | null} callId
   * @param {unknown} error
   */
  #failed(callId, error) {
    // Its person has left meanwhile: what they asked for before does not matter any more.
    if (!this.#is(callId, 'leave')) this.#do(callId, { act: 'fail', reason: codeOf(error) });
  }

  /** @param {string | null} callId */
  #goesOn(callId) {
    const call = this.#call.get();
    return isLive(call) && call.callId === callId && call.wish !== 'leave';
  }

  /**
   * @param {string | null} callId
   * @param {Call['wish']} wish
   */
  #is(callId, wish) {
    const call = this.#call.get();
    return isLive(call) && call.callId === callId && call.wish === wish;
  }

  #refuseSecond() {
    if (this.live) throw new OtomoError('CALLER_BUSY', 'there is a call already');
  }

  /** @param {Whom} whom @returns {Person} */
  #person(whom) {
    const { userId, name, avatar } = typeof whom === 'string' ? { userId: whom } : whom;
    const known = this.#parts.personOf(userId);
    return { userId, name: name ?? known?.name ?? null, avatar: avatar ?? known?.avatar ?? null };
  }
}

/**
 * @param {Call} call
 * @returns {string} the command by which one leaves it
 */
function leaving(call) {
  if (isAnswered(call)) return 'call_end_request';
  return call.side === 'caller' ? 'call_cancel' : 'call_reject';
}

/** @param {unknown} error @returns {string} */
function codeOf(error) {
  return error instanceof OtomoError ? error.code : 'INTERNAL_ERROR';
}
