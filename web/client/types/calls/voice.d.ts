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
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {(type: string, fields: object) => boolean} parts.send
     * @param {(callId: string, act: import('./state.js').Act) => void} parts.onAct
     * @param {(what: string, detail: unknown) => void} parts.log
     * @param {CallOptions} options
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        send: (type: string, fields: object) => boolean;
        onAct: (callId: string, act: import("./state.js").Act) => void;
        log: (what: string, detail: unknown) => void;
    }, options: CallOptions);
    /** As the server last told them. @type {RTCIceServer[]} */
    iceServers: RTCIceServer[];
    /** What the peer connection says of itself; null without one. */
    get state(): RTCPeerConnectionState | null;
    /** @returns {RTCPeerConnection | null} */
    get connection(): RTCPeerConnection | null;
    /**
     * Opens the microphone, or gives what is open already.
     * @throws {import('../errors.js').OtomoError} `MICROPHONE`
     */
    open(): Promise<MediaStream>;
    /** @param {boolean} muted */
    mute(muted: boolean): Promise<void>;
    /**
     * Builds the way. One that is there, or is being built, stays: servers may say twice that it is time.
     *
     * @param {Way} way
     * @throws {import('../errors.js').OtomoError} `MICROPHONE`: after a reload it has to be opened again
     */
    speak({ callId, role, wanted }: Way): Promise<void>;
    /** @param {any} signal from the other side */
    receive(signal: any): void;
    /** Looks for a new path. */
    restart(): void;
    /** Ends all sound and lets go of the microphone. */
    silence(): void;
    /** How loud the other side is right now, from 0 to 1. */
    loudness(): number;
    /** @returns {Promise<{sent: number, received: number}>} bytes of sound that went each way over the connection that is there now */
    bytes(): Promise<{
        sent: number;
        received: number;
    }>;
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
     * beside the ICE servers, which the server names
     */
    configuration?: RTCConfiguration | undefined;
};
export type Way = {
    callId: string;
    role: "offerer" | "answerer";
    /**
     * whether the call still is, once there is a microphone
     */
    wanted: () => boolean;
};
