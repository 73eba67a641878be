/**
 * @typedef {object} OtomoOptions
 * @property {string} [url] where the server is, as `https://rt.example.com`, with the path that a proxy puts before it;
 *   the page's own origin by default
 * @property {import('./link/tokens.js').TokenSource} token a JSON Web Token, or a function that gets one each time one is
 *   needed and is told why (`connect`, `expiring`, `expired`, `unauthorized`). A function that throws, or gives what is no
 *   such token, is asked again with the next attempt; one that gives nothing, or throws an `OtomoError` with the code `UNAUTHORIZED`, ends it (`refused`)
 * @property {'auto' | import('./link/websocket.js').Transport} [transport] `auto`: a WebSocket, or an event stream where
 *   something on the way refuses WebSockets, or there are none
 * @property {string | Promise<string>} [device] what this device is called over reconnects and reloads; in a browser
 *   the tab by default, elsewhere a new one each time
 * @property {readonly string[]} [topics] what to listen to: `otomo`, `calls`, `chat`, `friends`, `rooms`, `points`; all by
 *   default
 * @property {import('./link/position.js').KeyValue | null} [storage] where position, device, transport, muting and goodbyes outlive a reload;
 *   `sessionStorage` by default where there is one, null for nowhere. It belongs to one tab: two that share one would take
 *   each other's device and position
 * @property {'now' | 'oldest'} [startAt] where a user without a saved position begins: with what comes from now on, or with
 *   all durable events that the server still keeps. `now` by default
 * @property {import('./link/websocket.js').WebSocketClass} [WebSocket] for where there is no global one (Node.js before 22);
 *   without one all goes by event stream
 * @property {typeof globalThis.fetch} [fetch]
 * @property {import('./calls/calls.js').CallOptions | false} [calls] microphone and peer connections; false where the app answers
 *   and speaks by itself, with the protocol's own commands: `otomo.calls` then shows and does nothing
 * @property {(what: string, detail: unknown) => void} [log] hears of faults that the client mends itself, as `console.debug`
 *   would; nobody by default, but `console.warn` hears of a token function that gives no token
 * @property {import('./clock.js').Clock} [clock] for tests
 * @property {() => number} [random] for tests: from 0 up to 1
 */
/**
 * @param {OtomoOptions} options
 * @throws {TypeError} names what is wrong
 */
export function checked(options: OtomoOptions): {
    transport: import("./link/websocket.js").Transport | "auto";
    topics: readonly string[];
    startAt: "now" | "oldest";
    storage: import("./link/position.js").KeyValue | null;
    device: string | Promise<string> | undefined;
    WebSocket: import("./link/websocket.js").WebSocketClass | {
        new (url: string | URL, protocols?: string | string[]): WebSocket;
        prototype: WebSocket;
        readonly CONNECTING: 0;
        readonly OPEN: 1;
        readonly CLOSING: 2;
        readonly CLOSED: 3;
    };
    calls: false | import("./calls/voice.js").CallOptions;
    log: (what: string, detail: unknown) => void;
    warn: (what: string, detail: unknown) => void;
    clock: import("./clock.js").Clock;
    random: () => number;
    token: import("./link/tokens.js").TokenSource;
    base: string;
    fetch: typeof fetch;
};
/**
 * @param {string} transport
 * @param {import('./link/websocket.js').WebSocketClass | undefined} WebSocket
 * @returns {import('./link/websocket.js').Transport | 'auto'} one that there is here
 * @throws {TypeError} names what is wrong
 */
export function chosen(transport: string, WebSocket: import("./link/websocket.js").WebSocketClass | undefined): import("./link/websocket.js").Transport | "auto";
/**
 * What REST alone needs. Nobody closes it, so its timers are those of the page.
 *
 * @param {Pick<OtomoOptions, 'token' | 'url' | 'fetch' | 'clock'>} options
 * @throws {TypeError} names what is wrong
 */
export function checkedRest(options: Pick<OtomoOptions, "token" | "url" | "fetch" | "clock">): {
    token: import("./link/tokens.js").TokenSource;
    base: string;
    fetch: typeof fetch;
    clock: import("./clock.js").Clock;
};
/** What there is to listen to. */
export const TOPICS: readonly string[];
export type OtomoOptions = {
    /**
     * where the server is, as `https://rt.example.com`, with the path that a proxy puts before it;
     * the page's own origin by default
     */
    url?: string | undefined;
    /**
     * a JSON Web Token, or a function that gets one each time one is
     * needed and is told why (`connect`, `expiring`, `expired`, `unauthorized`). A function that throws, or gives what is no
     * such token, is asked again with the next attempt; one that gives nothing, or throws an `OtomoError` with the code `UNAUTHORIZED`, ends it (`refused`)
     */
    token: import("./link/tokens.js").TokenSource;
    /**
     * `auto`: a WebSocket, or an event stream where
     * something on the way refuses WebSockets, or there are none
     */
    transport?: import("./link/websocket.js").Transport | "auto" | undefined;
    /**
     * what this device is called over reconnects and reloads; in a browser
     * the tab by default, elsewhere a new one each time
     */
    device?: string | Promise<string> | undefined;
    /**
     * what to listen to: `otomo`, `calls`, `chat`, `friends`, `rooms`, `points`; all by
     * default
     */
    topics?: readonly string[] | undefined;
    /**
     * where position, device, transport, muting and goodbyes outlive a reload;
     * `sessionStorage` by default where there is one, null for nowhere. It belongs to one tab: two that share one would take
     * each other's device and position
     */
    storage?: import("./link/position.js").KeyValue | null | undefined;
    /**
     * where a user without a saved position begins: with what comes from now on, or with
     * all durable events that the server still keeps. `now` by default
     */
    startAt?: "now" | "oldest" | undefined;
    /**
     * for where there is no global one (Node.js before 22);
     * without one all goes by event stream
     */
    WebSocket?: import("./link/websocket.js").WebSocketClass | undefined;
    fetch?: typeof fetch | undefined;
    /**
     * microphone and peer connections; false where the app answers
     * and speaks by itself, with the protocol's own commands: `otomo.calls` then shows and does nothing
     */
    calls?: false | import("./calls/voice.js").CallOptions | undefined;
    /**
     * hears of faults that the client mends itself, as `console.debug`
     * would; nobody by default, but `console.warn` hears of a token function that gives no token
     */
    log?: ((what: string, detail: unknown) => void) | undefined;
    /**
     * for tests
     */
    clock?: import("./clock.js").Clock | undefined;
    /**
     * for tests: from 0 up to 1
     */
    random?: (() => number) | undefined;
};
