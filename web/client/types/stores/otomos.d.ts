/**
 * @param {OtomosState} state
 * @param {any} event
 * @returns {OtomosState}
 */
export function reduceOtomos(state: OtomosState, event: any): OtomosState;
/**
 * @param {OtomosState} state
 * @param {{userId: string, name: string | null, avatar: string | null}} profile as REST tells it
 * @returns {OtomosState}
 */
export function withProfile(state: OtomosState, { userId, name, avatar }: {
    userId: string;
    name: string | null;
    avatar: string | null;
}): OtomosState;
/**
 * The list of otomo (source document 000, U-01) in the order that people see: an old list and an event give the
 * new one. Online first, then busy, break, offline; in each the most recent change first.
 *
 * The law that the tests hold: a snapshot and the updates after it give what a fresh snapshot gives.
 */
/** @typedef {'online' | 'busy' | 'break' | 'offline'} OtomoStatus */
/**
 * @typedef {object} OtomoPerson
 * @property {string} userId
 * @property {string | null} name null until somebody told us
 * @property {string | null} avatar
 * @property {OtomoStatus} status
 * @property {number} timestamp when the status changed, UNIX seconds
 */
/**
 * @typedef {object} OtomosState
 * @property {boolean} known false until the first snapshot is whole
 * @property {readonly OtomoPerson[]} list
 * @property {Coming | null} coming a snapshot that goes on with the next message of its type
 *
 * @typedef {object} Coming
 * @property {readonly OtomoPerson[]} list
 * @property {readonly OtomoUpdate[]} updates what was told since it began
 *
 * @typedef {{userId: string, status: OtomoStatus, timestamp: number}} OtomoUpdate
 */
/** The order that people see: who can be called first. @type {readonly OtomoStatus[]} */
export const STATUSES: readonly OtomoStatus[];
/** @type {OtomosState} */
export const NO_OTOMOS: OtomosState;
export type OtomoStatus = "online" | "busy" | "break" | "offline";
export type OtomoPerson = {
    userId: string;
    /**
     * null until somebody told us
     */
    name: string | null;
    avatar: string | null;
    status: OtomoStatus;
    /**
     * when the status changed, UNIX seconds
     */
    timestamp: number;
};
export type OtomosState = {
    /**
     * false until the first snapshot is whole
     */
    known: boolean;
    list: readonly OtomoPerson[];
    /**
     * a snapshot that goes on with the next message of its type
     */
    coming: Coming | null;
};
export type Coming = {
    list: readonly OtomoPerson[];
    /**
     * what was told since it began
     */
    updates: readonly OtomoUpdate[];
};
export type OtomoUpdate = {
    userId: string;
    status: OtomoStatus;
    timestamp: number;
};
