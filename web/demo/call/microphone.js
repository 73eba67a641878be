/**
 * The microphone, held only while a call needs it: the browser's recording sign goes out with the call.
 */

export class Microphone {
  /** @type {Promise<MediaStream> | null} */
  #opening = null;

  /** Whether it is open, or being opened. */
  get held() {
    return this.#opening !== null;
  }

  /**
   * Opens it, or gives what is open already. The browser may ask the person first.
   *
   * @returns {Promise<MediaStream>}
   * @throws {Error} no permission, no device, or a page without https
   */
  open() {
    this.#opening ??= capture().catch((error) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  /** @param {boolean} muted */
  async mute(muted) {
    const voice = await this.#opening;
    for (const track of voice?.getTracks() ?? []) track.enabled = !muted;
  }

  /** Lets go of the device. */
  async close() {
    const opening = this.#opening;
    this.#opening = null;
    const voice = await opening?.catch(() => null);
    for (const track of voice?.getTracks() ?? []) track.stop();
  }
}

/** @returns {Promise<MediaStream>} */
async function capture() {
  // Browsers hide the devices from pages that came over plain http from another machine.
  if (navigator.mediaDevices === undefined) throw new Error('no media devices: the page needs https');
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio });
}
