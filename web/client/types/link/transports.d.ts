/**
 * Which transport the next attempt takes, where the app leaves it to us ('auto').
 *
 * A WebSocket, unless it does not come up although HTTP does: then something on the way refuses upgrades, and an
 * event stream with posted commands goes through. Where WebSockets came through before, that takes two attempts: an outage
 * that ends between an attempt and the look is no refusal. That is remembered for the session (a reload need not find out again),
 * and asked again now and then, because networks change.
 */
/** @typedef {import('./websocket.js').Transport} Transport */
/** After how long on an event stream to ask whether WebSockets come through by now, in milliseconds. */
export const ASK_AGAIN_MS: 300000;
/** The wait that asking in vain grows to, in milliseconds. */
export const ASK_AGAIN_MAX_MS: 3600000;
export class Transports {
    /**
     * @param {Transport | 'auto'} choice
     * @param {import('./position.js').KeyValue | null} storage
     */
    constructor(choice: Transport | "auto", storage: import("./position.js").KeyValue | null);
    /** @param {Transport | 'auto'} choice */
    choose(choice: Transport | "auto"): void;
    /** @returns {boolean} whether to look if HTTP gets through before `next` */
    get wantsLook(): boolean;
    /**
     * @param {boolean} httpGetsThrough what a look told, if there was one
     * @returns {Transport}
     */
    next(httpGetsThrough?: boolean): Transport;
    /** An attempt ended. @param {Transport} transport @param {boolean} heard whether anything came over it */
    ended(transport: Transport, heard: boolean): void;
    /**
     * Lives on an event stream that nobody chose.
     * @returns {number | null} after how long to ask whether WebSockets come through; null: never
     */
    get askInMs(): number | null;
    /** It was asked. @param {boolean} comesThrough */
    asked(comesThrough: boolean): void;
    #private;
}
export type Transport = import("./websocket.js").Transport;
