/**
 * The voice between two clients: one `RTCPeerConnection` and its signalling.
 *
 * "Perfect negotiation": either side may offer at any time (to add a picture, say). Where two offers cross, the caller's
 * holds and the otomo takes its own back. The first offer is the caller's, and the caller mends what breaks, so in a call
 * of voices alone offers never cross. Signals are handled strictly one after the other, in the order they came.
 *
 * Two ways back to each other: an ICE restart keeps the connection and finds a new path (the voice goes
 * on where the old path still works). Where one side's page was loaded anew, its new description shows
 * another session, and the other side starts afresh with a new connection, to which all is added that was sent before.
 */

import { sessionOf } from './sdp.js';

/** How long a broken path may mend itself before the offerer looks for another, in milliseconds. */
export const MEND_MS = 4_000;

/** How long one attempt to find a path may take before the next, in milliseconds. */
export const ATTEMPT_MS = 10_000;

/**
 * @typedef {'webrtc_offer' | 'webrtc_answer' | 'ice_candidate'} SignalType
 *
 * @typedef {object} Parts
 * @property {import('../clock.js').Clock} clock
 * @property {(configuration: RTCConfiguration) => RTCPeerConnection} connect
 * @property {'offerer' | 'answerer'} role
 * @property {RTCIceServer[]} iceServers
 * @property {MediaStream} voice this side's microphone
 * @property {(type: SignalType, fields: object) => boolean} send false while there is no link: the return asks for a new path
 * @property {(state: RTCPeerConnectionState) => void} onState
 * @property {(tracks: MediaStreamTrack[]) => MediaStream} gather makes a stream
 * @property {(stream: MediaStream) => void} onVoice the other side's voice: all its sound in one stream, a new one with each
 *   connection
 * @property {(stream: MediaStream) => void} onPicture the same of its pictures
 * @property {(what: string, detail: unknown) => void} log
 */

