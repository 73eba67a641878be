/**
 * Friends and open requests, as REST lists them: an old list and an event give the new one. Who of them is online is told
 * by the client (`presence`).
 */

/** `friend`, or who has asked whom: `incoming` is a request of theirs, `outgoing` one of ours. */
/** @typedef {'friend' | 'incoming' | 'outgoing'} Standing */

/**
 * @typedef {object} Friend
 * @property {string} userId
 * @property {string | null} name
 * @property {string | null} avatar
 * @property {Standing} standing
 * @property {number} since the server's clock, milliseconds
 *
 * @typedef {object} Friends
 * @property {boolean} known false until the first list
 * @property {boolean} failed whether the last attempt to load it failed
 * @property {ReadonlyMap<string, Friend>} byId the latest first
 */

/** @type {Friends} */
export const NO_FRIENDS = Object.freeze({ known: false, failed: false, byId: new Map() });

/**
 * @param {Friends} friends
 * @param {import('./store.js').Event} event
 * @returns {Friends}
 */
export function reduceFriends(friends, event) {
  switch (event.type) {
    case 'page_friends':
      return { known: true, failed: false, byId: new Map(event.items.map(friendOf).map(byId)) };
    case 'page_friends_failed':
      return { ...friends, failed: true };
    case 'page_friend': {
      const friend = friendOf({ ...friends.byId.get(event.item.userId), ...event.item });
      return { ...friends, byId: new Map([byId(friend), ...friends.byId]).set(friend.userId, friend) };
    }
    case 'page_friend_gone': {
      const rest = new Map(friends.byId);
      rest.delete(event.userId);
      return { ...friends, byId: rest };
    }
    default:
      return friends;
  }
}

/**
 * @param {Friends} friends
 * @param {Standing} standing
 * @returns {Friend[]} the latest first
 */
export function standingAs(friends, standing) {
  return [...friends.byId.values()].filter((friend) => friend.standing === standing);
}

/**
 * @param {Record<string, any>} item of REST
 * @returns {Friend}
 */
function friendOf({ userId, name, avatar, standing, since }) {
  return { userId, name: name || null, avatar: avatar ?? null, standing, since: Date.parse(since) };
}

/**
 * @param {Friend} friend
 * @returns {[string, Friend]}
 */
function byId(friend) {
  return [friend.userId, friend];
}
