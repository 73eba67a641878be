/**
 * Which friends and conversation partners are online, and when the others last were (source document 004).
 */

/**
 * @typedef {object} Friends
 * @property {Readonly<Record<string, boolean>>} statuses
 * @property {Readonly<Record<string, number>>} lastSeen UNIX seconds, of those who are not online
 */

/** @type {Friends} */
export const NO_FRIENDS = Object.freeze({ statuses: Object.freeze({}), lastSeen: Object.freeze({}) });

/**
 * @param {Friends} state
 * @param {any} event
 * @returns {Friends}
 */
export function reduceFriends(state, event) {
  switch (event.type) {
    case 'friend_status_snapshot':
      return { statuses: { ...event.statuses }, lastSeen: { ...event.lastSeen } };
    case 'friend_status_changed':
      return withStatus(state, event.user_id, event.status === 'online', Math.floor(event.timestamp / 1000));
    case 'user-online':
      return withStatus(state, event.userId, true, event.timestamp);
    case 'user-offline':
      return withStatus(state, event.userId, false, event.lastSeen);
    default:
      return state;
  }
}

/**
 * @param {Friends} state what was heard live is newer
 * @param {Readonly<Record<string, boolean>>} statuses as REST tells them
 * @returns {Friends}
 */
export function withStatuses(state, statuses) {
  return { ...state, statuses: { ...statuses, ...state.statuses } };
}

/**
 * @param {Friends} state
 * @param {string} userId
 * @param {boolean} online
 * @param {number} seen UNIX seconds
 * @returns {Friends}
 */
function withStatus({ statuses, lastSeen }, userId, online, seen) {
  const { [userId]: _old, ...others } = lastSeen;
  return {
    statuses: { ...statuses, [userId]: online },
    lastSeen: online ? others : { ...others, [userId]: seen },
  };
}
