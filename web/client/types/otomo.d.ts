/**
 * @typedef {import('../types/protocol.js').EventMap} EventMap
 * @typedef {import('../types/protocol.js').CommandMap} CommandMap
 * @typedef {import('../types/protocol.js').OtomoEvent} OtomoEvent
 * @typedef {import('../types/protocol.js').ActionAck} ActionAck
 */
/**
 * An event of a type that the app has made up: what is in it, the app has to look at.
 * @typedef {{type: string, [field: string]: unknown}} AppEvent
 */
/**
 * An event as listeners get it.
 * @template {string} Type
 * @typedef {Type extends keyof EventMap ? EventMap[Type] : Type extends '*' ? OtomoEvent | AppEvent : AppEvent} EventOf
 */
/**
 * The answer to a command; `never` where there is none. Commands that the app has named itself are acknowledged.
 * @template {string} Type
 * @typedef {Type extends keyof CommandMap ? ([CommandMap[Type]['answer']] extends [void] ? never : CommandMap[Type]['answer']) : ActionAck} AnswerOf
 */
/**
 * The fields of a command that is answered. The client names a message where the app does not.
 * @template {string} Type
 * @typedef {Type extends 'message_send' ? Optional<CommandMap['message_send']['fields'], 'clientMessageId'>
 *   : Type extends 'call_request' ? Optional<CommandMap['call_request']['fields'], 'callId'>
 *   : Type extends keyof CommandMap ? ([CommandMap[Type]['answer']] extends [void] ? never : CommandMap[Type]['fields'])
 *   : Record<string, any>} FieldsOf
 */
/**
 * @template Fields
 * @template {keyof Fields} Name
 * @typedef {Omit<Fields, Name> & Partial<Pick<Fields, Name>>} Optional
 */
export class Otomo {
    /** @param {import('./options.js').OtomoOptions} options */
    constructor(options: import("./options.js").OtomoOptions);
    /** REST with the same token. @type {Rest} */
    rest: Rest;
    /** Calling and being called. @type {Calls} */
    calls: Calls;
    /** The connection, as people see it. */
    link: import("./store.js").Store<import("./link/connection.js").Link>;
    /** Connects, and stays connected until `stop`, or until the server says not to come back (`link`: `refused`). */
    start(): void;
    /** Says goodbye: to others its user has left. Requests that wait are refused with `DISCONNECTED`. */
    stop(): void;
    /** Tries at once where it is away (unless the server asked for a pause), or proves that the link still holds. */
    nudge(): void;
    /**
     * Goes on over another kind of wire, from where the first one ends.
     * @param {'auto' | import('./link/websocket.js').Transport} transport
     * @throws {TypeError} there is none of that kind here
     */
    useTransport(transport: "auto" | import("./link/websocket.js").Transport): void;
    /** The newest `connected`: who we are, which limits hold; null before. @returns {EventMap['connected'] | null} */
    get hello(): EventMap["connected"] | null;
    /** How far the server's clock is ahead of this one, in milliseconds, to the second. */
    get clockOffset(): number;
    /** The list of otomo, in the order that people see. */
    get otomos(): import("./store.js").Store<readonly import("./stores/otomos.js").OtomoPerson[]>;
    /** Whether the list of otomo has come. */
    get otomosKnown(): boolean;
    /** How much is unread, in each conversation and in all. */
    get unread(): import("./store.js").Store<import("./stores/unread.js").Unread>;
    /** Who is typing, by conversation. */
    get typing(): import("./store.js").Store<Readonly<Record<string, readonly string[]>>>;
    /** Which friends and conversation partners are online. */
    get friends(): import("./store.js").Store<import("./stores/friends.js").Friends>;
    /** Points. */
    get points(): import("./store.js").Store<import("./stores/points.js").Points>;
    /**
     * Hears of an event, after the stores have taken it. Types of the app's own are heard too.
     *
     * @template {keyof EventMap | '*' | (string & {})} Type
     * @param {Type} type `*` for everything
     * @param {(event: EventOf<Type>) => void} listener
     * @returns {() => void} takes it off
     */
    on<Type extends keyof EventMap | "*" | (string & {})>(type: Type, listener: (event: EventOf<Type>) => void): () => void;
    /**
     * Sends a command without waiting for an answer.
     *
     * @template {keyof CommandMap} Type
     * @param {Type} type
     * @param {CommandMap[Type]['fields']} fields
     * @returns {boolean} whether it went out; false while away
     */
    send<Type extends keyof CommandMap>(type: Type, fields: CommandMap[Type]["fields"]): boolean;
    /**
     * Sends a command and waits for its answer. One that may be repeated without harm waits for the link, and is said again
     * after each return, until its time is up.
     *
     * @template {keyof CommandMap | (string & {})} Type
     * @param {Type} type
     * @param {FieldsOf<Type>} fields
     * @param {import('./link/requests.js').RequestOptions} [options]
     * @returns {Promise<AnswerOf<Type>>}
     * @throws {import('./errors.js').OtomoError}
     */
    request<Type extends keyof CommandMap | (string & {})>(type: Type, fields: FieldsOf<Type>, options?: import("./link/requests.js").RequestOptions): Promise<AnswerOf<Type>>;
    #private;
}
export type EventMap = import("../types/protocol.js").EventMap;
export type CommandMap = import("../types/protocol.js").CommandMap;
export type OtomoEvent = import("../types/protocol.js").OtomoEvent;
export type ActionAck = import("../types/protocol.js").ActionAck;
/**
 * An event of a type that the app has made up: what is in it, the app has to look at.
 */
export type AppEvent = {
    type: string;
    [field: string]: unknown;
};
/**
 * An event as listeners get it.
 */
export type EventOf<Type extends string> = Type extends keyof EventMap ? EventMap[Type] : Type extends "*" ? OtomoEvent | AppEvent : AppEvent;
/**
 * The answer to a command; `never` where there is none. Commands that the app has named itself are acknowledged.
 */
export type AnswerOf<Type extends string> = Type extends keyof CommandMap ? ([CommandMap[Type]["answer"]] extends [void] ? never : CommandMap[Type]["answer"]) : ActionAck;
/**
 * The fields of a command that is answered. The client names a message where the app does not.
 */
export type FieldsOf<Type extends string> = Type extends "message_send" ? Optional<CommandMap["message_send"]["fields"], "clientMessageId"> : Type extends "call_request" ? Optional<CommandMap["call_request"]["fields"], "callId"> : Type extends keyof CommandMap ? ([CommandMap[Type]["answer"]] extends [void] ? never : CommandMap[Type]["fields"]) : Record<string, any>;
export type Optional<Fields, Name extends keyof Fields> = Omit<Fields, Name> & Partial<Pick<Fields, Name>>;
import { Rest } from './rest.js';
import { Calls } from './calls/calls.js';
