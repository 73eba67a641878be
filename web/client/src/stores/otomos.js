/**
 * The list of otomo (source document 000, U-01) in the order that people see: an old list and an event give the
 * new one. Online first, then busy, break, offline; in each the most recent change first.
 *
 * The law that the tests hold: a snapshot and the updates after it give what a fresh snapshot gives.
 */

/** @typedef {'online' | 'busy' | 'break' | 'offline'} OtomoStatus */

/**
 * @typedef {object} OtomoPerson
 * @property {string} userId
 * @property {string | null} name null until somebody told us
 * @property {string | null} avatar
 * @property {OtomoStatus} status
 * @property {number} timestamp when the status changed, UNIX seconds
 */

/**
 * @typedef {object} OtomosState
 * @property {boolean} known false until the first snapshot is whole
 * @property {readonly OtomoPerson[]} list
 * @property {Coming | null} coming a snapshot that goes on with the next message of its type
 *
 * @typedef {object} Coming
 * @property {readonly OtomoPerson[]} list
 * @property {readonly OtomoUpdate[]} updates what was told since it began
 *
 * @typedef {{userId: string, status: OtomoStatus, timestamp: number}} OtomoUpdate
 */

/** The order that people see: who can be called first. @type {readonly OtomoStatus[]} */
export const STATUSES = Object.freeze(['online', 'busy', 'break', 'offline']);

/** @type {OtomosState} */
export const NO_OTOMOS = Object.freeze({ known: false, list: Object.freeze([]), coming: null });

/**
 * @param {OtomosState} state
 * @param {any} event
 * @returns {OtomosState}
 */
export function reduceOtomos(state, event) {
  switch (event.type) {
    case 'otomo_status_snapshot':
      return fromSnapshot(state, event);
    case 'otomo_status_update':
      return updated(state, event);
    case 'connected':
      // The rest of a snapshot went with its connection.
      return state.coming === null ? state : { ...state, coming: null };
    default:
      return state;
  }
}

/**
 * @param {OtomosState} state
 * @param {{userId: string, name: string | null, avatar: string | null}} profile as REST tells it
 * @returns {OtomosState}
 */
export function withProfile(state, { userId, name, avatar }) {
  const list = state.list.map((otomo) => (otomo.userId === userId ? { ...otomo, name, avatar } : otomo));
  return { ...state, list };
}

/**
 * @param {OtomosState} state
 * @param {{otomos: any[], more?: boolean}} snapshot all of them, in list order, in one message or in several
 * @returns {OtomosState}
 */
function fromSnapshot({ known, list, coming }, { otomos, more }) {
  const before = new Map(list.map((otomo) => [otomo.userId, otomo]));
  const part = otomos.map(({ userId, status, timestamp, name, avatar }) => {
    const old = before.get(userId);
    return same(old, { userId, name: name ?? old?.name ?? null, avatar: avatar ?? old?.avatar ?? null, status, timestamp });
  });
  const { list: first, updates } = coming ?? { list: [], updates: [] };
  const all = [...first, ...part];
  // The old list stays in view until the new one is whole.
  if (more === true) return { known, list, coming: { list: all, updates } };
  return { known: true, list: sameList(list, updates.reduce(moved, all)), coming: null };
}

/**
 * @param {OtomosState} state
 * @param {OtomoUpdate} update
 * @returns {OtomosState}
 */
function updated({ known, list, coming }, update) {
  const next = coming === null ? null : { ...coming, updates: [...coming.updates, update] };
  return { known, list: moved(list, update), coming: next };
}

/**
 * @param {readonly OtomoPerson[]} list
 * @param {OtomoUpdate} update
 * @returns {readonly OtomoPerson[]}
 */
function moved(list, { userId, status, timestamp }) {
  const old = list.find((otomo) => otomo.userId === userId);
  if (old?.status === status && old.timestamp === timestamp) return list;
  const { name, avatar } = old ?? { name: null, avatar: null };
  const others = list.filter((otomo) => otomo !== old);
  const rank = STATUSES.indexOf(status);
  // Before its equals: of two changes in one second the one that we hear of later is the later one.
  const after = others.findIndex((otomo) => {
    const place = STATUSES.indexOf(otomo.status);
    return place > rank || (place === rank && otomo.timestamp <= timestamp);
  });
  others.splice(after < 0 ? others.length : after, 0, { userId, name, avatar, status, timestamp });
  return others;
}

/**
 * @param {OtomoPerson | undefined} old
 * @param {OtomoPerson} next
 * @returns {OtomoPerson} the old one where nothing changed: views compare by identity
 */
function same(old, next) {
  const fields = /** @type {(keyof OtomoPerson)[]} */ (Object.keys(next));
  return old !== undefined && fields.every((field) => old[field] === next[field]) ? old : next;
}

/**
 * @param {readonly OtomoPerson[]} old
 * @param {readonly OtomoPerson[]} next
 */
function sameList(old, next) {
  return old.length === next.length && old.every((otomo, index) => otomo === next[index]) ? old : next;
}
