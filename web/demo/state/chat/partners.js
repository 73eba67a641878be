/**
 * Which friends and conversation partners are online, and when the others last were. The server tells of both kinds alike
 * (`friend_status_changed`), and of partners also in the words of the chat (`user-online`, `user-offline`).
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
    case 'friend_status_changed': {
      const online = event.status === 'online';
      return new Map(partners).set(event.user_id, { online, lastSeen: online ? null : event.timestamp });
    }
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
