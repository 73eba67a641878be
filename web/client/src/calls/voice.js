/**
 * The voice of a call: the microphone, and the way to the other side.
 */

import { Microphone } from './microphone.js';
import { Peer } from './peer.js';

/**
 * @typedef {object} CallOptions
 * @property {() => Promise<MediaStream>} [microphone] where the voice comes from; `getUserMedia` by default. Its tracks are
 *   stopped when the call ends
 * @property {new (configuration: RTCConfiguration) => RTCPeerConnection} [RTCPeerConnection] the global one by default
 * @property {RTCConfiguration} [configuration] beside the ICE servers, which the server names
 *
 * @typedef {object} Way
 * @property {string} callId
 * @property {'offerer' | 'answerer'} role
 * @property {() => boolean} wanted whether the call still is, once there is a microphone
 */

export class Voice {
  #parts;
  #options;
  #microphone;
  /** @type {Peer | null} */
  #peer = null;
  /** The call whose microphone is being opened. @type {string | null} */
  #opening = null;
  /** Signals that came meanwhile. @type {any[]} */
  #early = [];
  /** As the server last told them. @type {RTCIceServer[]} */
  iceServers = [];

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {(type: string, fields: object) => boolean} parts.send
   * @param {(callId: string, act: import('./state.js').Act) => void} parts.onAct
   * @param {(what: string, detail: unknown) => void} parts.log
   * @param {CallOptions} options
   */
  constructor(parts, options) {
    this.#parts = parts;
    this.#options = options;
    this.#microphone = new Microphone(options.microphone);
  }

  /** What the peer connection says of itself; null without one. */
  get state() {
    return this.#peer?.state ?? null;
  }

  /** @returns {RTCPeerConnection | null} */
  get connection() {
    return this.#peer?.connection ?? null;
  }

  /**
   * Opens the microphone, or gives what is open already.
   * @throws {import('../errors.js').OtomoError} `MICROPHONE`
   */
  open() {
    return this.#microphone.open();
  }

  /** @param {boolean} muted */
  mute(muted) {
    return this.#microphone.mute(muted);
  }

  /**
   * Builds the way. One that is there, or is being built, stays: servers may say twice that it is time.
   *
   * @param {Way} way
   * @throws {import('../errors.js').OtomoError} `MICROPHONE`: after a reload it has to be opened again
   */
  async speak({ callId, role, wanted }) {
    if (this.#peer !== null || this.#opening === callId) return;
    this.#opening = callId;
    try {
      const voice = await this.#microphone.open();
      // Whatever happened while the browser asked: only the same call, still wanted, is worth a voice.
      if (!wanted() || this.#opening !== callId) return;
      this.#begin(callId, role, voice);
    } finally {
      if (this.#opening === callId) this.#opening = null;
    }
  }

  /**
   * @param {string} callId
   * @param {'offerer' | 'answerer'} role
   * @param {MediaStream} voice
   */
  #begin(callId, role, voice) {
    const { clock, send, onAct, log } = this.#parts;
    const { RTCPeerConnection = globalThis.RTCPeerConnection, configuration } = this.#options;
    const peer = new Peer({
      clock,
      log,
      connect: (ours) => new RTCPeerConnection({ ...configuration, ...ours }),
      role,
      iceServers: this.iceServers,
      voice,
      send: (type, fields) => send(type, { callId, ...fields }),
      onState: (media) => onAct(callId, { act: 'media', media }),
      onVoice: (stream) => onAct(callId, { act: 'stream', stream }),
    });
    this.#peer = peer;
    peer.start();
    for (const signal of this.#early.splice(0)) peer.receive(signal);
  }

  /** @param {any} signal from the other side */
  receive(signal) {
    if (this.#peer === null) this.#early.push(signal);
    else this.#peer.receive(signal);
  }

  /** Looks for a new path. */
  restart() {
    this.#peer?.restart();
  }

  /** Ends all sound and lets go of the microphone. */
  silence() {
    this.#peer?.close();
    this.#peer = null;
    this.#opening = null;
    this.#early = [];
    if (this.#microphone.held) this.#microphone.close();
  }

  /** How loud the other side is right now, from 0 to 1. */
  loudness() {
    const [receiver] = this.connection?.getReceivers() ?? [];
    return receiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  /** @returns {Promise<{sent: number, received: number}>} bytes of sound that went each way over the connection that is there now */
  async bytes() {
    const count = { sent: 0, received: 0 };
    const stats = await this.connection?.getStats();
    for (const report of stats?.values() ?? []) {
      if (report.type === 'outbound-rtp') count.sent += report.bytesSent;
      if (report.type === 'inbound-rtp') count.received += report.bytesReceived;
    }
    return count;
  }
}
