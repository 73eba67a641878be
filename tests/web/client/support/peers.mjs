// Peer connections without a network: they keep the rules of signalling, and the test says what becomes of the media.

/** A microphone whose tracks tell whether they still run. */
export class TestStream {
  tracks = [{ kind: 'audio', enabled: true, stopped: false, stop() { this.stopped = true; } }];

  getTracks() {
    return this.tracks;
  }

  getAudioTracks() {
    return this.tracks;
  }
}

/** @returns a class of peer connections that keeps all it made in `made` */
export function testPeers() {
  const made = [];
  return class TestPeer {
    static made = made;
    session = `s${made.length + 1}`;
    signalingState = 'stable';
    connectionState = 'new';
    localDescription = null;
    remoteDescription = null;
    tracks = [];
    candidates = [];
    restarts = 0;
    #version = 0;

    constructor(configuration) {
      this.configuration = configuration;
      made.push(this);
    }

    addTrack(track) {
      this.tracks.push(track);
    }

    getReceivers() {
      return [{ getSynchronizationSources: () => [{ audioLevel: 0.5 }] }];
    }

    async getStats() {
      return new Map([
        ['a', { type: 'outbound-rtp', bytesSent: 10 }],
        ['b', { type: 'inbound-rtp', bytesReceived: 20 }],
      ]);
    }

    async createOffer({ iceRestart = false } = {}) {
      if (iceRestart) this.restarts += 1;
      return { type: 'offer', sdp: this.#sdp() };
    }

    async createAnswer() {
      if (this.signalingState !== 'have-remote-offer') throw new Error(`no answer while ${this.signalingState}`);
      return { type: 'answer', sdp: this.#sdp() };
    }

    async setLocalDescription(description) {
      this.localDescription = description;
      this.signalingState = description.type === 'offer' ? 'have-local-offer' : 'stable';
    }

    async setRemoteDescription(description) {
      if (description.type === 'answer' && this.signalingState !== 'have-local-offer') {
        throw new Error(`an answer while ${this.signalingState}`);
      }
      this.remoteDescription = description;
      this.signalingState = description.type === 'offer' ? 'have-remote-offer' : 'stable';
    }

    async addIceCandidate(candidate) {
      if (this.remoteDescription === null) throw new Error('a candidate before the description');
      this.candidates.push(candidate);
    }

    close() {
      this.connectionState = 'closed';
    }

    /** The media say of themselves. */
    becomes(state) {
      this.connectionState = state;
      this.onconnectionstatechange?.();
    }

    #sdp() {
      return `v=0\r\no=- ${this.session} ${(this.#version += 1)} IN IP4 127.0.0.1\r\n`;
    }
  };
}

/** What another side's description looks like. */
export const sdpOf = (session, version = 1) => `v=0\r\no=- ${session} ${version} IN IP4 127.0.0.1\r\n`;
