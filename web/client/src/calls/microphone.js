/**
 * The microphone, held only while a call needs it: the browser's recording sign goes out with the call.
 */

import { OtomoError } from '../errors.js';

/** What is asked of the browser where the app does not say. */
const VOICE = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } };

export class Microphone {
  #capture;
  /** @type {Promise<MediaStream> | null} */
  #opening = null;
  #muted = false;

  /** @param {() => Promise<MediaStream>} [capture] where the voice comes from; its tracks are stopped with the call */
  constructor(capture = captureVoice) {
    this.#capture = capture;
  }

  /** Whether it is open, or being opened. */
  get held() {
    return this.#opening !== null;
  }

  /**
   * Opens it, or gives what is open already. The browser may ask the person first.
   *
   * @returns {Promise<MediaStream>}
   * @throws {OtomoError} `MICROPHONE`: no permission, no device, or a page without https
   */
  open() {
    if (this.#opening === null) {
      const opening = this.#open();
      this.#opening = opening;
      // Closed and opened again meanwhile, it is another's to fail.
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = null;
      });
    }
    return this.#opening;
  }

  async #open() {
    try {
      const stream = await this.#capture();
      apply(stream, this.#muted);
      return stream;
    } catch (error) {
      throw new OtomoError('MICROPHONE', `no microphone: ${error}`, {}, error);
    }
  }

  /** @param {boolean} muted */
  async mute(muted) {
    this.#muted = muted;
    const stream = await this.#opening?.catch(() => null);
    if (stream) apply(stream, this.#muted);
  }

  /** Lets go of the device. */
  async close() {
    const opening = this.#opening;
    this.#opening = null;
    this.#muted = false;
    const stream = await opening?.catch(() => null);
    for (const track of stream?.getTracks() ?? []) track.stop();
  }
}

/**
 * @param {MediaStream} stream
 * @param {boolean} muted
 */
function apply(stream, muted) {
  for (const track of stream.getAudioTracks()) track.enabled = !muted;
}

/** @returns {Promise<MediaStream>} */
async function captureVoice() {
  // Browsers hide the devices from pages that came over plain http from another machine.
  const devices = globalThis.navigator?.mediaDevices;
  if (devices === undefined) throw new Error('no media devices: the page needs https');
  return devices.getUserMedia(VOICE);
}
