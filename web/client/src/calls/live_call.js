/**
 * One call while it lives: its voice, what was asked of the server for it, and how it is left.
 *
 * What belongs to a call ends with it. So nothing of one call can reach the next: neither a signal, nor a microphone that
 * the browser grants too late, nor an answer that nobody waits for any more.
 */

import { isPassing, isUnsure, OtomoError } from '../errors.js';
import { Lifelines } from './lifelines.js';
import { isAnswered } from './state.js';
import { Voice } from './voice.js';

/** How long one who hangs up waits to hear how it ended, in milliseconds. The goodbye itself goes on unseen. */
export const PARTING_MS = 2_000;

/**
 * @typedef {import('./state.js').Call} Call
 * @typedef {import('./state.js').Act} Act
 *
 * @typedef {object} Parts
 * @property {import('../clock.js').Clock} clock
 * @property {(type: any, fields: any, options?: import('../link/requests.js').RequestOptions) => Promise<any>} request
 * @property {(type: any, fields: any) => boolean} send
 * @property {(what: string, detail: unknown) => void} log
 * @property {import('./goodbyes.js').Goodbyes} goodbyes
 * @property {(act: Act) => void} show changes what is shown of this call; nothing once it is over
 * @property {() => Call} shown what is shown of it
 * @property {() => number} graceMs how long the server waits for somebody whose connection broke, in milliseconds
 * @property {import('./microphone.js').Capture} capture
 * @property {import('./voice.js').CallOptions} options
 */

export class LiveCall {
  #parts;
  /** Takes back a request that may not have gone out. */
  #abort = new AbortController();
  #over = false;
  /** The goodbye, once its person has left. @type {Promise<void> | null} */
  #parting = null;
  #cancelParting = () => {};

  #callId;
  #lifelines;
  /** @type {Voice} */
  voice;

  /**
   * @param {string} callId
   * @param {Parts} parts
   */
  constructor(callId, parts) {
    this.#callId = callId;
    this.#parts = parts;
    const { clock, log, graceMs, capture, options } = parts;
    this.#lifelines = new Lifelines({ clock, graceMs, lost: (at) => this.#show({ act: 'lost', at }) });
    this.voice = new Voice({
      clock,
      log,
      capture,
      options,
      send: (type, fields) => this.#send(type, fields),
      show: (act) => this.#show(act),
    });
  }

  get callId() {
    return this.#callId;
  }

  /** The other side had called, too: this request counts as the answer to theirs. @param {string} callId their call */
  joined(callId) {
    this.#callId = callId;
  }

