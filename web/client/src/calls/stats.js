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
export function bytesOf(reports) {
  const count = { sent: 0, received: 0 };
  for (const report of reports) {
    if (report.type === 'outbound-rtp') count.sent += report.bytesSent;
    if (report.type === 'inbound-rtp') count.received += report.bytesReceived;
  }
  return count;
}

/** How good one peer connection is from one look to the next. */
export class QualityMeter {
  /** What had come, and what was lost, at the look before. */
  #before = { received: 0, lost: 0 };

  /**
   * @param {Iterable<any>} reports
   * @returns {Quality} of the voice
   */
  read(reports) {
    /** @type {Quality} */
    const quality = { roundTripMs: null, packetLossOut: null, packetLossIn: null };
    for (const report of reports) {
      if (report.type === 'candidate-pair' && report.nominated && report.currentRoundTripTime !== undefined) {
        quality.roundTripMs = report.currentRoundTripTime * 1000;
      } else if (report.kind !== 'audio') {
        continue;
      } else if (report.type === 'remote-inbound-rtp') {
        quality.packetLossOut = report.fractionLost ?? null;
      } else if (report.type === 'inbound-rtp') {
        quality.packetLossIn = this.#lossSince(report.packetsReceived ?? 0, report.packetsLost ?? 0);
      }
    }
    return quality;
  }

  /**
   * @param {number} received packets, from the beginning
   * @param {number} lost likewise
   */
  #lossSince(received, lost) {
    const { received: receivedBefore, lost: lostBefore } = this.#before;
    this.#before = { received, lost };
    // Fewer than before where packets came late, or twice.
    const lostNow = Math.max(0, lost - lostBefore);
    const all = Math.max(0, received - receivedBefore) + lostNow;
    return all === 0 ? null : lostNow / all;
  }
}
