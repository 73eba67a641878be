/**
 * What the statistics of a peer connection say of a call. Pure.
 */
/**
 * How good the connection is; null where it is not known (yet, or by this browser).
 * @typedef {object} Quality
 * @property {number | null} roundTripMs to the other side and back, milliseconds
 * @property {number | null} lostOut how much of what this side said was lost lately, from 0 to 1: as the other side reports
 * @property {number | null} lostIn how much of what the other side said was lost, from 0 to 1, over the connection's life
 */
/**
 * @param {Iterable<any>} reports
 * @returns {{sent: number, received: number}} bytes of sound and pictures
 */
export function bytesOf(reports: Iterable<any>): {
    sent: number;
    received: number;
};
/**
 * @param {Iterable<any>} reports
 * @returns {Quality} of the voice
 */
export function qualityOf(reports: Iterable<any>): Quality;
/**
 * How good the connection is; null where it is not known (yet, or by this browser).
 */
export type Quality = {
    /**
     * to the other side and back, milliseconds
     */
    roundTripMs: number | null;
    /**
     * how much of what this side said was lost lately, from 0 to 1: as the other side reports
     */
    lostOut: number | null;
    /**
     * how much of what the other side said was lost, from 0 to 1, over the connection's life
     */
    lostIn: number | null;
};
