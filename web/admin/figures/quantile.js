/**
 * Rates and quantiles from counters: what two looks at a node differ by. Pure.
 */

/** @typedef {import('../../client/types/rest_api.js').Latency} Latency */

/**
 * @param {number} before
 * @param {number} after
 * @param {number} ms between the two
 * @returns {number} for each second
 */
export function rate(before, after, ms) {
  return ms > 0 ? ((after - before) * 1000) / ms : 0;
}

/**
 * @param {Latency} latency
 * @returns {Latency} the same before anything was counted
 */
export function emptied({ buckets }) {
  return { count: 0, sumSeconds: 0, buckets: buckets.map((bucket) => ({ ...bucket, count: 0 })) };
}

/**
 * Where a quantile lies, as far as buckets can tell: spread evenly within its bucket. One that lies beyond the last bound is
 * told as that bound: at least so long.
 *
 * @param {Latency} before
 * @param {Latency} after
 * @param {number} share as 0.99
 * @returns {number | null} milliseconds; null where nothing was counted between the two looks
 */
export function quantile(before, after, share) {
  const counts = after.buckets.map(({ count }, index) => count - (before.buckets[index]?.count ?? 0));
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all <= 0) return null;
  const rank = share * all;
  let [below, from] = [0, 0];
  for (const [index, count] of counts.entries()) {
    const to = after.buckets[index].upToSeconds;
    if (to === null) break;
    if (below + count >= rank) return (from + (to - from) * ((rank - below) / count)) * 1000;
    [below, from] = [below + count, to];
  }
  return from * 1000;
}
