/**
 * What the charts show: a figure for each look at the node, of the last minutes. Pure.
 *
 * The server counts since its start, and this page makes rates of it over its own interval, so several tabs do not disturb
 * each other. Looks compare only within one life of one node: after another node has answered, or this one has begun anew,
 * the charts begin anew too.
 */

import { quantile, rate } from './quantile.js';

/** How many looks are kept: three minutes of them. */
export const LOOKS_KEPT = 90;

/** Over how many looks latencies are taken: one look alone may have seen a commit or two. */
const LATENCY_LOOKS = 10;

/**
 * @typedef {import('../api.js').Overview} Overview
 *
 * @typedef {object} Point what one look came to; null where it cannot be told
 * @property {number} at milliseconds since 1970, by the server's clock
 * @property {number} connections
 * @property {number} outboxBytes
 * @property {number} liveCalls
 * @property {number | null} messagesIn for each second
 * @property {number | null} messagesOut for each second
 * @property {number | null} broadcast 99th percentile, in milliseconds
 * @property {number | null} commit 99th percentile, in milliseconds
 *
 * @typedef {object} History
 * @property {readonly Overview[]} looks the last ones, as they were
 * @property {readonly Point[]} points the oldest first
 */

/** @type {History} */
export const NO_HISTORY = Object.freeze({ looks: [], points: [] });

/**
 * @param {History} history
 * @param {Overview} look
 * @returns {History} with the look in it
 */
export function record(history, look) {
  const last = history.looks.at(-1);
  const goesOn = last !== undefined && last.node === look.node && last.uptimeMs < look.uptimeMs;
  const { looks, points } = goesOn ? history : NO_HISTORY;
  return {
    looks: [...looks, look].slice(-LATENCY_LOOKS),
    points: [...points, pointOf(looks, look)].slice(-LOOKS_KEPT),
  };
}

/**
 * @param {readonly Overview[]} before looks of the same life of the same node
 * @param {Overview} look
 * @returns {Point}
 */
function pointOf(before, look) {
  const [first, last] = [before.at(0), before.at(-1)];
  const perSecond = (/** @type {'messagesIn' | 'messagesOut'} */ name) =>
    last === undefined ? null : rate(last.totals[name], look.totals[name], look.uptimeMs - last.uptimeMs);
  const slowest = (/** @type {'broadcast' | 'commit'} */ name) =>
    first === undefined ? null : quantile(first.latency[name], look.latency[name], 0.99);
  return {
    at: Date.parse(look.now),
    connections: look.connections,
    outboxBytes: look.outboxBytes,
    liveCalls: look.liveCalls,
    messagesIn: perSecond('messagesIn'),
    messagesOut: perSecond('messagesOut'),
    broadcast: slowest('broadcast'),
    commit: slowest('commit'),
  };
}
