/**
 * Which conversation partners are online, and when the others last were.
 */

/**
 * @typedef {object} Partner
 * @property {boolean} online
 * @property {number | null} lastSeen milliseconds, the server's clock; null while they are there, or if they never were
 */

/** @typedef {ReadonlyMap<string, Partner>} Partners */

/** @type {Partners} */
export const NO_PARTNERS = new Map();

/**
 * @param {Partners} partners
 * @param {import('../store.js').Event} event
 * @returns {Partners}
 */
export function reducePartners(partners, event) {
  switch (event.type) {
    case 'friend_status_snapshot':
      return new Map(
        Object.entries(event.statuses).map(([userId, online]) => [
          userId,
          { online, lastSeen: online ? null : momentIn(event.lastSeen[userId]) },
        ]),
      );
    case 'user-online':
      return new Map(partners).set(event.userId, { online: true, lastSeen: null });
    case 'user-offline':
      return new Map(partners).set(event.userId, { online: false, lastSeen: momentIn(event.lastSeen) });
    default:
      return partners;
  }
}

/**
 * @param {number | undefined} seconds UNIX
 * @returns {number | null}
 */
function momentIn(seconds) {
  return seconds === undefined ? null : seconds * 1000;
}
