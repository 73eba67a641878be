/**
 * @typedef {object} Way
 * @property {string} base where the server is, without a slash at the end
 * @property {string} topics
 * @property {() => Promise<string>} device
 * @property {typeof globalThis.fetch} fetch
 * @property {import('./websocket.js').WebSocketClass} WebSocket
 * @property {import('../clock.js').Clock} clock
 * @property {import('./tokens.js').Tokens} tokens
 * @property {import('./position.js').Position} position
 * @property {import('./transports.js').Transports} transports
 * @property {(what: string, detail: unknown) => void} log
 */
export class Dialer {
    /** @param {Way} way */
    constructor(way: Way);
    /**
     * @returns {Promise<import('./websocket.js').Wire>} one that is being opened
     * @throws {OtomoError} `NO_TOKEN`
     */
    dial(): Promise<import("./websocket.js").Wire>;
    /** @returns {Promise<boolean>} whether WebSockets come through */
    webSocketsComeThrough(): Promise<boolean>;
    #private;
}
export type Way = {
    /**
     * where the server is, without a slash at the end
     */
    base: string;
    topics: string;
    device: () => Promise<string>;
    fetch: typeof globalThis.fetch;
    WebSocket: import("./websocket.js").WebSocketClass;
    clock: import("../clock.js").Clock;
    tokens: import("./tokens.js").Tokens;
    position: import("./position.js").Position;
    transports: import("./transports.js").Transports;
    log: (what: string, detail: unknown) => void;
};
