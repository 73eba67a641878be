/**
 * How many actions may be on their way at once: each has one of the few connections that a browser keeps to one server, and the
 * stream and the other commands need theirs.
 */
export const ACTIONS_MAX: 2;
/** @implements {Wire} @typedef {import('./websocket.js').Wire} Wire */
export class EventStream implements Wire {
    /**
     * @param {object} way
     * @param {typeof globalThis.fetch} way.fetch
     * @param {string} way.base where the server is
     * @param {URLSearchParams} way.query
     * @param {() => string} way.token asked anew for each request
     * @param {import('../clock.js').Clock} way.clock
     * @param {(what: string, detail: unknown) => void} way.log
     */
    constructor(way: {
        fetch: typeof globalThis.fetch;
        base: string;
        query: URLSearchParams;
        token: () => string;
        clock: import("../clock.js").Clock;
        log: (what: string, detail: unknown) => void;
    });
    /** @type {'sse'} */
    transport: "sse";
    /** @type {Wire['onmessage']} */
    onmessage: Wire["onmessage"];
    /** @type {Wire['onalive']} */
    onalive: Wire["onalive"];
    /** @type {Wire['onclose']} */
    onclose: Wire["onclose"];
    /** @param {string} text a command */
    send(text: string): void;
    /** @param {number} code 1000 says goodbye; a stream that merely ends looks like a reload */
    close(code: number): void;
    #private;
}
export type Wire = import("./websocket.js").Wire;
