/** How long a broken path may mend itself before the offerer looks for another, in milliseconds. */
export const MEND_MS: 4000;
/** How long one attempt to find a path may take before the next, in milliseconds. */
export const ATTEMPT_MS: 10000;
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
    /** @param {Parts} parts */
    constructor(parts: Parts);
    /** What the peer connection says of itself. */
    get state(): RTCPeerConnectionState;
    /** The connection itself, for what is beyond a voice. It changes when the other side's page is loaded anew. */
    get connection(): RTCPeerConnection;
    /** Begins: the offerer makes its offer, the answerer waits for it. */
    start(): void;
    /** Looks for a new path; the answerer leaves that to the offerer. */
    restart(): void;
    /** @param {any} signal from the other side */
    receive(signal: any): void;
    /**
     * Speaks through another microphone from now on; nothing has to be negotiated for it.
     * @param {MediaStream} voice
     */
    speakThrough(voice: MediaStream): Promise<void>;
    /** Ends the connection. The microphone belongs to the caller of this class. */
    close(): void;
    #private;
}
export type SignalType = "webrtc_offer" | "webrtc_answer" | "ice_candidate";
export type Parts = {
    clock: import("../clock.js").Clock;
    connect: (configuration: RTCConfiguration) => RTCPeerConnection;
    role: "offerer" | "answerer";
    iceServers: RTCIceServer[];
    /**
     * this side's microphone
     */
    voice: MediaStream;
    /**
     * false while there is no link: the return asks for a new path
     */
    send: (type: SignalType, fields: object) => boolean;
    onState: (state: RTCPeerConnectionState) => void;
    /**
     * makes a stream
     */
    gather: (tracks: MediaStreamTrack[]) => MediaStream;
    /**
     * the other side's voice: all its sound in one stream, a new one with each
     * connection
     */
    onVoice: (stream: MediaStream) => void;
    /**
     * the same of its pictures
     */
    onPicture: (stream: MediaStream) => void;
    log: (what: string, detail: unknown) => void;
};
