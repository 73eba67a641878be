/**
 * The calls of this client, one at a time: what a person asks for, and what the server says.
 *
 * What is shown is decided by `state.js` alone; what follows from it is done by the one `LiveCall` that there is. Commands
 * are repeated over breaks by the connection (all of them may be said twice), so a tunnel costs neither an answer nor a
 * goodbye.
 */

import { OtomoError } from '../errors.js';
import { newId } from '../id.js';
import { createStore, readOnly } from '../store.js';
import { Goodbyes } from './goodbyes.js';
import { LiveCall } from './live_call.js';
import { captureVoice, defaultCapture } from './microphone.js';
import { keepMuted, mutedCall } from './muted.js';
import { isLive, NO_CALL, reduceAct, reduceCall } from './state.js';

/**
 * @typedef {import('./state.js').Call} Call
 * @typedef {import('./state.js').Act} Act
 * @typedef {import('./state.js').Person} Person
 * @typedef {import('./voice.js').CallOptions} CallOptions
 * @typedef {string | {userId: string, name?: string | null, avatar?: string | null}} Whom
 */

export class Calls {
  #parts;
  /** Whether the app speaks by itself: nothing is shown, done, or asked of the server here. */
  #off;
  #options;
  #goodbyes;
  /** Opens the microphone. @type {import('./microphone.js').Capture} */
  #capture;
  /** How often a microphone was chosen. */
  #choices = 0;
  /** Which of the choices opens it. */
  #chosen = 0;
  #call = createStore(/** @type {Call} */ (NO_CALL));
  /** The call that the store shows, while it lives. @type {LiveCall | null} */
  #live = null;

