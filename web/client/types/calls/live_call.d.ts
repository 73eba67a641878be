/** How long one who hangs up waits to hear how it ended, in milliseconds. The goodbye itself goes on unseen. */
export const PARTING_MS: 2000;
/**
 * @typedef {import('./state.js').Call} Call
 * @typedef {import('./state.js').Act} Act
 *
 * @typedef {object} Parts
 * @property {import('../clock.js').Clock} clock
 * @property {(type: any, fields: any, options?: import('../link/requests.js').RequestOptions) => Promise<any>} request
 * @property {(type: any, fields: any) => boolean} send
 * @property {(what: string, detail: unknown) => void} log
 * @property {import('./goodbyes.js').Goodbyes} goodbyes
 * @property {(act: Act) => void} show changes what is shown of this call; nothing once it is over
 * @property {() => Call} shown what is shown of it
 * @property {() => number} graceMs how long the server waits for somebody whose connection broke, in milliseconds
 * @property {import('./microphone.js').Capture} capture
 * @property {import('./voice.js').CallOptions} options
 */
export class LiveCall {
    /**
     * @param {string} callId
     * @param {Parts} parts
     */
    constructor(callId: string, parts: Parts);
    /** @type {Voice} */
    voice: Voice;
    get callId(): string;
    /** The other side had called, too: this request counts as the answer to theirs. @param {string} callId their call */
    joined(callId: string): void;
    /**
     * Rings somebody, once there is a microphone to speak with.
     *
     * @param {string} toUserId
     * @returns {Promise<string>} the call's id
     * @throws {OtomoError}
     */
    place(toUserId: string): Promise<string>;
    /**
     * Answers the ring, once there is a microphone to answer with.
     * @throws {OtomoError}
     */
    accept(): Promise<void>;
    /**
     * Its person hangs up: silent at once, over in a moment, whatever the link does.
     *
     * @param {{reason?: string}} [why] for who has rung
     * @returns {Promise<void>} once it is over here, or the server has heard it
     */
    hangUp(why?: {
        reason?: string;
    }): Promise<void>;
    /** The client stops: what is said now is the last, and nobody answers to it. So the next start says it once more. */
    abandon(): void;
    /** It is over, whoever ended it. */
    close(): void;
    /** The link is gone, and comes back. */
    cutOff(): void;
    /** @param {any} event of the server, about this call or the link */
    follow(event: any): void;
    #private;
}
export type Call = import("./state.js").Call;
export type Act = import("./state.js").Act;
export type Parts = {
    clock: import("../clock.js").Clock;
    request: (type: any, fields: any, options?: import("../link/requests.js").RequestOptions) => Promise<any>;
    send: (type: any, fields: any) => boolean;
    log: (what: string, detail: unknown) => void;
    goodbyes: import("./goodbyes.js").Goodbyes;
    /**
     * changes what is shown of this call; nothing once it is over
     */
    show: (act: Act) => void;
    /**
     * what is shown of it
     */
    shown: () => Call;
    /**
     * how long the server waits for somebody whose connection broke, in milliseconds
     */
    graceMs: () => number;
    capture: import("./microphone.js").Capture;
    options: import("./voice.js").CallOptions;
};
import { Voice } from './voice.js';
