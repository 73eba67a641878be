/**
 * What the client library tells of itself (`../client/src/`), as a part of the snapshot that the views show.
 */

import { NO_CALL } from '../../client/src/index.js';
import { NO_FRIENDS } from '../../client/src/stores/friends.js';
import { NO_UNREAD } from '../../client/src/stores/unread.js';
import { IDLE } from '../../client/src/link/connection.js';

/**
 * @typedef {import('../../client/src/index.js').Otomo} Otomo
 * @typedef {import('../../client/src/calls/state.js').Call} Call
 * @typedef {import('../../client/src/calls/state.js').Person} Person
 * @typedef {import('../../client/src/index.js').OtomoPerson} Listed
 * @typedef {import('../../client/src/stores/otomos.js').OtomoStatus} Status
 *
 * @typedef {object} Client
 * @property {import('../../client/src/link/connection.js').Link} link
 * @property {number} clockOffset how far the server's clock is ahead of this page's, milliseconds
 * @property {readonly Listed[]} otomos the list in its order
 * @property {boolean} otomosKnown false until the list has come
 * @property {Call} call
 * @property {import('../../client/src/stores/unread.js').Unread} unread
 * @property {import('../../client/src/stores/typing.js').Typing} typing who is typing, by conversation
 * @property {import('../../client/src/stores/friends.js').Friends} presence of friends and conversation partners
 * @property {number | null} balance of points; null until it is known
 */

/** @type {Client} */
export const NO_CLIENT = Object.freeze({
  link: IDLE,
  clockOffset: 0,
  otomos: [],
  otomosKnown: false,
  call: NO_CALL,
  unread: NO_UNREAD,
  typing: {},
  presence: NO_FRIENDS,
  balance: null,
});

/**
 * @param {Otomo} otomo
 * @returns {Client}
 */
export function seen(otomo) {
  return {
    link: otomo.link.get(),
    clockOffset: otomo.clockOffset,
    otomos: otomo.otomos.get(),
    otomosKnown: otomo.otomosKnown,
    call: otomo.calls.store.get(),
    unread: otomo.unread.get(),
    typing: otomo.typing.get(),
    presence: otomo.friends.get(),
    balance: otomo.points.get().balance,
  };
}

/**
 * Calls back after each change of what `seen` gives.
 *
 * @param {Otomo} otomo
 * @param {() => void} changed
 * @returns {() => void} ends it
 */
export function watchClient(otomo, changed) {
  const { link, otomos, calls, unread, typing, friends, points } = otomo;
  const ends = [link, otomos, calls.store, unread, typing, friends, points].map((store) => store.subscribe(changed));
  return () => ends.forEach((end) => end());
}

/**
 * @param {{otomos: readonly Listed[]}} client
 * @param {string | undefined} userId
 * @returns {Listed | undefined} as the list shows them
 */
export function listed({ otomos }, userId) {
  return otomos.find((otomo) => otomo.userId === userId);
}

/**
 * @param {Call} call not an idle one
 * @returns {Person} the other one
 */
export function peerOf({ peer }) {
  if (peer === null) throw new Error('nobody is called');
  return peer;
}
