/**
 * What follows from a call beyond what the client does itself: its sounds, and a word where something did not work.
 */

import { OtomoError } from '../../client/src/index.js';
import { isLive } from '../../client/src/calls/state.js';
import { tell } from '../teller.js';
import { INCOMING, OUTGOING } from './ringer.js';

/** @typedef {import('../state/client.js').Call} Call */

export class CallController {
  #store;
  #session;
  #ringer;
  #voices;
  #wasLive = false;

  /**
   * @param {object} parts
   * @param {import('../state/store.js').Store} parts.store
   * @param {import('../session.js').Session} parts.session
   * @param {import('./ringer.js').Ringer} parts.ringer
   * @param {import('./voices.js').Voices} parts.voices
   */
  constructor({ store, session, ringer, voices }) {
    this.#store = store;
    this.#session = session;
    this.#ringer = ringer;
    this.#voices = voices;
  }

  /** @param {import('../state/client.js').Person} person whom to call */
  place(person) {
    return this.#attempt((calls) => calls.place(person));
  }

  /** Answers the ring. */
  accept() {
    return this.#attempt((calls) => calls.accept());
  }

  /** Leaves, whatever phase the call is in. */
  leave() {
    return this.#attempt((calls) => (this.#store.state.call.phase === 'incoming' ? calls.reject() : calls.end()));
  }

  /** @param {boolean} muted */
  mute(muted) {
    return this.#attempt((calls) => calls.mute(muted));
  }

  /** Opens the microphone again that was lost in the call. */
  reopenMicrophone() {
    return this.#attempt((calls) => calls.useMicrophone());
  }

  /** Leaves the page of a call that is over. */
  dismiss() {
    this.#session.client?.calls.dismiss();
  }

  /** @param {import('../state/store.js').State} state */
  follow({ call }) {
    this.#ringer.play(melodyOf(call));
    const live = isLive(call);
    if (live) this.#voices.hear(call.remoteStream);
    else if (this.#wasLive) this.#voices.silence();
    this.#wasLive = live;
  }

  /** @param {(calls: import('../../client/src/index.js').Otomo['calls']) => Promise<unknown>} act */
  async #attempt(act) {
    try {
      await act(this.#session.otomo.calls);
    } catch (error) {
      console.debug('call:', error);
      const { code } = /** @type {OtomoError} */ (error);
      if (code === 'MICROPHONE') tell(this.#store, { key: 'notice.microphone' });
      // Whoever leaves, or is called first, is told nothing.
      else if (code === 'ABORTED') return;
      // What ended the call is told by its summary; what did not leaves it ringing.
      else if (this.#store.state.call.phase === 'incoming') tell(this.#store, { key: 'notice.notNow' });
    }
  }
}

/**
 * @param {Call} call
 * @returns {import('./ringer.js').Melody | null}
 */
function melodyOf({ phase, wish }) {
  if (wish !== null) return null;
  if (phase === 'incoming') return INCOMING;
  return phase === 'ringing' ? OUTGOING : null;
}
