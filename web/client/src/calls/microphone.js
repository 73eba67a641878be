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
  /** How often one was wished for. */
  #wishes = 0;
  /** By which of the wishes the one that is open came: the browser need not grant them in their order. */
  #heldBy = 0;
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
      const opening = this.#take(this.#capture).catch((error) => {
        // Another one was chosen meanwhile, and is there.
        if (this.#held !== null) return this.#held;
        throw error;
      });
      this.#opening = opening;
      opening.catch(() => {
        if (this.#opening === opening) this.#opening = null;
      });
    }
    return this.#opening;
  }

  /**
   * Another one, from now on. Where one is open, or was lost, the new one is opened; if that fails, the one before stays. Of
   * several that are being opened, the one that was chosen last is held.
   *
   * @param {Capture} capture
   * @returns {Promise<MediaStream | null>} what is held now; null where none is open
   * @throws {OtomoError} as `open`
   */
  async use(capture) {
    if (this.#opening === null) {
      this.#capture = capture;
      return null;
    }
    const stream = await this.#take(capture);
    this.#opening = Promise.resolve(stream);
    return stream;
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

  /** @param {Capture} capture */
  async #take(capture) {
    return this.#closed ? this.#givenUp : Promise.race([this.#hold(capture), this.#givenUp]);
  }

  /** @param {Capture} capture @returns {Promise<MediaStream>} what is held now: a later wish may have been granted before this one */
  async #hold(capture) {
    const wish = (this.#wishes += 1);
    const stream = await opened(capture);
    if (this.#closed) {
      stop(stream);
      throw new OtomoError('ABORTED', 'the microphone is not wanted any more');
    }
    const before = this.#held;
    if (before !== null && wish < this.#heldBy) {
      if (stream !== before) stop(stream);
      return before;
    }
    this.#held = stream;
    this.#heldBy = wish;
    this.mute(this.#muted);
    for (const track of stream.getAudioTracks()) {
      track.addEventListener('ended', () => {
        if (this.#held === stream) this.#onLost();
      });
    }
    if (before !== null && stream !== before) stop(before);
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

/**
 * @param {import('./voice.js').CallOptions} options
 * @returns {Capture} where the voice comes from by default
 */
export function defaultCapture({ microphone }) {
  return microphone ?? (() => captureVoice());
}
