/**
 * What the server's `/admin/api` tells and takes, with the client library's REST.
 */

/**
 * @typedef {import('../client/types/rest_api.js').Overview} Overview one node in one look
 * @typedef {import('../client/types/rest_api.js').WatchedOtomo} Otomo
 * @typedef {import('../client/types/rest_api.js').WhyOtomo} Why why an otomo has their status
 * @typedef {import('../client/types/rest_api.js').Call} Call
 * @typedef {import('../client/types/rest_api.js').CallTimelineEvent} CallEvent
 * @typedef {import('../client/types/rest_api.js').Session} Session
 * @typedef {import('../client/types/rest_api.js').Node} Node
 * @typedef {import('../client/types/rest_api.js').DrainProgress} Drain how far a drain is
 * @typedef {import('../client/types/rest_api.js').AuditEntry} Entry what an admin did
 */

/**
 * @param {import('../client/src/index.js').Rest} rest
 * @returns {Promise<Health>}
 */
export async function healthOf(rest) {
  try {
    const { degraded = [] } = await rest.get('/health/ready');
    return { reasons: [], degraded };
  } catch (error) {
    const reasons = /** @type {any} */ (error).context?.reasons;
    // Not ready is an answer, too.
    if (!Array.isArray(reasons)) throw error;
    return { reasons, degraded: [] };
  }
}

/** @typedef {{reasons: readonly string[], degraded: readonly string[]}} Health why it gets no traffic; what it lacks */
