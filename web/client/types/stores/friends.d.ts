/**
 * @param {Friends} state
 * @param {any} event
 * @returns {Friends}
 */
export function reduceFriends(state: Friends, event: any): Friends;
/**
 * @param {Friends} state what was heard live is newer
 * @param {Readonly<Record<string, boolean>>} statuses as REST tells them
 * @returns {Friends}
 */
export function withStatuses(state: Friends, statuses: Readonly<Record<string, boolean>>): Friends;
/**
 * Which friends and conversation partners are online, and when the others last were (source document 004).
 */
/**
 * @typedef {object} Friends
 * @property {Readonly<Record<string, boolean>>} statuses
 * @property {Readonly<Record<string, number>>} lastSeen UNIX seconds, of those who are not online
 */
/** @type {Friends} */
export const NO_FRIENDS: Friends;
export type Friends = {
    statuses: Readonly<Record<string, boolean>>;
    /**
     * UNIX seconds, of those who are not online
     */
    lastSeen: Readonly<Record<string, number>>;
};
