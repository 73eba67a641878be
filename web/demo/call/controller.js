/**
 * Drives the page's call: what a person presses becomes commands, what the server says becomes voice.
 *
 * What is shown is decided by `state/call.js` alone; this file does what follows from it. A wish that the
 * server has not confirmed (to accept, to leave) stays in the call and is asked again after every return,
 * because each of these commands may be repeated without harm.
 */

import { isLive } from '../state/call.js';
import { tell } from '../teller.js';
import { Level } from './level.js';
import { Microphone } from './microphone.js';
import { Peer } from './peer.js';
import { INCOMING, OUTGOING } from './ringer.js';

/**
 * @typedef {import('../state/store.js').Event} Event
 * @typedef {import('../state/call.js').Call} Call
 * @typedef {import('../net/refused.js').Refused} Refused
 */

/** Refusals that say "not now, nothing was done". */
const NOT_NOW = new Set(['UNAVAILABLE', 'RATE_LIMITED']);

/** How long to wait before asking again where the server does not say, in milliseconds. */
const AGAIN_MS = 1_000;

export class CallController {
  #store;
  #connection;
  #ringer;
  #loudspeaker;
  #microphone = new Microphone();
  /** @type {Peer | null} */
  #peer = null;
  /** Signals that came while the microphone was still being opened. @type {Event[]} */
  #early = [];
  /** As the server last told them. @type {RTCIceServer[]} */
  #iceServers = [];
  /** @type {{own: Level | null, peer: Level | null}} */
  #levels = { own: null, peer: null };
  /** Whether the browser asks for the microphone right now, before a call is placed. */
  #placing = false;

  /**
   * @param {object} parts
   * @param {import('../state/store.js').Store} parts.store
   * @param {import('../net/connection.js').Connection} parts.connection
   * @param {import('./ringer.js').Ringer} parts.ringer
   * @param {HTMLAudioElement} parts.loudspeaker
   */
  constructor({ store, connection, ringer, loudspeaker }) {
    this.#store = store;
    this.#connection = connection;
    this.#ringer = ringer;
    this.#loudspeaker = loudspeaker;
  }

  /** The peer connection of the call, if there is one. */
  get peer() {
    return this.#peer;
  }

  /** How loud both voices are right now, each from 0 to 1. */
  loudness() {
    return { own: this.#levels.own?.read() ?? 0, peer: this.#levels.peer?.read() ?? 0 };
  }

  /**
   * Calls somebody. The microphone comes first: nobody is rung by a page that cannot speak.
   * @param {import('../state/call.js').Person} person
   */
  async place(person) {
    if (this.#placing || isLive(this.#store.state.call)) return;
    this.#placing = true;
    const ready = await this.#openMicrophone();
    this.#placing = false;
    if (!ready) return;
    this.#store.dispatch({ type: 'page_call', callId: crypto.randomUUID(), peer: person });
    await this.#request();
  }

  /** Answers the ring, once there is a microphone to answer with. */
  async accept() {
    this.#tell('page_wish', { wish: 'accept' });
    if (!(await this.#openMicrophone())) {
      this.#tell('page_wish', { wish: null });
    } else if (this.#store.state.call?.wish === 'accept') {
      await this.#ask('call_accept');
    }
  }

  /** Leaves, whatever phase the call is in. The voice stops at once, whatever the link does. */
  async leave() {
    this.#tell('page_wish', { wish: 'leave' });
    this.#silence();
    await this.#askToLeave();
  }

  /** @param {boolean} muted */
  async mute(muted) {
    await this.#microphone.mute(muted);
    this.#tell('page_mute', { muted });
  }

  /** Plays the voice that the browser held back until a touch. */
  async playVoice() {
    await this.#loudspeaker.play();
    this.#store.dispatch({ type: 'page_sound', blocked: false });
  }

  /**
   * Does what follows from an event that the store has just taken.
   * @param {import('../state/store.js').State} state
   * @param {Event} event
   */
  follow({ call }, event) {
    this.#ringer.play(melodyOf(call));
    if (event.type === 'call_snapshot') this.#iceServers = event.call?.iceServers ?? this.#iceServers;
    if (!isLive(call)) {
      if (!this.#placing) this.#silence();
    } else if (event.type === 'ready') {
      this.#resume(call);
    } else if (event.callId === call.callId && call.wish !== 'leave') {
      this.#followOwn(call, event);
    }
  }

  /**
   * @param {Call} call
   * @param {Event} event about it
   */
  #followOwn({ callId, phase }, event) {
    switch (event.type) {
      case 'incoming_call':
        this.#connection.send('call_ringing', { callId });
        break;
      case 'signaling_start':
        this.#iceServers = event.iceServers;
        this.#speak();
        break;
      case 'webrtc_offer':
      case 'webrtc_answer':
      case 'ice_candidate':
        if (this.#peer === null) this.#early.push(event);
        else this.#peer.receive(event);
        break;
      case 'call_peer_back':
        this.#peer?.restart();
        break;
      case 'page_media':
        // Our own connection's word is what the server counts the call as connected by.
        if (event.media === 'connected' && phase === 'connecting') this.#connection.send('call_connected', { callId });
        break;
      default:
        break;
    }
  }

  /**
   * The link is back: ask again what was not confirmed, and find a new path for the voice.
   * @param {Call} call
   */
  #resume({ callId, phase, wish }) {
    if (wish === 'leave') {
      this.#askToLeave();
    } else if (phase === 'requesting') {
      this.#request();
    } else if (phase === 'incoming') {
      this.#connection.send('call_ringing', { callId });
      if (wish === 'accept') this.accept();
    } else if (phase === 'connecting' || phase === 'connected') {
      this.#takeUp(callId, phase);
    }
  }

  /**
   * @param {string} callId
   * @param {Call['phase']} phase
   */
  #takeUp(callId, phase) {
    if (this.#peer === null) {
      this.#speak();
      return;
    }
    if (this.#peer.state === 'connected' && phase === 'connecting') this.#connection.send('call_connected', { callId });
    this.#peer.restart();
  }

  /** Builds the way for the voice. After a reload the microphone has to be opened again. */
  async #speak() {
    const call = this.#store.state.call;
    if (!isLive(call)) return;
    if (!(await this.#openMicrophone())) return this.leave();
    // Whatever happened while the browser asked: only the same call, still wanted, is worth a voice.
    const now = this.#store.state.call;
    if (!isLive(now) || now.callId !== call.callId || now.wish === 'leave') return this.#silence();
    const voice = await this.#microphone.open();
    this.#peer?.close();
    this.#peer = new Peer({
      role: call.side === 'caller' ? 'offerer' : 'answerer',
      iceServers: this.#iceServers,
      voice,
      send: (type, fields) => this.#connection.send(type, { callId: call.callId, ...fields }),
      onState: (media) => this.#tell('page_media', { media }),
      onVoice: (stream) => this.#hear(stream),
    });
    this.#measure('own', voice);
    this.#peer.start();
    for (const signal of this.#early.splice(0)) this.#peer.receive(signal);
  }

  /** @param {MediaStream} stream */
  async #hear(stream) {
    this.#loudspeaker.srcObject = stream;
    this.#measure('peer', stream);
    try {
      await this.#loudspeaker.play();
    } catch (error) {
      // `AbortError` only means that a newer stream took this one's place.
      const blocked = /** @type {Error} */ (error).name === 'NotAllowedError';
      this.#store.dispatch({ type: 'page_sound', blocked });
    }
  }

  /**
   * @param {'own' | 'peer'} whose
   * @param {MediaStream | null} stream
   */
  #measure(whose, stream) {
    this.#levels[whose]?.close();
    this.#levels[whose] = stream === null ? null : new Level(stream);
  }

  /** Ends all sound of the call and lets go of the microphone. */
  #silence() {
    if (this.#peer === null && !this.#microphone.held) return;
    this.#peer?.close();
    this.#peer = null;
    this.#early = [];
    this.#loudspeaker.srcObject = null;
    this.#measure('own', null);
    this.#measure('peer', null);
    this.#microphone.close();
    if (this.#store.state.soundBlocked) this.#store.dispatch({ type: 'page_sound', blocked: false });
  }

  async #request() {
    await this.#ask('call_request', { toUserId: this.#store.state.call?.peer.userId });
  }

  async #askToLeave() {
    const call = this.#store.state.call;
    if (isLive(call)) await this.#ask(leaving(call));
  }

