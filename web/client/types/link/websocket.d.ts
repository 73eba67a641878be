/**
 * What carries a connection. It ends with the close codes of the protocol, whatever it is made of.
 *
 * @typedef {object} Wire
 * @property {Transport} transport
 * @property {((message: any) => void) | null} onmessage
 * @property {(() => void) | null} onalive a sign of life that is no message
 * @property {((end: WireEnd) => void) | null} onclose
 * @property {(text: string) => void} send
 * @property {(code: number) => void} close without `onclose`; 1000 says goodbye
 *
 * @typedef {'websocket' | 'sse'} Transport
 *
 * @typedef {object} WireEnd
 * @property {number} code
 * @property {import('./backoff.js').Closing} [closing] what a refusal said, where the server could not say it in the stream
 *
 * What is used of a WebSocket, so that other implementations than a browser's fit too.
 * @typedef {object} SocketLike
 * @property {any} onopen
 * @property {any} onmessage with a string as `data`
 * @property {any} onerror
 * @property {any} onclose with a `code`
 * @property {(text: string) => void} send
 * @property {(code?: number) => void} close
 *
 * @typedef {new (url: string, protocols?: string | string[]) => SocketLike} WebSocketClass
 */
/**
 * @param {object} way
 * @param {WebSocketClass} way.WebSocket
 * @param {string} way.url
 * @param {string} way.token
 * @param {(what: string, detail: unknown) => void} way.log
 * @returns {Wire} one that is being opened
 */
export function openWebSocket({ WebSocket, url, token, log }: {
    WebSocket: WebSocketClass;
    url: string;
    token: string;
    log: (what: string, detail: unknown) => void;
}): Wire;
/**
 * Whether WebSockets come through. Nobody is signed in by it: the server waits for a token that does not come.
 *
 * @param {WebSocketClass} WebSocket
 * @param {string} url
 * @param {import('../clock.js').Clock} clock
 * @param {number} limitMs
 * @returns {Promise<boolean>}
 */
export function comesThrough(WebSocket: WebSocketClass, url: string, clock: import("../clock.js").Clock, limitMs: number): Promise<boolean>;
/**
 * What carries a connection. It ends with the close codes of the protocol, whatever it is made of.
 */
export type Wire = {
    transport: Transport;
    onmessage: ((message: any) => void) | null;
    /**
     * a sign of life that is no message
     */
    onalive: (() => void) | null;
    onclose: ((end: WireEnd) => void) | null;
    send: (text: string) => void;
    /**
     * without `onclose`; 1000 says goodbye
     */
    close: (code: number) => void;
};
/**
 * What carries a connection. It ends with the close codes of the protocol, whatever it is made of.
 */
export type Transport = "websocket" | "sse";
/**
 * What carries a connection. It ends with the close codes of the protocol, whatever it is made of.
 */
export type WireEnd = {
    code: number;
    /**
     * what a refusal said, where the server could not say it in the stream
     *
     * What is used of a WebSocket, so that other implementations than a browser's fit too.
     */
    closing?: import("./backoff.js").Closing | undefined;
};
/**
 * What carries a connection. It ends with the close codes of the protocol, whatever it is made of.
 */
export type SocketLike = {
    onopen: any;
    /**
     * with a string as `data`
     */
    onmessage: any;
    onerror: any;
    /**
     * with a `code`
     */
    onclose: any;
    send: (text: string) => void;
    close: (code?: number) => void;
};
/**
 * What carries a connection. It ends with the close codes of the protocol, whatever it is made of.
 */
export type WebSocketClass = new (url: string, protocols?: string | string[]) => SocketLike;