  /** The call, for views. */
  store = readOnly(this.#call);

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {(type: any, fields: any, options?: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
   * @param {(type: any, fields: any) => boolean} parts.send
   * @param {() => number} parts.clockOffset milliseconds
   * @param {() => number} parts.graceMs how long the server waits for somebody whose connection broke, in milliseconds
   * @param {(userId: string) => Person | undefined} parts.personOf whom the list of otomo knows
   * @param {import('../link/position.js').KeyValue | null} parts.storage
   * @param {(what: string, detail: unknown) => void} parts.log
   * @param {CallOptions | false} given
   */
  constructor(parts, given) {
    const options = given || {};
    this.#off = given === false;
    this.#parts = parts;
    this.#options = options;
    this.#capture = defaultCapture(options);
    this.#goodbyes = new Goodbyes(parts);
  }

  /** Whether a call is going on, or about to. */
  get live() {
    return isLive(this.#call.get());
  }

  /** The other side's voice, for an `<audio>` element's `srcObject`; also in the store. @returns {MediaStream | null} */
  get remoteStream() {
    return this.#call.get().remoteStream;
  }

  /**
   * The peer connection, for what is beyond a voice; null without one. It is another one when the other side's page was
   * loaded anew; tracks that were added to it go on.
   *
   * @returns {RTCPeerConnection | null}
   */
  get connection() {
    return this.#live?.voice.connection ?? null;
  }

  /**
   * Calls somebody. The microphone comes first (`asking`): nobody is rung by a client that cannot speak.
   *
   * @param {Whom} whom
   * @returns {Promise<string>} the call's id, once the server has taken it; whether the otomo answers is told by the store
   * @throws {OtomoError} `MICROPHONE`, `CALLER_BUSY`, `OTOMO_NOT_FOUND`, `INSUFFICIENT_POINTS`, `RATE_LIMITED`, ...;
   *   `ABORTED` where its person has left meanwhile, or somebody else's ring has come before the microphone
   */
  async place(whom) {
    if (this.#off) throw new OtomoError('INVALID_CALL_STATE', 'the option `calls` is false: the app calls by itself');
    if (this.live) throw new OtomoError('CALLER_BUSY', 'there is a call already');
    const [callId, peer] = [newId(), this.#person(whom)];
    const live = this.#begin(callId);
    this.#show(reduceAct(this.#call.get(), { act: 'ask', callId, peer }), live);
    return live.place(peer.userId);
  }

  /**
   * Answers the ring, once there is a microphone to answer with.
   * @throws {OtomoError} `MICROPHONE` and refusals that pass: it still rings; others: it is over
   */
  async accept() {
    const { phase } = this.#call.get();
    if (phase !== 'incoming') throw new OtomoError('INVALID_CALL_STATE', `nothing rings: ${phase}`);
    await this.#live?.accept();
  }

  /**
   * Declines the ring.
   * @param {'busy' | 'manual_decline' | 'away' | 'timeout'} [reason]
   */
  async reject(reason = 'manual_decline') {
    if (this.#call.get().phase === 'incoming') await this.#live?.hangUp({ reason });
  }

  /**
   * Leaves, whatever phase the call is in. The voice stops at once, and it is over here in 2 s at most, whatever the link
   * does: the goodbye goes on unseen until the server has heard it.
   *
   * @returns {Promise<void>} once it is over, or the server has heard it
   */
  async end() {
    await this.#live?.hangUp();
  }

  /**
   * Mutes the call that is there. It stays muted over a reload; the next call is not.
   * @param {boolean} muted whether the other side hears nothing
   */
  async mute(muted) {
    this.#act({ act: 'mute', muted });
  }

  /**
   * Speaks through another microphone, also in the middle of a call.
   *
   * @param {string | MediaStream} [source] a device (`deviceId` of `enumerateDevices`), for this call and the next ones; a stream,
   *   for this call alone, with which its tracks are stopped; nothing for the one of the options, opened again
   * @throws {OtomoError} `MICROPHONE`: the one before stays; `INVALID_CALL_STATE`: a stream without a call
   */
  async useMicrophone(source) {
    if (typeof source === 'object') {
      if (this.#live === null) throw new OtomoError('INVALID_CALL_STATE', 'a stream is for a call that is there');
      await this.#live.voice.use(async () => source);
      return;
    }
    const capture = source === undefined ? defaultCapture(this.#options) : () => captureVoice(source);
    const choice = (this.#choices += 1);
    await this.#live?.voice.use(capture);
    // One that was chosen later may have been there first.
    if (choice < this.#chosen) return;
    this.#capture = capture;
    this.#chosen = choice;
  }

  /** Puts an ended call out of view. */
  dismiss() {
    this.#act({ act: 'dismiss' });
  }

  /** How loud the other side is right now, from 0 to 1. */
  loudness() {
    return this.#live?.voice.loudness() ?? 0;
  }

  /** @returns {Promise<{sent: number, received: number}>} bytes of sound that went each way over the connection that is there now */
  async bytes() {
    return (await this.#live?.voice.bytes()) ?? { sent: 0, received: 0 };
  }

  /** @returns {Promise<import('./stats.js').Quality | null>} how good the connection is, since it was asked before; null without a call */
  async quality() {
    return (await this.#live?.voice.quality()) ?? null;
  }

  /** The client starts: what was hung up before, and nobody has heard, is said first. */
  start() {
    if (!this.#off) this.#goodbyes.resume();
  }

  /** The client says goodbye: its call first. */
  stop() {
    this.#live?.abandon();
  }

  /** The link is gone, and comes back. */
  cutOff() {
    this.#live?.cutOff();
  }

  /** @param {any} event of the server */
  take(event) {
    if (this.#off) return;
    if (event.type === 'connected') this.#goodbyes.of(event.userId);
    const joined = this.#goodbyes.joinedCall(event);
    if (joined !== null) this.#goodbyes.say('call_end_request', joined);
    const call = reduceCall(this.#call.get(), event, this.#scene());
    // A request that has joined the other side's call goes on as that one.
    if (event.joinedCallId !== undefined && call.callId === event.joinedCallId) this.#live?.joined(event.joinedCallId);
    this.#show(call);
    this.#live?.follow(event);
  }

  /** @returns {import('./state.js').Scene} */
  #scene() {
    return {
      now: this.#parts.clock.now(),
      clockOffset: this.#parts.clockOffset(),
      left: (callId) => this.#goodbyes.waitsFor(callId),
      wasMuted: (callId) => mutedCall(this.#parts.storage) === callId,
    };
  }

  /** What this client does itself. @param {Act} act */
  #act(act) {
    this.#show(reduceAct(this.#call.get(), act));
  }

  /**
   * @param {Call} call
   * @param {LiveCall} [begun] which was begun for it
   */
  #show(call, begun) {
    const before = this.#call.get();
    if (call === before) return;
    const old = this.#live;
    this.#live = isLive(call) && call.callId !== null ? this.#liveOf(call.callId, begun) : null;
    if (old !== this.#live) old?.close();
    const muted = this.#live !== null && call.muted;
    this.#live?.voice.mute(muted);
    if (muted !== before.muted || call.callId !== before.callId) keepMuted(this.#parts.storage, muted ? call.callId : null);
    this.#call.set(call);
  }

  /**
   * @param {string} callId
   * @param {LiveCall} [begun]
   */
  #liveOf(callId, begun) {
    return this.#live?.callId === callId ? this.#live : (begun ?? this.#begin(callId));
  }

  /** @param {string} callId */
  #begin(callId) {
    /** @type {LiveCall} */
    const live = new LiveCall(callId, {
      ...this.#parts,
      goodbyes: this.#goodbyes,
      capture: this.#capture,
      options: this.#options,
      shown: () => this.#call.get(),
      show: (act) => {
        if (this.#live === live) this.#act(act);
      },
    });
    return live;
  }

  /** @param {Whom} whom @returns {Person} */
  #person(whom) {
    const { userId, name, avatar } = typeof whom === 'string' ? { userId: whom } : whom;
    const known = this.#parts.personOf(userId);
    return { userId, name: name ?? known?.name ?? null, avatar: avatar ?? known?.avatar ?? null };
  }
}
