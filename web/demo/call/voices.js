/**
 * The two voices of a call: the microphone, the loudspeaker, and how loud both are.
 */

import { Level } from './level.js';

/** What is asked of the browser: a voice, not music. */
const VOICE = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

export class Voices {
  #loudspeaker;
  #onBlocked;
  /** @type {{own: Level | null, peer: Level | null}} */
  #levels = { own: null, peer: null };
  /** What the loudspeaker plays. @type {MediaStream | null} */
  #heard = null;

  /**
   * @param {HTMLAudioElement} loudspeaker
   * @param {(blocked: boolean) => void} onBlocked whether the browser waits for a touch before it plays the peer's voice
   */
  constructor(loudspeaker, onBlocked) {
    this.#loudspeaker = loudspeaker;
    this.#onBlocked = onBlocked;
  }

  /**
   * Opens the microphone. The client lets go of it at the end of the call.
   * @throws {Error} no permission, no device, or a page without https
   */
  async capture() {
    // Browsers hide the devices from pages that came over plain http from another machine.
    if (navigator.mediaDevices === undefined) throw new Error('no media devices: the page needs https');
    const stream = await navigator.mediaDevices.getUserMedia(VOICE);
    this.#measure('own', stream);
    return stream;
  }

  /** @param {MediaStream | null} stream the other side's voice; null for none */
  hear(stream) {
    if (stream === this.#heard) return;
    this.#heard = stream;
    this.#loudspeaker.srcObject = stream;
    this.#measure('peer', stream);
    if (stream === null) this.#onBlocked(false);
    else this.#play();
  }

  /** The call is over. */
  silence() {
    this.hear(null);
    this.#measure('own', null);
  }

  /** Plays the voice that the browser held back until a touch. */
  async playHeldBack() {
    await this.#loudspeaker.play();
    this.#onBlocked(false);
  }

  /** How loud both are right now, each from 0 to 1. */
  loudness() {
    return { own: this.#levels.own?.read() ?? 0, peer: this.#levels.peer?.read() ?? 0 };
  }

  async #play() {
    try {
      await this.#loudspeaker.play();
    } catch (error) {
      // `AbortError` only means that a newer stream took this one's place.
      if (/** @type {Error} */ (error).name === 'NotAllowedError') this.#onBlocked(true);
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
}
