/**
 * The voice of one call: the microphone, and the way to the other side.
 */

import { Microphone } from './microphone.js';
import { Peer } from './peer.js';
import { bytesOf, QualityMeter } from './stats.js';

/**
 * @typedef {object} CallOptions
 * @property {() => Promise<MediaStream>} [microphone] where the voice comes from; `getUserMedia` by default. Its tracks are
 *   stopped when the call ends
 * @property {new (configuration: RTCConfiguration) => RTCPeerConnection} [RTCPeerConnection] the global one by default
 * @property {new (tracks: MediaStreamTrack[]) => MediaStream} [MediaStream] the global one by default
 * @property {RTCConfiguration} [configuration] beside the ICE servers, which the server names
 */

export class Voice {
  #parts;
  #microphone;
  /** @type {Peer | null} */
  #peer = null;
  /** Whether the way is there, or waits for the microphone. */
  #begun = false;
  #closed = false;
  /** Signals that came meanwhile. @type {any[]} */
  #early = [];
  #meter = new QualityMeter();
  /** What the meter measures: counts begin anew with each connection. @type {RTCPeerConnection | null} */
  #measured = null;
  /** As the server last told them. @type {RTCIceServer[]} */
  iceServers = [];

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {(type: string, fields: object) => boolean} parts.send
   * @param {(act: import('./state.js').Act) => void} parts.show
   * @param {(what: string, detail: unknown) => void} parts.log
   * @param {import('./microphone.js').Capture} parts.capture opens the microphone
   * @param {CallOptions} parts.options
   */
  constructor(parts) {
    this.#parts = parts;
    this.#microphone = new Microphone(parts.capture, () => parts.show({ act: 'microphone', lost: true }));
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
   * @throws {import('../errors.js').OtomoError} `MICROPHONE`; `ABORTED` where the call is over before there is one
   */
  open() {
    return this.#microphone.open();
  }

  /** @param {boolean} muted */
  mute(muted) {
    this.#microphone.mute(muted);
  }

  /**
   * Another microphone.
   * @param {import('./microphone.js').Capture} capture
   * @throws {import('../errors.js').OtomoError} as `open`; the one before stays
   */
  async use(capture) {
    const stream = await this.#microphone.use(capture);
    if (stream === null) return;
    await this.#peer?.speakThrough(stream);
    this.#parts.show({ act: 'microphone', lost: false });
  }

  /**
   * Builds the way. One that is there, or is being built, stays: servers may say twice that it is time.
   *
   * @param {'offerer' | 'answerer'} role
   * @throws {import('../errors.js').OtomoError} `MICROPHONE`: after a reload it has to be opened again
   */
  async speak(role) {
    if (this.#begun) return;
    this.#begun = true;
    const voice = await this.#microphone.open();
    if (this.#closed) return;
    this.#peer = this.#begin(role, voice);
    this.#peer.start();
    for (const signal of this.#early.splice(0)) this.#peer.receive(signal);
  }

  /**
   * @param {'offerer' | 'answerer'} role
   * @param {MediaStream} voice
   */
  #begin(role, voice) {
    const { clock, send, show, log, options } = this.#parts;
    const { RTCPeerConnection = globalThis.RTCPeerConnection, MediaStream = globalThis.MediaStream } = options;
    return new Peer({
      clock,
      log,
      send,
      connect: (ours) => new RTCPeerConnection({ ...options.configuration, ...ours }),
      gather: (tracks) => new MediaStream(tracks),
      role,
      iceServers: this.iceServers,
      voice,
      onState: (media) => show({ act: 'media', media }),
      onVoice: (stream) => show({ act: 'voice', stream }),
      onPicture: (stream) => show({ act: 'picture', stream }),
    });
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

  /** Ends all sound and lets go of the microphone, for good. */
  close() {
    this.#closed = true;
    this.#peer?.close();
    this.#peer = null;
    this.#early = [];
    this.#microphone.close();
  }

  /** How loud the other side is right now, from 0 to 1. */
  loudness() {
    const receivers = this.connection?.getReceivers() ?? [];
    const receiver = receivers.find(({ track }) => track.kind === 'audio');
    return receiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  /** Bytes that went each way over the connection that is there now. */
  async bytes() {
    return bytesOf(await this.#reports());
  }

  /** How good the connection is that is there now. */
  async quality() {
    const { connection } = this;
    const reports = await this.#reports();
    if (this.#measured !== connection) [this.#measured, this.#meter] = [connection, new QualityMeter()];
    return this.#meter.read(reports);
  }

  /** @returns {Promise<Iterable<any>>} */
  async #reports() {
    const stats = await this.connection?.getStats();
    return /** @type {any} */ (stats)?.values() ?? [];
  }
}
