/** How long commands that are repeated may take by default, in milliseconds: a tunnel, a restart. */
export const REPEATED_MS: 30000;
/**
 * How much longer than the app's backend (`actionTimeoutMs` of the server's limits) the answer to a command may take, in
 * milliseconds. A server that asks another node gives up 10 s after that time, and its word has to come here.
 */
export const ANSWER_MS: 15000;
/** After so long without an answer the link itself is in doubt, in milliseconds. */
export const DOUBT_MS: 10000;
/**
 * Longer pauses than this, which a refusal asks for, are for people to decide, in milliseconds. Who waits for as long as it
 * takes decides nothing: such a request keeps to what the server asks for, and else to this at most.
 */
export const PATIENCE_MS: 5000;
/**
 * @typedef {object} RequestOptions
 * @property {number} [timeoutMs] how long to wait for the answer, over all repeats; `Infinity` for as long as it takes,
 *   also over refusals for haste and a store that is away. 30,000 where the command may be repeated, else 15,000 more
 *   than the app's backend has for actions
 * @property {boolean} [retry] whether it may be repeated; what the protocol says of the command where it is not given.
 *   `false`: said once, not even again after a refusal for haste
 * @property {AbortSignal} [signal] gives up waiting; a command that has gone out may still be carried out
 *
 * @typedef {object} Pending
 * @property {string} type
 * @property {string} text
 * @property {number} bytes how long it is
 * @property {boolean} repeats whether it is said again where nobody can tell if it was done
 * @property {boolean} patient whether it is said again after a refusal for haste
 * @property {number} until milliseconds since 1970
 * @property {boolean} sent whether it is out on the link that is there now
 * @property {number} refusals
 * @property {(answer: any) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {(() => void)[]} ends what to take back when it is over
 * @property {() => void} cancelDoubt takes back the question whether the link still holds
 * @property {() => void} cancelPause takes back what says it again after a refusal
 */
export class Requests {
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {(text: string) => boolean} parts.send false while away
     * @param {() => boolean} parts.returns whether a link is there or will be
     * @param {() => void} parts.probe proves that the link still holds
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        send: (text: string) => boolean;
        returns: () => boolean;
        probe: () => void;
    });
    /**
     * @param {string} type
     * @param {Record<string, any>} fields
     * @param {RequestOptions} [options]
     * @returns {Promise<any>} the answer
     * @throws {OtomoError}
     */
    request(type: string, fields: Record<string, any>, { retry, timeoutMs, signal }?: RequestOptions): Promise<any>;
    /**
     * A connection is there, with these limits. What waits and is longer than it takes is refused.
     *
     * @param {object} limits
     * @param {number} limits.messageSize bytes; 0 for any number
     * @param {number} [limits.actionTimeoutMs] how long the app's backend has for an action; a server of before does not say it
     */
    keepTo({ messageSize, actionTimeoutMs }: {
        messageSize: number;
        actionTimeoutMs?: number | undefined;
    }): void;
    /** The link is up: say all that waits, in the order in which it was asked. */
    live(): void;
    /** The link is gone, and comes back. */
    lost(): void;
    /** Nobody comes back. @param {Record<string, any>} [context] why */
    end(context?: Record<string, any>): void;
    /** @param {any} message which may be an answer */
    answer(message: any): void;
    #private;
}
export type RequestOptions = {
    /**
     * how long to wait for the answer, over all repeats; `Infinity` for as long as it takes,
     * also over refusals for haste and a store that is away. 30,000 where the command may be repeated, else 15,000 more
     * than the app's backend has for actions
     */
    timeoutMs?: number | undefined;
    /**
     * whether it may be repeated; what the protocol says of the command where it is not given.
     * `false`: said once, not even again after a refusal for haste
     */
    retry?: boolean | undefined;
    /**
     * gives up waiting; a command that has gone out may still be carried out
     */
    signal?: AbortSignal | undefined;
};
export type Pending = {
    type: string;
    text: string;
    /**
     * how long it is
     */
    bytes: number;
    /**
     * whether it is said again where nobody can tell if it was done
     */
    repeats: boolean;
    /**
     * whether it is said again after a refusal for haste
     */
    patient: boolean;
    /**
     * milliseconds since 1970
     */
    until: number;
    /**
     * whether it is out on the link that is there now
     */
    sent: boolean;
    refusals: number;
    resolve: (answer: any) => void;
    reject: (error: unknown) => void;
    /**
     * what to take back when it is over
     */
    ends: (() => void)[];
    /**
     * takes back the question whether the link still holds
     */
    cancelDoubt: () => void;
    /**
     * takes back what says it again after a refusal
     */
    cancelPause: () => void;
};
