/**
 * The microphone of one call, held only while the call needs it: the browser's recording sign goes out with the call.
 */

import { OtomoError } from '../errors.js';

/** What is asked of the browser where the app does not say. */
const VOICE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @typedef {() => Promise<MediaStream>} Capture opens a microphone; the browser may ask the person first */

export class Microphone {
  #capture;
  #onLost;
  #muted = false;
  #closed = false;
  /** What is open, or being opened. @type {Promise<MediaStream> | null} */
  #opening = null;
  /** What is open. @type {MediaStream | null} */
  #held = null;
  /** Tells those who wait for the browser that nobody needs it any more. @type {(error: OtomoError) => void} */
  #giveUp = () => {};
  /** @type {Promise<never>} */
  #givenUp = new Promise((_, reject) => {
    this.#giveUp = reject;
  });

  /**
   * @param {Capture} capture where the voice comes from; its tracks are stopped with the call
   * @param {() => void} [onLost] it ended by itself: unplugged, or taken back by the browser
   */
  constructor(capture, onLost = () => {}) {
    this.#capture = capture;
    this.#onLost = onLost;
    // Heard by those who wait; there may be none.
    this.#givenUp.catch(() => {});
  }

  /**
   * Opens it, or gives what is open already.
   *
   * @returns {Promise<MediaStream>}
   * @throws {OtomoError} `MICROPHONE`: no permission, no device, or a page without https; `ABORTED`: it was closed meanwhile
   */
  open() {
    if (this.#opening === null) {
      const opening = this.#take();
      this.#opening = opening;
      // Where another one was chosen meanwhile, that one stays.
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = null;
      });
    }
    return this.#opening;
  }

  /**
   * Another one, from now on. Where one is open, or was lost, the new one is opened; if that fails, the old one stays.
   *
   * @param {Capture} capture
   * @returns {Promise<MediaStream | null>} null where none is open
   * @throws {OtomoError} as `open`
   */
  async use(capture) {
    const before = this.#opening;
    if (before !== null) {
      const stream = await this.#take(capture);
      this.#opening = Promise.resolve(stream);
      before.then((old) => old !== stream && stop(old)).catch(() => {});
    }
    this.#capture = capture;
    return before === null ? null : this.#held;
  }

  /** @param {boolean} muted also what is opened later */
  mute(muted) {
    this.#muted = muted;
    for (const track of this.#held?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** Lets go of the device, for good. */
  close() {
    this.#closed = true;
    this.#giveUp(new OtomoError('ABORTED', 'the microphone is not wanted any more'));
    if (this.#held !== null) stop(this.#held);
    this.#held = null;
  }

  /** @param {Capture} [capture] */
  async #take(capture = this.#capture) {
    return this.#closed ? this.#givenUp : Promise.race([this.#hold(capture), this.#givenUp]);
  }

  /** @param {Capture} capture @returns {Promise<MediaStream>} */
  async #hold(capture) {
    const stream = await opened(capture);
    if (this.#closed) {
      stop(stream);
      throw new OtomoError('ABORTED', 'the microphone is not wanted any more');
    }
    this.#held = stream;
    this.mute(this.#muted);
    for (const track of stream.getAudioTracks()) {
      track.addEventListener('ended', () => {
        if (this.#held === stream) this.#onLost();
      });
    }
    return stream;
  }
}

/**
 * @param {Capture} capture
 * @returns {Promise<MediaStream>}
 */
async function opened(capture) {
  try {
    return await capture();
  } catch (error) {
    throw new OtomoError('MICROPHONE', `no microphone: ${error}`, {}, error);
  }
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/**
 * Opens a microphone of this machine.
 *
 * @param {string} [deviceId] as `enumerateDevices` names it; the browser's choice by default
 * @returns {Promise<MediaStream>}
 */
export async function captureVoice(deviceId) {
  // Browsers hide the devices from pages that came over plain http from another machine.
  const devices = globalThis.navigator?.mediaDevices;
  if (devices === undefined) throw new Error('no media devices: the page needs https');
  const which = deviceId === undefined ? {} : { deviceId: { exact: deviceId } };
  return devices.getUserMedia({ audio: { ...VOICE, ...which } });
}
