/**
 * @typedef {object} CallOptions
 * @property {() => Promise<MediaStream>} [microphone] where the voice comes from; `getUserMedia` by default. Its tracks are
 *   stopped when the call ends
 * @property {new (configuration: RTCConfiguration) => RTCPeerConnection} [RTCPeerConnection] the global one by default
 * @property {new (tracks: MediaStreamTrack[]) => MediaStream} [MediaStream] the global one by default
 * @property {RTCConfiguration} [configuration] beside the ICE servers, which the server names
 */
export class Voice {
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {(type: string, fields: object) => boolean} parts.send
     * @param {(act: import('./state.js').Act) => void} parts.show
     * @param {(what: string, detail: unknown) => void} parts.log
     * @param {import('./microphone.js').Capture} parts.capture opens the microphone
     * @param {CallOptions} parts.options
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        send: (type: string, fields: object) => boolean;
        show: (act: import("./state.js").Act) => void;
        log: (what: string, detail: unknown) => void;
        capture: import("./microphone.js").Capture;
        options: CallOptions;
    });
    /** As the server last told them. @type {RTCIceServer[]} */
    iceServers: RTCIceServer[];
    /** What the peer connection says of itself; null without one. */
    get state(): RTCPeerConnectionState | null;
    /** @returns {RTCPeerConnection | null} */
    get connection(): RTCPeerConnection | null;
    /**
     * Opens the microphone, or gives what is open already.
     * @throws {import('../errors.js').OtomoError} `MICROPHONE`; `ABORTED` where the call is over before there is one
     */
    open(): Promise<MediaStream>;
    /** @param {boolean} muted */
    mute(muted: boolean): void;
    /**
     * Another microphone.
     * @param {import('./microphone.js').Capture} capture
     * @throws {import('../errors.js').OtomoError} as `open`; the one before stays
     */
    use(capture: import("./microphone.js").Capture): Promise<void>;
    /**
     * Builds the way. One that is there, or is being built, stays: servers may say twice that it is time.
     *
     * @param {'offerer' | 'answerer'} role
     * @throws {import('../errors.js').OtomoError} `MICROPHONE`: after a reload it has to be opened again
     */
    speak(role: "offerer" | "answerer"): Promise<void>;
    /** @param {any} signal from the other side */
    receive(signal: any): void;
    /** Looks for a new path. */
    restart(): void;
    /** Ends all sound and lets go of the microphone, for good. */
    close(): void;
    /** How loud the other side is right now, from 0 to 1. */
    loudness(): number;
    /** Bytes that went each way over the connection that is there now. */
    bytes(): Promise<{
        sent: number;
        received: number;
    }>;
    /** How good the connection is that is there now. */
    quality(): Promise<import("./stats.js").Quality>;
    #private;
}
export type CallOptions = {
    /**
     * where the voice comes from; `getUserMedia` by default. Its tracks are
     * stopped when the call ends
     */
    microphone?: (() => Promise<MediaStream>) | undefined;
    /**
     * the global one by default
     */
    RTCPeerConnection?: (new (configuration: RTCConfiguration) => RTCPeerConnection) | undefined;
    /**
     * the global one by default
     */
    MediaStream?: (new (tracks: MediaStreamTrack[]) => MediaStream) | undefined;
    /**
     * beside the ICE servers, which the server names
     */
    configuration?: RTCConfiguration | undefined;
};
