/**
 * @param {Unread} state
 * @param {any} event
 * @param {string | null} me whose count it is
 * @returns {Unread}
 */
export function reduceUnread(state: Unread, event: any, me: string | null): Unread;
/**
 * How much is unread, in each conversation and in all: an old count and an event give the new one.
 *
 * Nothing is counted up: what is unread is the last message less the last one read. Both only rise, so what is heard
 * twice or late changes nothing. The law: a snapshot and the events after it give what a fresh snapshot gives.
 */
/**
 * @typedef {object} UnreadIn
 * @property {number} unread
 * @property {number} readSeq up to where its person has read, or what they skipped is no longer kept
 * @property {number} lastSeq the last message
 */
/** @typedef {{total: number, conversations: Readonly<Record<string, UnreadIn>>}} Unread */
/** @type {Unread} */
export const NO_UNREAD: Unread;
export type UnreadIn = {
    unread: number;
    /**
     * up to where its person has read, or what they skipped is no longer kept
     */
    readSeq: number;
    /**
     * the last message
     */
    lastSeq: number;
};
export type Unread = {
    total: number;
    conversations: Readonly<Record<string, UnreadIn>>;
};
