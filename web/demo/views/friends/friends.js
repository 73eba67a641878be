/**
 * Friends: who is there, who asks, whom one has asked, and how to ask.
 */

import { standingAs } from '../../state/friends.js';
import { confirm } from '../../ui/confirm.js';
import { h, setText } from '../../../shared/ui/dom.js';
import { keyedRows } from '../../../shared/ui/rows.js';
import { presenceOf } from '../presence.js';
import { personRow } from '../person_row.js';
import { askView } from './ask.js';

/**
 * @typedef {import('../../state/friends.js').Friend} Friend
 * @typedef {import('../../state/friends.js').Standing} Standing
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {(userId: string) => Promise<string | null>} askFriend asks or accepts; why not, or null
 * @property {(userId: string) => void} removeFriend
 * @property {() => void} reloadFriends
 * @property {(userId: string) => void} talkTo
 * @property {(key: string) => void} tell a sentence, by its key
 */

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (state: State, now: number) => void}}
 */
export function friendsView(t, actions) {
  const summary = h('p', { class: 'list-summary', 'aria-live': 'polite' });
  const incoming = section(t, 'incoming', (friend) => incomingRow(t, actions, friend));
  const friends = section(t, 'friend', (friend) => friendRow(t, actions, friend));
  const outgoing = section(t, 'outgoing', (friend) => outgoingRow(t, actions, friend));
  const ask = askView(t, actions);
  const empty = h('p', { class: 'quiet nothing-yet' });
  const reload = h(
    'button',
    { type: 'button', class: 'button ghost', hidden: true, on: { click: actions.reloadFriends } },
    t.text('friends.reload'),
  );
  friends.element.append(empty, reload);
  const element = h(
    'main',
    { id: 'content', class: 'page', 'aria-labelledby': 'friends-title' },
    h('header', { class: 'page-head' }, h('h1', { id: 'friends-title' }, t.text('friends.title')), summary),
    h(
      'div',
      { class: 'friends' },
      h('div', { class: 'friends-main' }, incoming.element, friends.element),
      h('div', { class: 'friends-side' }, ask.element, outgoing.element),
    ),
  );

  return {
    element,
    update(state, now) {
      const all = inPresenceOrder(standingAs(state.friends, 'friend'), state);
      incoming.update(standingAs(state.friends, 'incoming'), state, now);
      outgoing.update(standingAs(state.friends, 'outgoing'), state, now);
      friends.update(all, state, now);
      friends.element.hidden = false;
      setText(summary, summaryText(t, all, state));
      const { known, failed } = state.friends;
      empty.hidden = all.length > 0;
      reload.hidden = !failed;
      setText(empty, t.text(failed ? 'friends.failed' : known ? 'friends.empty' : 'friends.loading'));
      ask.update(state);
    },
  };
}

/**
 * @param {Translator} t
 * @param {Standing} standing
 * @param {(friend: Friend) => {element: HTMLElement, update: (friend: Friend, state: State, now: number) => void}} build
 */
function section(t, standing, build) {
  const title = h('h2', { id: `friends-${standing}`, tabindex: -1 });
  const words = h('span', {}, t.text(`friends.${standing}`));
  const count = h('span', { class: 'count' });
  title.append(words, count);
  const list = h('ul', { class: 'plain person-rows', id: `list-${standing}` });
  /** @type {(items: readonly Friend[], state: State, now: number) => void} */
  const rows = keyedRows(list, { key: ({ userId }) => userId, build, refuge: title });
  const element = h('section', { class: 'card pane', 'aria-labelledby': `friends-${standing}` }, title, list);
  return {
    element,
    /**
     * @param {readonly Friend[]} items
     * @param {State} state
     * @param {number} now
     */
    update(items, state, now) {
      // Its own heading may hold the focus of the row that has just gone.
      rows(items, state, now);
      element.hidden = items.length === 0;
      list.hidden = items.length === 0;
      setText(count, standing === 'incoming' && items.length > 0 ? String(items.length) : '');
    },
  };
}

/**
 * Who is there first, then who was there last.
 *
 * @param {Friend[]} friends
 * @param {State} state
 */
function inPresenceOrder(friends, { presence: { statuses, lastSeen } }) {
  const rank = (/** @type {Friend} */ { userId }) => (statuses[userId] ? Infinity : (lastSeen[userId] ?? 0));
  return friends.sort((a, b) => (rank(a) === rank(b) ? b.since - a.since : rank(b) - rank(a)));
}

/**
 * @param {Translator} t
 * @param {readonly Friend[]} friends
 * @param {State} state
 */
function summaryText(t, friends, { friends: { known }, presence: { statuses } }) {
  if (!known || friends.length === 0) return '';
  const online = friends.filter(({ userId }) => statuses[userId]).length;
  return t.text('friends.online', { count: friends.length, online });
}

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @param {Friend} friend
 */
function friendRow(t, actions, { userId }) {
  const remove = async (/** @type {string} */ name) => {
    const question = t.text('friends.removeQuestion', { name });
    const yes = await confirm({ question, yes: t.text('friends.remove'), no: t.text('friends.keep') });
    if (yes) actions.removeFriend(userId);
  };
  const row = personRow([
    { symbol: 'chat', label: (name) => t.text('list.writeName', { name }), act: () => actions.talkTo(userId) },
    { symbol: 'person-remove', label: (name) => t.text('friends.removeName', { name }), look: 'faint', act: remove },
  ]);
  return {
    element: row.element,
    /**
     * @param {Friend} friend
     * @param {State} state
     * @param {number} now
     */
    update(friend, state, now) {
      row.update(friend, presenceOf(t, userId, state, now));
    },
  };
}

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @param {Friend} friend
 */
function incomingRow(t, actions, { userId }) {
  const accept = async () => {
    const refusal = await actions.askFriend(userId);
    if (refusal !== null) actions.tell(refusal);
  };
  const refuse = () => actions.removeFriend(userId);
  return requestRow(t, 'friends.asked', [
    {
      symbol: 'check',
      label: (name) => t.text('friends.acceptName', { name }),
      text: t.text('friends.accept'),
      look: 'primary',
      act: accept,
    },
    { symbol: 'close', label: (name) => t.text('friends.declineName', { name }), look: 'faint', act: refuse },
  ]);
}

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @param {Friend} friend
 */
function outgoingRow(t, actions, { userId }) {
  const label = (/** @type {string} */ name) => t.text('friends.takeBackName', { name });
  const act = () => actions.removeFriend(userId);
  return requestRow(t, 'friends.waiting', [{ symbol: 'close', label, look: 'faint', act }]);
}

/**
 * @param {Translator} t
 * @param {'friends.asked' | 'friends.waiting'} key of the text that says since when
 * @param {readonly import('../person_row.js').Doing[]} doings
 */
function requestRow(t, key, doings) {
  const row = personRow(doings);
  return {
    element: row.element,
    /**
     * @param {Friend} friend
     * @param {State} state
     * @param {number} now
     */
    update(friend, { clockOffset }, now) {
      const [then, serverNow] = [friend.since, now + clockOffset];
      const isNew = serverNow - then < 60_000;
      row.update(friend, { text: isNew ? t.text(`${key}JustNow`) : t.text(key, { time: t.ago(then, serverNow) }) });
    },
  };
}
