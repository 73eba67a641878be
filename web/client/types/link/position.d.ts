/**
 * @param {{type: string, seq?: unknown}} message
 * @returns {boolean} whether it came out of the inbox
 */
export function isDurable(message: {
    type: string;
    seq?: unknown;
}): boolean;
/**
 * Whether a durable event continues what is already here. `prev` is the event before it that this
 * connection's topics let through: something is lost only if that one lies above our own position.
 *
 * @param {number | null} seq our position; null before there is one
 * @param {{seq: number, prev?: number | null}} event
 * @returns {Verdict}
 */
export function judge(seq: number | null, event: {
    seq: number;
    prev?: number | null;
}): Verdict;
/**
 * Where a message leaves us.
 *
 * @param {number | null} seq
 * @param {any} message
 * @param {'now' | 'oldest'} startAt where somebody without a position begins
 * @returns {number | null}
 */
export function advance(seq: number | null, message: any, startAt: "now" | "oldest"): number | null;
export class Position {
    /**
     * @param {object} options
     * @param {KeyValue | null} options.storage what outlives a reload; null: nothing does
     * @param {string} options.topics a position belongs to one choice of topics
     * @param {'now' | 'oldest'} options.startAt
     * @param {(what: string, detail: unknown) => void} options.log
     */
    constructor({ storage, topics, startAt, log }: {
        storage: KeyValue | null;
        topics: string;
        startAt: "now" | "oldest";
        log: (what: string, detail: unknown) => void;
    });
    /** The last event that is here; null before anything is known. */
    get seq(): number | null;
    /**
     * Takes up the position of a user, before the connection is made.
     * @param {string | null} userId null where the token does not tell
     */
    of(userId: string | null): void;
    /** @param {any} message @returns {Verdict} */
    judge(message: any): Verdict;
    /**
     * To be called once everybody has heard the message.
     *
     * @param {any} message
     * @returns {boolean} whether to come back for what the stream still holds: this connection goes on from its head
     */
    took(message: any): boolean;
    #private;
}
export type Verdict = "take" | "repeat" | "gap";
export type KeyValue = Pick<Storage, "getItem" | "setItem" | "removeItem">;
