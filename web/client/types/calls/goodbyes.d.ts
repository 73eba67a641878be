/**
 * @typedef {object} Goodbye
 * @property {string} command by which one leaves
 * @property {string} callId
 * @property {object} fields
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
    /** Says those that nobody has answered before the page was loaded anew, or the client was stopped. */
    resume(): void;
    /**
     * Says one. It is over for its person whatever the server says to it: ended already, or not known at all.
     *
     * @param {string} command by which one leaves
     * @param {string} callId
     * @param {object} [fields]
     * @returns {Promise<void>} once there is an answer, or nobody will answer any more
     */
    say(command: string, callId: string, fields?: object): Promise<void>;
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
     * by which one leaves
     */
    command: string;
    callId: string;
    fields: object;
};
