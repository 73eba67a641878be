/** How long an attempt may go without a word before it counts as failed, in milliseconds. */
export const CONNECT_MS: 10000;
/** How long an answer may take once there is reason to doubt the link, in milliseconds. */
export const PROBE_MS: 5000;
/**
 * The connection, as people see it.
 *
 * @typedef {object} Link
 * @property {'idle' | 'connecting' | 'live' | 'away' | 'refused'} phase `idle`: not started; `connecting`: an attempt is
 *   under way; `live`: up, and everything that was missed has come; `away`: waits for the next attempt; `refused`: it
 *   will not come back by itself, and `closing` says why
 * @property {import('./websocket.js').Transport | null} transport what carries it
 * @property {number | null} retryAt when the next attempt begins, milliseconds since 1970
 * @property {Readonly<import('./backoff.js').Closing> | null} closing why the last connection ended
 */
/** @type {Link} */
export const IDLE: Link;
/**
 * @typedef {object} Parts
 * @property {import('../clock.js').Clock} clock
 * @property {() => Promise<import('./websocket.js').Wire>} dial begins an attempt
 * @property {import('./tokens.js').Tokens} tokens
 * @property {import('./position.js').Position} position
 * @property {import('./transports.js').Transports} transports
 * @property {() => Promise<boolean>} webSocketsComeThrough
 * @property {() => number | undefined} capMs where the bound of the wait between attempts stops growing just now, in milliseconds;
 *   `undefined` for the usual one
 * @property {() => boolean} mayMove whether a change of transport would disturb nobody just now
 * @property {(message: any) => void} onMessage everything that comes, in order
 * @property {(link: Link) => void} onLink
 * @property {() => number} chance from 0 up to 1
 * @property {(what: string, detail: unknown) => void} log
 */
export class Connection {
    /** @param {Parts} parts */
    constructor(parts: Parts);
    /** @type {Requests} */
    requests: Requests;
    /** Whether it is there, or comes back. */
    get running(): boolean;
    /** Connects, and stays connected until `stop` or a close that forbids coming back. */
    start(): void;
    /** Says goodbye: the server takes it as leaving, not as a broken link. */
    stop(): void;
    /** Changes the transport, without a goodbye: the new wire goes on where this one ends. */
    rewire(): void;
    /** The network or the person is back: try now, or prove that the link still holds. */
    nudge(): void;
    /** As `nudge`, after which an attempt from before is not trusted either. */
    wake(): void;
    /**
     * Sends a command without waiting for an answer. While away it is dropped.
     *
     * @param {string} type
     * @param {object} [fields]
     * @returns {boolean} whether it went out
     */
    send(type: string, fields?: object): boolean;
    #private;
}
/**
 * The connection, as people see it.
 */
export type Link = {
    /**
     * `idle`: not started; `connecting`: an attempt is
     * under way; `live`: up, and everything that was missed has come; `away`: waits for the next attempt; `refused`: it
     * will not come back by itself, and `closing` says why
     */
    phase: "idle" | "connecting" | "live" | "away" | "refused";
    /**
     * what carries it
     */
    transport: import("./websocket.js").Transport | null;
    /**
     * when the next attempt begins, milliseconds since 1970
     */
    retryAt: number | null;
    /**
     * why the last connection ended
     */
    closing: Readonly<import("./backoff.js").Closing> | null;
};
export type Parts = {
    clock: import("../clock.js").Clock;
    /**
     * begins an attempt
     */
    dial: () => Promise<import("./websocket.js").Wire>;
    tokens: import("./tokens.js").Tokens;
    position: import("./position.js").Position;
    transports: import("./transports.js").Transports;
    webSocketsComeThrough: () => Promise<boolean>;
    /**
     * where the bound of the wait between attempts stops growing just now, in milliseconds;
     * `undefined` for the usual one
     */
    capMs: () => number | undefined;
    /**
     * whether a change of transport would disturb nobody just now
     */
    mayMove: () => boolean;
    /**
     * everything that comes, in order
     */
    onMessage: (message: any) => void;
    onLink: (link: Link) => void;
    /**
     * from 0 up to 1
     */
    chance: () => number;
    log: (what: string, detail: unknown) => void;
};
import { Requests } from './requests.js';