  /**
   * Rings somebody, once there is a microphone to speak with.
   *
   * @param {string} toUserId
   * @returns {Promise<string>} the call's id
   * @throws {OtomoError}
   */
  async place(toUserId) {
    try {
      await this.voice.open();
    } catch (error) {
      // Nobody was rung: there is nothing to tell but the error.
      this.#show({ act: 'drop' });
      throw error;
    }
    const callId = this.#callId;
    const { request, goodbyes } = this.#parts;
    this.#show({ act: 'request' });
    try {
      await request('call_request', { toUserId, callId }, { signal: this.#abort.signal });
    } catch (error) {
      // It may ring all the same: nobody waits for it here.
      if (isUnsure(error)) goodbyes.say('call_cancel', callId);
      this.#show({ act: 'fail', reason: codeOf(error) });
      throw error;
    }
    return this.#callId;
  }

  /**
   * Answers the ring, once there is a microphone to answer with.
   * @throws {OtomoError}
   */
  async accept() {
    const callId = this.#callId;
    this.#show({ act: 'wish', wish: 'accept' });
    try {
      await this.voice.open();
      await this.#parts.request('call_accept', { callId }, { signal: this.#abort.signal });
    } catch (error) {
      if (codeOf(error) === 'ABORTED') throw new OtomoError('CALL_ALREADY_ENDED', 'it rings no more', {}, error);
      if (mayAnswerAgain(error)) this.#show({ act: 'wish', wish: null });
      else this.#show({ act: 'fail', reason: codeOf(error) });
      throw error;
    }
  }

  /**
   * Its person hangs up: silent at once, over in a moment, whatever the link does.
   *
   * @param {{reason?: string}} [why] for who has rung
   * @returns {Promise<void>} once it is over here, or the server has heard it
   */
  hangUp(why) {
    this.#parting ??= this.#part(this.#parts.shown(), why);
    return this.#parting;
  }

  /**
   * @param {Call} call
   * @param {{reason?: string}} [why]
   */
  async #part(call, why) {
    const { clock, goodbyes } = this.#parts;
    this.#show({ act: 'wish', wish: 'leave' });
    this.voice.close();
    this.#abort.abort();
    const finish = () => this.#show({ act: 'finish', now: clock.now() });
    if (call.phase === 'asking') {
      finish();
      return;
    }
    const passed = this.#wait(PARTING_MS);
    const command = leaving(call);
    const told = goodbyes.say(command, this.#callId, command === 'call_reject' ? why : {});
    // The end of an answered call tells how long it was: it has come, or comes in a moment.
    if (isAnswered(call)) passed.then(finish);
    await Promise.race([told, passed]);
    if (!isAnswered(call)) finish();
  }

  /** @param {number} ms @returns {Promise<void>} passed, or over */
  #wait(ms) {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, resolve);
      this.#cancelParting = () => {
        cancel();
        resolve();
      };
    });
  }

  /** The client stops: what is said now is the last, and nobody answers to it. So the next start says it once more. */
  abandon() {
    const call = this.#parts.shown();
    if (call.phase !== 'asking') {
      this.#send(leaving(call));
      // One that its person has left is kept already, with the reason for it.
      if (this.#parting === null) this.#parts.goodbyes.keep(leaving(call), this.#callId);
    }
    this.#abort.abort();
    this.#show({ act: 'drop' });
  }

  /** It is over, whoever ended it. */
  close() {
    this.#over = true;
    this.#cancelParting();
    this.#lifelines.close();
    this.voice.close();
  }

  /** The link is gone, and comes back. */
  cutOff() {
    this.#lifelines.serverIs(false);
  }

  /** @param {any} event of the server, about this call or the link */
  follow(event) {
    if (event.type === 'call_snapshot') this.#lifelines.serverIs(true);
    const call = this.#parts.shown();
    if (call.wish === 'leave') return;
    if (event.type === 'ready') this.#resume(call);
    else if (event.type === 'call_snapshot') this.#takeServers(event.call);
    else if (event.callId === this.#callId) this.#take(event);
  }

  /** @param {any} event about this call */
  #take(event) {
    switch (event.type) {
      case 'incoming_call':
        this.#send('call_ringing');
        break;
      case 'signaling_start':
        this.#takeServers(event);
        this.#speak(event.role);
        break;
      case 'webrtc_offer':
      case 'webrtc_answer':
      case 'ice_candidate':
        this.voice.receive(event);
        break;
      case 'call_peer_back':
        this.voice.restart();
        break;
      default:
        break;
    }
  }

  /** @param {any} call as the server tells of it */
  #takeServers(call) {
    if (call?.callId === this.#callId && call.iceServers !== undefined) this.voice.iceServers = call.iceServers;
  }

  /**
   * The link is back. What was asked is asked again by itself; what was only said is said again, and the voice finds
   * a new path.
   *
   * @param {Call} call
   */
  #resume(call) {
    if (call.phase === 'incoming') this.#send('call_ringing');
    if (!isAnswered(call)) return;
    if (this.voice.state === null) {
      this.#speak(call.side === 'caller' ? 'offerer' : 'answerer');
      return;
    }
    this.#report();
    this.voice.restart();
  }

  /** @param {'offerer' | 'answerer'} role */
  async #speak(role) {
    try {
      await this.voice.speak(role);
    } catch (error) {
      if (this.#over || this.#parting) return;
      this.#parts.log('no voice', error);
      this.#parts.goodbyes.say(leaving(this.#parts.shown()), this.#callId);
      this.#show({ act: 'fail', reason: codeOf(error) });
    }
  }

  /** Our own connection's word is what the server counts the call as connected by. */
  #report() {
    const { phase } = this.#parts.shown();
    if (this.voice.state === 'connected' && phase === 'connecting') this.#send('call_connected');
  }

  /** @param {Act} act */
  #show(act) {
    if (this.#over) return;
    this.#parts.show(act);
    if (act.act !== 'media' || this.#over) return;
    this.#report();
    this.#lifelines.voiceFlows(act.media === 'connected');
  }

  /**
   * @param {string} type
   * @param {object} [fields]
   */
  #send(type, fields = {}) {
    return this.#parts.send(type, { callId: this.#callId, ...fields });
  }
}

/**
 * @param {Call} call
 * @returns {string} the command by which one leaves it
 */
function leaving(call) {
  // An answer that is on its way may come first. This ends a call in each phase.
  if (isAnswered(call) || call.wish === 'accept') return 'call_end_request';
  return call.side === 'caller' ? 'call_cancel' : 'call_reject';
}

/**
 * Whether the ring may be answered once more. Where the first answer had arrived after all, the second is answered like it.
 *
 * @param {unknown} error
 */
function mayAnswerAgain(error) {
  return codeOf(error) === 'MICROPHONE' || isPassing(error);
}

/** @param {unknown} error @returns {string} */
function codeOf(error) {
  return error instanceof OtomoError ? error.code : 'INTERNAL_ERROR';
}
