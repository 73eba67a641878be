/**
 * @typedef {import('./options.js').OtomoOptions} OtomoOptions
 * @typedef {import('./link/tokens.js').TokenReason} TokenReason
 * @typedef {import('./link/tokens.js').TokenSource} TokenSource
 * @typedef {import('./link/websocket.js').Transport} Transport
 * @typedef {import('./link/connection.js').Link} Link
 * @typedef {import('./link/requests.js').RequestOptions} RequestOptions
 * @typedef {import('./stores/otomos.js').OtomoPerson} OtomoPerson
 * @typedef {import('./stores/otomos.js').OtomoStatus} OtomoStatus
 * @typedef {import('./stores/unread.js').Unread} Unread
 * @typedef {import('./stores/typing.js').Typing} Typing
 * @typedef {import('./stores/friends.js').Friends} Friends
 * @typedef {import('./stores/points.js').Points} Points
 * @typedef {import('./calls/state.js').Call} Call
 * @typedef {import('./calls/state.js').Person} Person
 * @typedef {import('./calls/voice.js').CallOptions} CallOptions
 * @typedef {import('./calls/stats.js').Quality} Quality
 * @typedef {import('./otomo.js').EventMap} EventMap
 * @typedef {import('./otomo.js').CommandMap} CommandMap
 * @typedef {import('./otomo.js').OtomoEvent} OtomoEvent
 * @typedef {import('./otomo.js').AppEvent} AppEvent
 */
/**
 * What views see of a store.
 * @template T
 * @typedef {import('./store.js').Store<T>} Store
 */
/**
 * What may be said with a request.
 * @template {object} [Query=Record<string, string | number | boolean>]
 * @typedef {import('./rest.js').RestOptions<Query>} RestOptions
 */
/**
 * An event as listeners get it.
 * @template {string} Type
 * @typedef {import('./otomo.js').EventOf<Type>} EventOf
 */
/**
 * Makes a client; `start` connects it.
 *
 * @param {import('./options.js').OtomoOptions} options
 * @returns {Otomo}
 * @throws {TypeError} an option that cannot be right
 */
export function createOtomo(options: import("./options.js").OtomoOptions): Otomo;
/**
 * REST without a connection: for a page that only asks, or for somebody else's token.
 *
 * @param {Pick<import('./options.js').OtomoOptions, 'url' | 'token' | 'fetch' | 'clock'>} options
 * @returns {Rest}
 * @throws {TypeError} an option that cannot be right
 */
export function createRest(options: Pick<import("./options.js").OtomoOptions, "url" | "token" | "fetch" | "clock">): Rest;
export { Otomo } from "./otomo.js";
export { OtomoError } from "./errors.js";
export { newId } from "./id.js";
export { Rest } from "./rest.js";
export { claimDevice } from "./device.js";
export { IDLE } from "./link/connection.js";
export { readClaims } from "./link/jwt.js";
export { createStore } from "./store.js";
export { NO_FRIENDS } from "./stores/friends.js";
export { STATUSES } from "./stores/otomos.js";
export { NO_POINTS } from "./stores/points.js";
export { NO_UNREAD } from "./stores/unread.js";
export { TOPICS } from "./options.js";
export type OtomoOptions = import("./options.js").OtomoOptions;
export type TokenReason = import("./link/tokens.js").TokenReason;
export type TokenSource = import("./link/tokens.js").TokenSource;
export type Transport = import("./link/websocket.js").Transport;
export type Link = import("./link/connection.js").Link;
export type RequestOptions = import("./link/requests.js").RequestOptions;
export type OtomoPerson = import("./stores/otomos.js").OtomoPerson;
export type OtomoStatus = import("./stores/otomos.js").OtomoStatus;
export type Unread = import("./stores/unread.js").Unread;
export type Typing = import("./stores/typing.js").Typing;
export type Friends = import("./stores/friends.js").Friends;
export type Points = import("./stores/points.js").Points;
export type Call = import("./calls/state.js").Call;
export type Person = import("./calls/state.js").Person;
export type CallOptions = import("./calls/voice.js").CallOptions;
export type Quality = import("./calls/stats.js").Quality;
export type EventMap = import("./otomo.js").EventMap;
export type CommandMap = import("./otomo.js").CommandMap;
export type OtomoEvent = import("./otomo.js").OtomoEvent;
export type AppEvent = import("./otomo.js").AppEvent;
/**
 * What views see of a store.
 */
export type Store<T> = import("./store.js").Store<T>;
/**
 * What may be said with a request.
 */
export type RestOptions<Query extends object = Record<string, string | number | boolean>> = import("./rest.js").RestOptions<Query>;
/**
 * An event as listeners get it.
 */
export type EventOf<Type extends string> = import("./otomo.js").EventOf<Type>;
import { Otomo } from './otomo.js';
import { Rest } from './rest.js';
export { isLive, NO_CALL } from "./calls/state.js";
