/**
 * The list of otomo (source document 000, U-01): an old list and an event give the new list.
 *
 * The law that the tests hold: a snapshot and the updates after it give what a fresh snapshot gives.
 */

/** @typedef {'online' | 'busy' | 'break' | 'offline'} Status */

/**
 * @typedef {object} Otomo
 * @property {string} userId
 * @property {Status} status
 * @property {number} timestamp when the status changed, UNIX seconds
 * @property {number} arrival the order in which we heard of it; settles changes of one second
 * @property {string | null} name null until somebody told us
 * @property {string | null} avatar
 */

/**
 * One otomo in `otomo_status_snapshot`.
 * @typedef {{userId: string, status: Status, timestamp: number, name?: string, avatar?: string}} Entry
 */

/**
 * @typedef {object} Otomos
 * @property {boolean} known false until the first snapshot
 * @property {ReadonlyMap<string, Otomo>} byId
 * @property {number} arrivals how many changes we have heard of
 * @property {boolean} partial the snapshot goes on with the next message of its type
 */

/** @type {Otomos} */
export const NO_OTOMOS = Object.freeze({ known: false, byId: new Map(), arrivals: 0, partial: false });

/** The order that people see: who can be called first. @type {readonly Status[]} */
export const STATUSES = Object.freeze(['online', 'busy', 'break', 'offline']);

/**
 * @param {Otomos} otomos
 * @param {import('./store.js').Event} event
 * @returns {Otomos}
 */
export function reduceOtomos(otomos, event) {
  switch (event.type) {
    case 'otomo_status_snapshot':
      return fromSnapshot(event.otomos, event.more === true, otomos);
    case 'otomo_status_update':
      return withOtomo(otomos, event.userId, (old) => ({
        ...old,
        status: event.status,
        timestamp: event.timestamp,
        arrival: otomos.arrivals + 1,
      }));
    case 'page_profile':
      return withOtomo(otomos, event.userId, (old) => ({ ...old, name: event.name, avatar: event.avatar }));
    default:
      return otomos;
  }
}

/**
 * @param {Otomos} otomos
 * @returns {Otomo[]} online, busy, break, offline; in each the most recent change first
 */
export function inListOrder(otomos) {
  return [...otomos.byId.values()].sort(compare);
}

/**
 * @param {Otomo} a
 * @param {Otomo} b
 */
function compare(a, b) {
  return STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status) || b.timestamp - a.timestamp || b.arrival - a.arrival;
}

/**
 * A snapshot is the whole list, in one message or in several. It comes in list order, so of two changes in one second the
 * earlier entry is the later one.
 *
 * @param {readonly Entry[]} entries
 * @param {boolean} more whether the next message goes on with it
 * @param {Otomos} old keeps names that the snapshot leaves out
 * @returns {Otomos}
 */
function fromSnapshot(entries, more, old) {
  const listed = old.partial ? old.byId.size : 0;
  const here = entries.map(({ userId, status, timestamp, name, avatar }, index) => {
    const before = old.byId.get(userId);
    /** @type {[string, Otomo]} */
    const entry = [
      userId,
      {
        userId,
        status,
        timestamp,
        // What comes first in the list was heard of last; updates count up from here.
        arrival: -(listed + index),
        name: name ?? before?.name ?? null,
        avatar: avatar ?? before?.avatar ?? null,
      },
    ];
    return entry;
  });
  const byId = new Map(old.partial ? [...old.byId, ...here] : here);
  return { known: true, byId, arrivals: 0, partial: more };
}

/**
 * @param {Otomos} otomos
 * @param {string} userId
 * @param {(old: Otomo) => Otomo} change
 * @returns {Otomos}
 */
function withOtomo(otomos, userId, change) {
  const old = otomos.byId.get(userId) ?? {
    userId,
    status: /** @type {Status} */ ('offline'),
    timestamp: 0,
    arrival: 0,
    name: null,
    avatar: null,
  };
  const byId = new Map(otomos.byId).set(userId, change(old));
  return { ...otomos, byId, arrivals: otomos.arrivals + 1 };
}