export class Peer {
  #parts;
  /** @type {RTCPeerConnection} */
  #connection;
  /** This side's microphone. @type {MediaStream} */
  #voice;
  /** What sends the microphone; whatever else is sent was added by the app. @type {RTCRtpSender[]} */
  #speakers = [];
  /** The other side's session, once known. @type {string | null} */
  #remote = null;
  /** Candidates that came before there was a description to hold them. @type {(RTCIceCandidateInit | null)[]} */
  #early = [];
  /** Whether an offer of the other side was passed over: its candidates mean nothing to us. */
  #passedOver = false;
  /** @type {Promise<void>} */
  #work = Promise.resolve();
  /** Takes back the next attempt to mend. */
  #cancelGuard = () => {};
  #closed = false;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#voice = parts.voice;
    this.#connection = this.#build();
  }

  /** What the peer connection says of itself. */
  get state() {
    return this.#connection.connectionState;
  }

  /** The connection itself, for what is beyond a voice. It changes when the other side's page is loaded anew. */
  get connection() {
    return this.#connection;
  }

  get #offers() {
    return this.#parts.role === 'offerer';
  }

  /** Begins: the offerer makes its offer, the answerer waits for it. */
  start() {
    if (this.#offers) this.#queue(() => this.#offer());
  }

  /** Looks for a new path; the answerer leaves that to the offerer. */
  restart() {
    if (this.#offers) this.#queue(() => this.#offer({ iceRestart: true }));
  }

  /** @param {any} signal from the other side */
  receive(signal) {
    this.#queue(() => this.#take(signal));
  }

  /**
   * Speaks through another microphone from now on; nothing has to be negotiated for it.
   * @param {MediaStream} voice
   */
  async speakThrough(voice) {
    this.#voice = voice;
    const [track] = voice.getAudioTracks();
    const speaker = this.#speakers.find((sender) => sender.track?.kind === 'audio');
    if (track !== undefined) await speaker?.replaceTrack(track);
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
      .catch((error) => this.#parts.log('signal not taken', error));
  }

  /** @returns {RTCPeerConnection} */
  #build() {
    const { connect, iceServers, send, onState } = this.#parts;
    const connection = connect({ iceServers });
    this.#speakers = this.#voice.getTracks().map((track) => connection.addTrack(track, this.#voice));
    connection.onicecandidate = ({ candidate }) => {
      send('ice_candidate', { candidate: candidate?.toJSON() ?? null });
    };
    connection.ontrack = this.#listener();
    connection.onconnectionstatechange = () => {
      this.#watch();
      onState(connection.connectionState);
    };
    // What is added later. The voice itself is in the caller's first offer, and in the answer to it.
    connection.onnegotiationneeded = () => {
      if (this.#remote !== null) this.#queue(() => this.#offer());
    };
    return connection;
  }

  /**
   * Sound and pictures come apart, whatever streams the other side has put them into: who plays a voice does not lose it
   * to a picture that is added later.
   */
  #listener() {
    const { gather, onVoice, onPicture } = this.#parts;
    /** @type {Map<string, MediaStream>} */
    const streams = new Map();
    return (/** @type {RTCTrackEvent} */ { track }) => {
      const stream = streams.get(track.kind);
      if (stream !== undefined) {
        stream.addTrack(track);
        return;
      }
      const first = gather([track]);
      streams.set(track.kind, first);
      if (track.kind === 'audio') onVoice(first);
      else onPicture(first);
    };
  }

  #discard() {
    this.#cancelGuard();
    const connection = this.#connection;
    connection.onicecandidate = null;
    connection.ontrack = null;
    connection.onconnectionstatechange = null;
    connection.onnegotiationneeded = null;
    connection.close();
  }

  /** Offers once more from a new connection. */
  #afresh() {
    this.#rebuild();
    return this.#offer();
  }

  /** A connection that owes nothing to the one before. */
  #rebuild() {
    const added = this.#connection.getSenders().filter((sender) => !this.#speakers.includes(sender));
    this.#discard();
    this.#remote = null;
    this.#early = [];
    this.#passedOver = false;
    this.#connection = this.#build();
    // The app has added more than a voice: it goes on, too.
    for (const { track } of added) if (track !== null) this.#connection.addTrack(track);
    this.#parts.onState(this.#connection.connectionState);
  }

  /** @param {RTCOfferOptions} [options] */
  async #offer(options) {
    const connection = this.#connection;
    await connection.setLocalDescription(await connection.createOffer(options));
    const out = this.#parts.send('webrtc_offer', { offer: connection.localDescription });
    // Without a link nobody can answer: what there is stays, and the return looks for a new path.
    if (out) this.#guard(ATTEMPT_MS, () => this.#afresh());
  }

  /** @param {any} signal */
  async #take(signal) {
    switch (signal.type) {
      case 'webrtc_offer':
        await this.#takeOffer(signal.offer);
        break;
      case 'webrtc_answer':
        await this.#takeAnswer(signal.answer);
        break;
      case 'ice_candidate':
        await this.#takeCandidate(signal.candidate);
        break;
      default:
        break;
    }
  }

  /** @param {RTCSessionDescriptionInit} offer */
  async #takeOffer(offer) {
    if (this.#isStranger(offer)) this.#rebuild();
    const crossed = this.#connection.signalingState !== 'stable';
    this.#passedOver = crossed && this.#offers;
    if (this.#passedOver) return;
    const connection = this.#connection;
    // Takes an offer of our own back where there is one.
    await connection.setRemoteDescription(offer);
    this.#remote = sessionOf(offer.sdp ?? '');
    await this.#takeEarly();
    await connection.setLocalDescription(await connection.createAnswer());
    this.#parts.send('webrtc_answer', { answer: connection.localDescription });
  }

  /** @param {RTCSessionDescriptionInit} answer */
  async #takeAnswer(answer) {
    if (this.#isStranger(answer)) {
      await this.#afresh();
      return;
    }
    this.#passedOver = false;
    await this.#connection.setRemoteDescription(answer);
    this.#remote = sessionOf(answer.sdp ?? '');
    await this.#takeEarly();
  }

  /** @param {RTCIceCandidateInit | null} candidate null for the end of them */
  async #takeCandidate(candidate) {
    if (this.#passedOver) return;
    if (this.#connection.remoteDescription === null) {
      this.#early.push(candidate);
      return;
    }
    try {
      await this.#connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      // One of a connection that is gone, most of the time. The others count all the same, and so does the answer.
      this.#parts.log('candidate not taken', error);
    }
  }

  async #takeEarly() {
    for (const candidate of this.#early.splice(0)) await this.#takeCandidate(candidate);
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
        this.#cancelGuard();
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
    if (!this.#offers) return;
    this.#cancelGuard();
    this.#cancelGuard = this.#parts.clock.after(delayMs, () => {
      if (this.state !== 'connected') this.#queue(mend);
    });
  }
}
