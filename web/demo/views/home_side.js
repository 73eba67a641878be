/**
 * Beside the list, where there is room: what one has, and which friends are there.
 */

import { standingAs } from '../state/friends.js';
import { FRIENDS, hashOf, POINTS } from '../state/place.js';
import { h, icon, setText } from '../../shared/ui/dom.js';
import { keyedRows } from '../../shared/ui/rows.js';
import { personRow } from './person_row.js';
import { presenceOf } from './presence.js';

/** How many friends there is room for. */
const FRIENDS_MAX = 6;

/**
 * @typedef {import('../state/friends.js').Friend} Friend
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Translator} Translator
 */

/**
 * @param {Translator} t
 * @param {(userId: string) => void} talkTo opens the conversation with somebody
 * @returns {{element: HTMLElement, update: (state: State, now: number) => void}}
 */
export function homeSideView(t, talkTo) {
  const balance = h('span', { class: 'balance-number tabular' });
  const purse = h(
    'a',
    { class: 'card side-purse', href: hashOf(POINTS) },
    h('span', { class: 'quiet' }, t.text('points.balance')),
    h('span', { class: 'balance' }, balance, h('span', { class: 'balance-unit' }, t.text('points.unit'))),
    icon('enter'),
  );
  const nobody = h('p', { class: 'quiet' }, t.text('home.nobody'));
  const list = h('ul', { class: 'plain person-rows' });
  /** @type {(friends: readonly Friend[], state: State, now: number) => void} */
  const rows = keyedRows(list, { key: ({ userId }) => userId, build: (friend) => friendRow(t, friend, talkTo) });
  const friends = h(
    'section',
    { class: 'card pane', 'aria-labelledby': 'side-friends' },
    h('h2', { id: 'side-friends' }, t.text('home.friends')),
    nobody,
    list,
    h('a', { class: 'side-more', href: hashOf(FRIENDS) }, t.text('home.toFriends')),
  );

  return {
    element: h('aside', { class: 'home-side', 'aria-label': t.text('home.side') }, purse, friends),
    update(state, now) {
      setText(balance, state.balance === null ? '…' : t.number(state.balance));
      const there = standingAs(state.friends, 'friend').filter(({ userId }) => state.presence.statuses[userId]);
      rows(there.slice(0, FRIENDS_MAX), state, now);
      list.hidden = there.length === 0;
      nobody.hidden = there.length > 0;
    },
  };
}

/**
 * @param {Translator} t
 * @param {Friend} friend
 * @param {(userId: string) => void} talkTo
 */
function friendRow(t, { userId }, talkTo) {
  const label = (/** @type {string} */ name) => t.text('list.writeName', { name });
  const row = personRow([{ symbol: 'chat', label, act: () => talkTo(userId) }]);
  return {
    element: row.element,
    /**
     * @param {Friend} friend
     * @param {State} state
     * @param {number} now
     */
    update: (friend, state, now) => row.update(friend, presenceOf(t, userId, state, now)),
  };
}
