/**
 * The voice between two pages: one `RTCPeerConnection` and its signalling, in fixed roles.
 *
 * The caller offers, the otomo answers, always; so offers never collide and whatever goes wrong is mended
 * from one side. Signals are handled strictly one after the other, in the order they came.
 *
 * Two ways back to each other: an ICE restart keeps the connection and finds a new path (the voice goes
 * on where the old path still works). Where one side's page was loaded anew, its new description shows
 * another session, and the other side starts afresh with a new connection.
 */

import { sessionOf } from './sdp.js';

/** How long a broken path may mend itself before the offerer looks for another, in milliseconds. */
const MEND_MS = 4_000;

/** How long one attempt to find a path may take before the next, in milliseconds. */
const ATTEMPT_MS = 10_000;

/**
 * @typedef {'webrtc_offer' | 'webrtc_answer' | 'ice_candidate'} SignalType
 *
 * @typedef {object} Parts
 * @property {'offerer' | 'answerer'} role
 * @property {RTCIceServer[]} iceServers
 * @property {MediaStream} voice this side's microphone
 * @property {(type: SignalType, fields: object) => void} send
 * @property {(state: RTCPeerConnectionState) => void} onState
 * @property {(stream: MediaStream) => void} onVoice the other side's voice
 */

export class Peer {
  #parts;
  /** @type {RTCPeerConnection} */
  #connection;
  /** The other side's session, once known. @type {string | null} */
  #remote = null;
  /** @type {Promise<void>} */
  #work = Promise.resolve();
  /** @type {any} */
  #watchdog = null;
  #closed = false;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#connection = this.#build();
  }

  /** What the peer connection says of itself. */
  get state() {
    return this.#connection.connectionState;
  }

  /** @returns {Promise<{sent: number, received: number}>} how many bytes of sound went each way */
  async bytes() {
    const count = { sent: 0, received: 0 };
    for (const report of (await this.#connection.getStats()).values()) {
      if (report.type === 'outbound-rtp') count.sent += report.bytesSent;
      if (report.type === 'inbound-rtp') count.received += report.bytesReceived;
    }
    return count;
  }

  /** Begins: the offerer makes its offer, the answerer waits for it. */
  start() {
    if (this.#parts.role === 'offerer') this.#queue(() => this.#offer());
  }

  /** Looks for a new path; the answerer leaves that to the offerer. */
  restart() {
    if (this.#parts.role === 'offerer') this.#queue(() => this.#offer({ iceRestart: true }));
  }

  /** @param {import('../state/store.js').Event} signal from the other side */
  receive(signal) {
    this.#queue(() => this.#take(signal));
  }

  /** Ends the connection. The microphone belongs to the caller of this class. */
  close() {
    this.#closed = true;
    this.#discard();
  }

  /** @param {() => Promise<void>} step */
  #queue(step) {
    this.#work = this.#work
      .then(() => (this.#closed ? undefined : step()))
      // A signal of a connection that is gone, most of the time: the watchdog mends what stays broken.
      .catch((error) => console.debug('signal not taken:', error));
  }

  /** @returns {RTCPeerConnection} */
  #build() {
    const { iceServers, voice, send, onState, onVoice } = this.#parts;
    const connection = new RTCPeerConnection({ iceServers });
    for (const track of voice.getTracks()) connection.addTrack(track, voice);
    connection.onicecandidate = ({ candidate }) => {
      send('ice_candidate', { candidate: candidate?.toJSON() ?? null });
    };
    connection.ontrack = ({ streams: [stream] }) => onVoice(stream);
    connection.onconnectionstatechange = () => {
      this.#watch();
      onState(connection.connectionState);
    };
    return connection;
  }

  #discard() {
    clearTimeout(this.#watchdog);
    const connection = this.#connection;
    connection.onicecandidate = null;
    connection.ontrack = null;
    connection.onconnectionstatechange = null;
    connection.close();
  }

  /** Offers once more from a new connection. */
  #afresh() {
    this.#rebuild();
    return this.#offer();
  }

  /** A connection that owes nothing to the one before. */
  #rebuild() {
    this.#discard();
    this.#remote = null;
    this.#connection = this.#build();
    this.#parts.onState(this.#connection.connectionState);
  }

  /** @param {RTCOfferOptions} [options] */
  async #offer(options) {
    const connection = this.#connection;
    await connection.setLocalDescription(await connection.createOffer(options));
    this.#parts.send('webrtc_offer', { offer: connection.localDescription });
    this.#guard(ATTEMPT_MS, () => this.#afresh());
  }

  /** @param {import('../state/store.js').Event} signal */
  async #take(signal) {
    switch (signal.type) {
      case 'webrtc_offer':
        return this.#takeOffer(signal.offer);
      case 'webrtc_answer':
        return this.#takeAnswer(signal.answer);
      case 'ice_candidate':
        return this.#connection.addIceCandidate(signal.candidate ?? undefined);
      default:
        return undefined;
    }
  }

  /** @param {RTCSessionDescriptionInit} offer */
  async #takeOffer(offer) {
    if (this.#isStranger(offer)) this.#rebuild();
    const connection = this.#connection;
    await connection.setRemoteDescription(offer);
    this.#remote = sessionOf(offer.sdp ?? '');
    await connection.setLocalDescription(await connection.createAnswer());
    this.#parts.send('webrtc_answer', { answer: connection.localDescription });
  }

  /** @param {RTCSessionDescriptionInit} answer */
  async #takeAnswer(answer) {
    if (this.#isStranger(answer)) return this.#afresh();
    await this.#connection.setRemoteDescription(answer);
    this.#remote = sessionOf(answer.sdp ?? '');
    return undefined;
  }

  /**
   * @param {RTCSessionDescriptionInit} description
   * @returns {boolean} whether it comes from another peer connection than the descriptions before
   */
  #isStranger({ sdp }) {
    return this.#remote !== null && sessionOf(sdp ?? '') !== this.#remote;
  }

  /** What does not mend by itself the offerer mends: first a new path, then a new connection. */
  #watch() {
    switch (this.state) {
      case 'connected':
        clearTimeout(this.#watchdog);
        break;
      case 'disconnected':
        this.#guard(MEND_MS, () => this.#offer({ iceRestart: true }));
        break;
      case 'failed':
        this.#guard(0, () => this.#afresh());
        break;
      default:
        break;
    }
  }

  /**
   * @param {number} delayMs
   * @param {() => Promise<void>} mend what to do if there is still no path by then
   */
  #guard(delayMs, mend) {
    if (this.#parts.role !== 'offerer') return;
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => {
      if (this.state !== 'connected') this.#queue(mend);
    }, delayMs);
  }
}
