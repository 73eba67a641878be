/**
 * @param {TypingUntil} state
 * @param {any} event
 * @param {number} now milliseconds since 1970
 * @returns {TypingUntil}
 */
export function reduceTyping(state: TypingUntil, event: any, now: number): TypingUntil;
/**
 * @param {TypingUntil} state
 * @param {number} now
 * @returns {TypingUntil} without those whose time is over
 */
export function expired(state: TypingUntil, now: number): TypingUntil;
/**
 * @param {TypingUntil} state
 * @returns {number} when the next one's time is over, milliseconds since 1970; `Infinity` where nobody types
 */
export function nextExpiry(state: TypingUntil): number;
/**
 * @param {TypingUntil} state
 * @param {Typing} old keeps its lists where they are the same
 * @returns {Typing}
 */
export function shown(state: TypingUntil, old: Typing): Typing;
/**
 * Who is typing where. The server ends it; if that event is lost with a link, a timeout does.
 */
/** By conversation and person: until when, milliseconds since 1970. @typedef {Readonly<Record<string, Readonly<Record<string, number>>>>} TypingUntil */
/** @typedef {Readonly<Record<string, readonly string[]>>} Typing by conversation */
/** @type {TypingUntil} */
export const NOBODY_TYPING: TypingUntil;
/**
 * By conversation and person: until when, milliseconds since 1970.
 */
export type TypingUntil = Readonly<Record<string, Readonly<Record<string, number>>>>;
/**
 * by conversation
 */
export type Typing = Readonly<Record<string, readonly string[]>>;
