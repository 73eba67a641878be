/**
 * What the server's `/admin/api` tells and takes, with the client library's REST.
 */

/**
 * @typedef {import('./figures/quantile.js').Latency} Latency
 * @typedef {'online' | 'busy' | 'break' | 'offline'} Status
 * @typedef {'requesting' | 'ringing' | 'connecting' | 'connected'} LivePhase
 *
 * @typedef {object} Overview one node in one look
 * @property {string} node
 * @property {string} version
 * @property {string} now
 * @property {number} uptimeMs
 * @property {number | null} memoryBytes
 * @property {boolean} draining
 * @property {boolean} congested
 * @property {number} connections
 * @property {Record<string, number>} transports
 * @property {number} users
 * @property {number} usersOnline
 * @property {Record<Status, number>} otomo
 * @property {number} liveCalls
 * @property {Record<LivePhase, number>} calls
 * @property {number} outboxBytes
 * @property {number} storeQueue
 * @property {{messagesIn: number, messagesOut: number, handshakesRefused: Record<string, number>, closes: Record<string, number>, drops: Record<string, number>, callsEnded: Record<string, number>}} totals
 * @property {{broadcast: Latency, commit: Latency, event: Latency, callSetup: Latency}} latency
 *
 * @typedef {object} Otomo
 * @property {string} userId
 * @property {string} name
 * @property {Status} status
 * @property {string} changedAt
 * @property {number} connections
 *
 * @typedef {object} Why why an otomo has their status
 * @property {string} userId
 * @property {Status} status
 * @property {number} version
 * @property {string} changedAt
 * @property {{status: Status, cause: string}} decision
 * @property {boolean} connected
 * @property {readonly {sessionId: string, device: string, node: string, state: string, expiresAt: string}[]} connections
 * @property {{chosen: Status, cause: string, until: string | null, missed: number}} choice
 * @property {{callId: string, phase: string} | null} call
 *
 * @typedef {object} Call
 * @property {string} callId
 * @property {string} phase
 * @property {{userId: string, name: string}} caller
 * @property {{userId: string, name: string}} otomo
 * @property {string} requestedAt
 * @property {string | null} connectedAt
 * @property {string | null} endedAt
 * @property {string | null} outcome
 * @property {string | null} reason
 * @property {number} durationSeconds
 * @property {number} totalChargedPoints
 *
 * @typedef {{version: number, at: string, event: string, by: string, detail: string | null}} CallEvent
 *
 * @typedef {object} Session
 * @property {string} sessionId
 * @property {string} node
 * @property {string} userId
 * @property {string} role
 * @property {string} device
 * @property {number} backlogBytes
 * @property {boolean} stalled
 * @property {number | null} stalledMs
 *
 * @typedef {object} NodeReport
 * @property {string} version
 * @property {number} uptimeMs
 * @property {number} connections
 * @property {number} outboxBytes
 * @property {boolean} congested
 *
 * @typedef {object} Node
 * @property {string} name
 * @property {boolean} this
 * @property {boolean} alive
 * @property {number} epoch
 * @property {string} startedAt
 * @property {string} aliveAt
 * @property {string | null} leaseUntil
 * @property {string | null} advertise
 * @property {NodeReport | null} report null for one that does not answer
 *
 * @typedef {object} Drain how far a drain is
 * @property {boolean} draining
 * @property {string | null} phase
 * @property {string | null} startedAt
 * @property {string | null} limitAt
 * @property {number} connections
 * @property {number} liveCalls
 * @property {number} spreadMs
 *
 * @typedef {object} Entry what an admin did
 * @property {string} id
 * @property {string} at
 * @property {string} actor
 * @property {string} action
 * @property {string} target
 * @property {string | null} detail
 * @property {string | null} outcome
 */

/**
 * @template T
 * @typedef {{items: readonly T[], nextCursor: string | null}} Page
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
