/**
 * What the statistics of a peer connection say of a call. Pure.
 */
/**
 * How good the connection is; null where it is not known (yet, or by this browser).
 * @typedef {object} Quality
 * @property {number | null} roundTripMs to the other side and back, milliseconds
 * @property {number | null} packetLossOut how much of what this side said was lost, from 0 to 1, in the time of the other side's
 *   last report
 * @property {number | null} packetLossIn how much of what the other side said was lost, from 0 to 1, since it was asked before;
 *   null where nothing has come since
 */
/**
 * @param {Iterable<any>} reports
 * @returns {{sent: number, received: number}} bytes of sound and pictures
 */
export function bytesOf(reports: Iterable<any>): {
    sent: number;
    received: number;
};
/** How good one peer connection is from one look to the next. */
export class QualityMeter {
    /**
     * @param {Iterable<any>} reports
     * @returns {Quality} of the voice
     */
    read(reports: Iterable<any>): Quality;
    #private;
}
/**
 * How good the connection is; null where it is not known (yet, or by this browser).
 */
export type Quality = {
    /**
     * to the other side and back, milliseconds
     */
    roundTripMs: number | null;
    /**
     * how much of what this side said was lost, from 0 to 1, in the time of the other side's
     * last report
     */
    packetLossOut: number | null;
    /**
     * how much of what the other side said was lost, from 0 to 1, since it was asked before;
     * null where nothing has come since
     */
    packetLossIn: number | null;
};
