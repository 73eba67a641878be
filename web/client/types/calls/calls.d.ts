export class Calls {
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {(type: any, fields: any, options?: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
     * @param {(type: any, fields: any) => boolean} parts.send
     * @param {() => number} parts.clockOffset milliseconds
     * @param {(userId: string) => Person | undefined} parts.personOf whom the list of otomo knows
     * @param {(what: string, detail: unknown) => void} parts.log
     * @param {CallOptions} options
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        request: (type: any, fields: any, options?: import("../link/requests.js").RequestOptions) => Promise<any>;
        send: (type: any, fields: any) => boolean;
        clockOffset: () => number;
        personOf: (userId: string) => Person | undefined;
        log: (what: string, detail: unknown) => void;
    }, options: CallOptions);
    /** The call, for views. */
    store: import("../store.js").Store<import("./state.js").Call>;
    /** Whether a call is going on, or about to. */
    get live(): boolean;
    /** The other side's voice, for an `<audio>` element's `srcObject`; also in the store. @returns {MediaStream | null} */
    get remoteStream(): MediaStream | null;
    /** The peer connection, for what is beyond a voice; null without one. @returns {RTCPeerConnection | null} */
    get connection(): RTCPeerConnection | null;
    /**
     * Calls somebody. The microphone comes first: nobody is rung by a client that cannot speak.
     *
     * @param {Whom} whom
     * @returns {Promise<string>} the call's id, once the server has taken it; whether the otomo answers is told by the store
     * @throws {OtomoError} `MICROPHONE`, `CALLER_BUSY`, `OTOMO_NOT_FOUND`, `INSUFFICIENT_POINTS`, `RATE_LIMITED`, ...;
     *   `ABORTED` where its person has left meanwhile
     */
    place(whom: Whom): Promise<string>;
    /**
     * Answers the ring, once there is a microphone to answer with.
     * @throws {OtomoError} `MICROPHONE` and passing refusals: it still rings; others: it is over
     */
    accept(): Promise<void>;
    /**
     * Declines the ring.
     * @param {'busy' | 'manual_decline' | 'away' | 'timeout'} [reason]
     */
    reject(reason?: "busy" | "manual_decline" | "away" | "timeout"): Promise<void>;
    /** Leaves, whatever phase the call is in. The voice stops at once, whatever the link does. */
    end(): Promise<void>;
    /** @param {boolean} muted whether the other side hears nothing */
    mute(muted: boolean): Promise<void>;
    /** Puts an ended call out of view. */
    dismiss(): void;
    /** How loud the other side is right now, from 0 to 1. */
    loudness(): number;
    /** @returns {Promise<{sent: number, received: number}>} bytes of sound that went each way over the connection that is there now */
    bytes(): Promise<{
        sent: number;
        received: number;
    }>;
    /** The client says goodbye: its call first. */
    stop(): void;
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
