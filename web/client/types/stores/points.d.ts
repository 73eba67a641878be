/**
 * @param {Points} state
 * @param {any} event
 * @returns {Points}
 */
export function reducePoints(state: Points, event: any): Points;
/**
 * @param {Points} state
 * @param {number} balance as REST tells it
 * @returns {Points}
 */
export function withBalance(state: Points, balance: number): Points;
/** @param {{type: string}} event @returns {boolean} whether it tells a balance */
export function tellsBalance({ type }: {
    type: string;
}): boolean;
/**
 * A user's points (source document 003, "SP").
 */
/**
 * @typedef {object} Points
 * @property {number | null} balance null until it is known
 * @property {Told | null} last what was told last; null before
 *
 * @typedef {import('../../types/protocol.js').EventMap} EventMap
 * @typedef {EventMap['sp_update'] | EventMap['sp_insufficient'] | EventMap['sp_daily_recovery']} Told
 */
/** @type {Points} */
export const NO_POINTS: Points;
export type Points = {
    /**
     * null until it is known
     */
    balance: number | null;
    /**
     * what was told last; null before
     */
    last: Told | null;
};
export type EventMap = import("../../types/protocol.js").EventMap;
export type Told = EventMap["sp_update"] | EventMap["sp_insufficient"] | EventMap["sp_daily_recovery"];