  /**
   * Asks something about our call. A lost link is no failure: `#resume` asks again.
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   */
  async #ask(type, fields = {}) {
    const callId = this.#store.state.call?.callId;
    try {
      await this.#connection.request(type, { callId, ...fields });
    } catch (error) {
      this.#refused(/** @type {Refused} */ (error), callId);
    }
  }

  /**
   * @param {Refused} refusal
   * @param {string | undefined} callId
   */
  #refused({ code, context }, callId) {
    const call = this.#store.state.call;
    if (code === 'DISCONNECTED' || !isLive(call) || call.callId !== callId) return;
    if (call.wish === 'leave') {
      if (NOT_NOW.has(code)) setTimeout(() => this.#askToLeave(), context.retryAfterMs ?? AGAIN_MS);
      else this.#tell('page_call_left');
    } else if (call.wish === 'accept' && NOT_NOW.has(code)) {
      this.#tell('page_wish', { wish: null });
      this.#notice('notice.notNow');
    } else {
      this.#tell('page_call_failed', { reason: code });
    }
  }

  /** @returns {Promise<boolean>} whether there is one; if not, its person was told */
  async #openMicrophone() {
    try {
      await this.#microphone.open();
      return true;
    } catch (error) {
      console.warn('no microphone:', error);
      this.#notice('notice.microphone');
      return false;
    }
  }

  /** @param {string} key */
  #notice(key) {
    tell(this.#store, { key });
  }

  /**
   * @param {string} type
   * @param {Record<string, unknown>} [fields]
   */
  #tell(type, fields = {}) {
    this.#store.dispatch({ type, callId: this.#store.state.call?.callId, ...fields });
  }
}

/**
 * @param {Call} call
 * @returns {string} the command by which one leaves it
 */
function leaving({ side, phase }) {
  if (phase === 'connecting' || phase === 'connected') return 'call_end_request';
  return side === 'caller' ? 'call_cancel' : 'call_reject';
}

/**
 * @param {Call | null} call
 * @returns {import('./ringer.js').Melody | null}
 */
function melodyOf(call) {
  if (call === null || call.wish !== null) return null;
  if (call.phase === 'incoming') return INCOMING;
  return call.phase === 'ringing' ? OUTGOING : null;
}
