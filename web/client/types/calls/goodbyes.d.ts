/**
 * @typedef {object} Goodbye
 * @property {string} userId who says it
 * @property {string} command by which one leaves
 * @property {string} callId
 * @property {object} fields more of the command's
 *
 * @typedef {object} Saying
 * @property {string | null} userId who says it; null before the server has said who this is: it knows of no call of theirs then
 * @property {AbortController} given up
 */
export class Goodbyes {
    /**
     * @param {object} parts
     * @param {(type: string, fields: object, options: import('../link/requests.js').RequestOptions) => Promise<any>} parts.request
     * @param {import('../link/position.js').KeyValue | null} parts.storage
     * @param {(what: string, detail: unknown) => void} parts.log
     */
    constructor({ request, storage, log }: {
        request: (type: string, fields: object, options: import("../link/requests.js").RequestOptions) => Promise<any>;
        storage: import("../link/position.js").KeyValue | null;
        log: (what: string, detail: unknown) => void;
    });
    /**
     * Says those that nobody has answered before the page was loaded anew, or the client was stopped, ahead of all that is
     * asked for from now on. Nothing goes out before the server has said who this is (`of`).
     */
    resume(): void;
    /**
     * The server says who this client is: that one's goodbyes are said, and those of others wait for their return.
     * @param {string} userId
     */
    of(userId: string): void;
    /**
     * Says one. It is over for its person whatever the server says to it: ended already, or not known at all.
     *
     * @param {string} command by which one leaves
     * @param {string} callId
     * @param {object} [fields]
     * @returns {Promise<void>} once there is an answer, or nobody will answer any more
     */
    say(command: string, callId: string, fields?: object): Promise<void>;
    /**
     * Leaves one to the next start.
     *
     * @param {string} command by which one leaves
     * @param {string} callId
     * @param {object} [fields]
     */
    keep(command: string, callId: string, fields?: object): void;
    /** @param {string} callId @returns {boolean} whether one is on its way */
    waitsFor(callId: string): boolean;
    /**
     * The two may have called each other just when this side gave up: its request then counts as an answer, and the call that
     * it joined has to be left, too. The acknowledgement says so; over a break, the snapshot.
     *
     * @param {any} event of the server
     * @returns {string | null} the call that was joined
     */
    joinedCall({ type, callId, joinedCallId, call, recent }: any): string | null;
    #private;
}
export type Goodbye = {
    /**
     * who says it
     */
    userId: string;
    /**
     * by which one leaves
     */
    command: string;
    callId: string;
    /**
     * more of the command's
     */
    fields: object;
};
export type Saying = {
    /**
     * who says it; null before the server has said who this is: it knows of no call of theirs then
     */
    userId: string | null;
    /**
     * up
     */
    given: AbortController;
};
