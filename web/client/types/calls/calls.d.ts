/**
 * @typedef {import('./state.js').Call} Call
 * @typedef {import('./state.js').Act} Act
 * @typedef {import('./state.js').Person} Person
 * @typedef {import('./voice.js').CallOptions} CallOptions
 * @typedef {string | {userId: string, name?: string | null, avatar?: string | null}} Whom
 */
export class Calls {
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {(type: any, fields: any, options?: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
     * @param {(type: any, fields: any) => boolean} parts.send
     * @param {() => number} parts.clockOffset milliseconds
     * @param {() => number} parts.graceMs how long the server waits for somebody whose connection broke, in milliseconds
     * @param {(userId: string) => Person | undefined} parts.personOf whom the list of otomo knows
     * @param {import('../link/position.js').KeyValue | null} parts.storage
     * @param {(what: string, detail: unknown) => void} parts.log
     * @param {CallOptions | false} given
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        request: (type: any, fields: any, options?: import("../link/requests.js").RequestOptions) => Promise<any>;
        send: (type: any, fields: any) => boolean;
        clockOffset: () => number;
        graceMs: () => number;
        personOf: (userId: string) => Person | undefined;
        storage: import("../link/position.js").KeyValue | null;
        log: (what: string, detail: unknown) => void;
    }, given: CallOptions | false);
    /** The call, for views. */
    store: import("../store.js").Store<import("./state.js").Call>;
    /** Whether a call is going on, or about to. */
    get live(): boolean;
    /** The other side's voice, for an `<audio>` element's `srcObject`; also in the store. @returns {MediaStream | null} */
    get remoteStream(): MediaStream | null;
    /**
     * The peer connection, for what is beyond a voice; null without one. It is another one when the other side's page was
     * loaded anew; tracks that were added to it go on.
     *
     * @returns {RTCPeerConnection | null}
     */
    get connection(): RTCPeerConnection | null;
    /**
     * Calls somebody. The microphone comes first (`asking`): nobody is rung by a client that cannot speak.
     *
     * @param {Whom} whom
     * @returns {Promise<string>} the call's id, once the server has taken it; whether the otomo answers is told by the store
     * @throws {OtomoError} `MICROPHONE`, `CALLER_BUSY`, `OTOMO_NOT_FOUND`, `INSUFFICIENT_POINTS`, `RATE_LIMITED`, ...;
     *   `ABORTED` where its person has left meanwhile, or somebody else's ring has come before the microphone
     */
    place(whom: Whom): Promise<string>;
    /**
     * Answers the ring, once there is a microphone to answer with.
     * @throws {OtomoError} `MICROPHONE` and refusals that pass: it still rings; others: it is over
     */
    accept(): Promise<void>;
    /**
     * Declines the ring.
     * @param {'busy' | 'manual_decline' | 'away' | 'timeout'} [reason]
     */
    reject(reason?: "busy" | "manual_decline" | "away" | "timeout"): Promise<void>;
    /**
     * Leaves, whatever phase the call is in. The voice stops at once, and it is over here in 2 s at most, whatever the link
     * does: the goodbye goes on unseen until the server has heard it.
     *
     * @returns {Promise<void>} once it is over, or the server has heard it
     */
    end(): Promise<void>;
    /**
     * Mutes the call that is there. It stays muted over a reload; the next call is not.
     * @param {boolean} muted whether the other side hears nothing
     */
    mute(muted: boolean): Promise<void>;
    /**
     * Speaks through another microphone, also in the middle of a call.
     *
     * @param {string | MediaStream} [source] a device (`deviceId` of `enumerateDevices`), for this call and the next ones; a stream,
     *   for this call alone, with which its tracks are stopped; nothing for the one of the options, opened again
     * @throws {OtomoError} `MICROPHONE`: the one before stays; `INVALID_CALL_STATE`: a stream without a call
     */
    useMicrophone(source?: string | MediaStream): Promise<void>;
    /** Puts an ended call out of view. */
    dismiss(): void;
    /** How loud the other side is right now, from 0 to 1. */
    loudness(): number;
    /** @returns {Promise<{sent: number, received: number}>} bytes of sound that went each way over the connection that is there now */
    bytes(): Promise<{
        sent: number;
        received: number;
    }>;
    /** @returns {Promise<import('./stats.js').Quality | null>} how good the connection is, since it was asked before; null without a call */
    quality(): Promise<import("./stats.js").Quality | null>;
    /** The client starts: what was hung up before, and nobody has heard, is said first. */
    start(): void;
    /** The client says goodbye: its call first. */
    stop(): void;
    /** The link is gone, and comes back. */
    cutOff(): void;
    /** @param {any} event of the server */
    take(event: any): void;
    #private;
}
export type Call = import("./state.js").Call;
export type Act = import("./state.js").Act;
export type Person = import("./state.js").Person;
export type CallOptions = import("./voice.js").CallOptions;
export type Whom = string | {
    userId: string;
    name?: string | null;
    avatar?: string | null;
};
