/**
 * A user's points (source document 003, "SP").
 */

/**
 * @typedef {object} Points
 * @property {number | null} balance null until it is known
 * @property {Told | null} last what was told last; null before
 *
 * @typedef {import('../../types/protocol.js').EventMap} EventMap
 * @typedef {EventMap['sp_update'] | EventMap['sp_insufficient'] | EventMap['sp_daily_recovery']} Told
 */

/** @type {Points} */
export const NO_POINTS = Object.freeze({ balance: null, last: null });

/**
 * @param {Points} state
 * @param {any} event
 * @returns {Points}
 */
export function reducePoints(state, event) {
  switch (event.type) {
    case 'sp_update':
    case 'sp_insufficient':
      return { balance: event.current_sp, last: event };
    case 'sp_daily_recovery':
      return { balance: event.balance_after, last: event };
    default:
      return state;
  }
}

/**
 * @param {Points} state
 * @param {number} balance as REST tells it
 * @returns {Points}
 */
export function withBalance(state, balance) {
  return balance === state.balance ? state : { ...state, balance };
}

/** @param {{type: string}} event @returns {boolean} whether it tells a balance */
export function tellsBalance({ type }) {
  return type === 'sp_update' || type === 'sp_insufficient' || type === 'sp_daily_recovery';
}
