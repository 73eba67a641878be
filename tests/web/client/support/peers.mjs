// Peer connections without a network. They are as strict as WebRTC's specification (https://www.w3.org/TR/webrtc/) where the
// client depends on it; what becomes of the media, the test says.

/** A source of sound or pictures, which tells whether it still runs. */
export class TestTrack extends EventTarget {
  enabled = true;
  stopped = false;

  constructor(kind = 'audio') {
    super();
    this.kind = kind;
  }

  stop() {
    this.stopped = true;
  }

  /** Unplugged, or taken back by the browser; `stop` says nothing. */
  endsByItself() {
    this.dispatchEvent(new Event('ended'));
  }
}

export class TestStream {
  constructor(tracks = []) {
    this.tracks = [...tracks];
  }

  addTrack(track) {
    this.tracks.push(track);
  }

  getTracks() {
    return [...this.tracks];
  }

  getAudioTracks() {
    return this.tracks.filter(({ kind }) => kind === 'audio');
  }
}

/** What a browser gives to who may use the microphone. */
export const voice = () => new TestStream([new TestTrack()]);

/** @returns a class of peer connections that keeps all it made in `made` */
export function testPeers() {
  const made = [];
  return class TestPeer {
    static made = made;
    session = `s${made.length + 1}`;
    signalingState = 'stable';
    connectionState = 'new';
    candidates = [];
    restarts = 0;
    #senders = [];
    #receivers = [];
    #version = 0;
    #current = { local: null, remote: null };
    #pending = { local: null, remote: null };

    constructor(configuration) {
      this.configuration = configuration;
      made.push(this);
    }

    get localDescription() {
      return this.#pending.local ?? this.#current.local;
    }

    get remoteDescription() {
      return this.#pending.remote ?? this.#current.remote;
    }

    addTrack(track, ...streams) {
      this.#open();
      if (this.#senders.some((sender) => sender.track === track)) throw new DOMException('twice', 'InvalidAccessError');
      const sender = { track, streams, replaceTrack: async (next) => void (sender.track = next) };
      this.#senders.push(sender);
      return sender;
    }

    getSenders() {
      return [...this.#senders];
    }

    getReceivers() {
      return [...this.#receivers];
    }

    async getStats() {
      return new Map([
        ['a', { type: 'outbound-rtp', kind: 'audio', bytesSent: 10 }],
        ['b', { type: 'inbound-rtp', kind: 'audio', bytesReceived: 20, packetsReceived: 90, packetsLost: 10 }],
        ['c', { type: 'remote-inbound-rtp', kind: 'audio', fractionLost: 0.25 }],
        ['d', { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 }],
        ['e', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.08 }],
      ]);
    }

    async createOffer({ iceRestart = false } = {}) {
      this.#open();
      if (iceRestart) this.restarts += 1;
      return { type: 'offer', sdp: this.#sdp() };
    }

    async createAnswer() {
      this.#open();
      this.#in('have-remote-offer');
      return { type: 'answer', sdp: this.#sdp() };
    }

    async setLocalDescription(description) {
      this.#open();
      if (description.type === 'answer') {
        this.#in('have-remote-offer');
        this.#settle({ local: description, remote: this.#pending.remote });
      } else {
        this.#in('stable', 'have-local-offer');
        this.#pending = { local: description, remote: null };
        this.signalingState = 'have-local-offer';
      }
    }

    async setRemoteDescription(description) {
      this.#open();
      if (description.type === 'answer') {
        this.#in('have-local-offer');
        this.#settle({ local: this.#pending.local, remote: description });
      } else {
        // An offer of our own is rolled back: it has never been.
        this.#pending = { local: null, remote: description };
        this.signalingState = 'have-remote-offer';
      }
    }

    /** Takes only what belongs to a description that is here. */
    async addIceCandidate(candidate) {
      this.#open();
      if (this.remoteDescription === null) throw new DOMException('no description', 'InvalidStateError');
      const ufrag = candidate?.usernameFragment;
      const known = [this.#pending.remote, this.#current.remote].some((one) => one?.sdp.includes(`a=ice-ufrag:${ufrag}\r`));
      if (ufrag && !known) throw new DOMException(`unknown ufrag ${ufrag}`, 'OperationError');
      this.candidates.push(candidate);
    }

    close() {
      this.signalingState = 'closed';
      this.connectionState = 'closed';
    }

    /** The media say of themselves. A connection that is closed says nothing any more. */
    becomes(state) {
      this.#open();
      this.connectionState = state;
      this.onconnectionstatechange?.();
    }

    /** The other side has added something, to streams of its choice or to none. */
    brings(track, ...streams) {
      this.#open();
      this.#receivers.push({ track, getSynchronizationSources: () => [{ audioLevel: track.kind === 'audio' ? 0.5 : 0 }] });
      this.ontrack?.({ track, streams });
    }

    #settle(descriptions) {
      this.#current = descriptions;
      this.#pending = { local: null, remote: null };
      this.signalingState = 'stable';
    }

    #open() {
      if (this.signalingState === 'closed') throw new DOMException('the connection is closed', 'InvalidStateError');
    }

    #in(...states) {
      if (!states.includes(this.signalingState)) throw new DOMException(`not while ${this.signalingState}`, 'InvalidStateError');
    }

    #sdp() {
      return sdpOf(this.session, (this.#version += 1));
    }
  };
}

/** What a description looks like. Each has credentials of its own for its candidates. */
export const sdpOf = (session, version = 1) =>
  `v=0\r\no=- ${session} ${version} IN IP4 127.0.0.1\r\na=ice-ufrag:${session}.${version}\r\n`;
