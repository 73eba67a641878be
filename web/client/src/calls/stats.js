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
export function bytesOf(reports) {
  const count = { sent: 0, received: 0 };
  for (const report of reports) {
    if (report.type === 'outbound-rtp') count.sent += report.bytesSent;
    if (report.type === 'inbound-rtp') count.received += report.bytesReceived;
  }
  return count;
}

/**
 * @param {Iterable<any>} reports
 * @returns {Quality} of the voice
 */
export function qualityOf(reports) {
  /** @type {Quality} */
  const quality = { roundTripMs: null, lostOut: null, lostIn: null };
  for (const report of reports) {
    if (report.type === 'candidate-pair' && report.nominated && report.currentRoundTripTime !== undefined) {
      quality.roundTripMs = report.currentRoundTripTime * 1000;
    } else if (report.kind !== 'audio') {
      continue;
    } else if (report.type === 'remote-inbound-rtp') {
      quality.lostOut = report.fractionLost ?? null;
    } else if (report.type === 'inbound-rtp' && report.packetsReceived > 0) {
      // Negative where packets came twice.
      const lost = Math.max(0, report.packetsLost ?? 0);
      quality.lostIn = lost / (lost + report.packetsReceived);
    }
  }
  return quality;
}
