/**
 * U-01, the user's home: every otomo, sorted and coloured as the server says, live.
 */

import { isLive } from '../../client/src/calls/state.js';
import { avatar } from '../ui/avatar.js';
import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';
import { keyedRows } from '../../shared/ui/rows.js';
import { homeSideView } from './home_side.js';

/**
 * @typedef {object} Actions
 * @property {(otomo: Otomo) => void} call
 * @property {(userId: string) => void} talkTo opens the conversation with somebody
 *
 * @typedef {import('../state/client.js').Listed} Otomo
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Translator} Translator
 * @typedef {{element: HTMLElement, update: (otomo: Otomo, state: State, now: number) => void}} Card
 */

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (state: State, now: number) => void}}
 */
export function otomoListView(t, actions) {
  const summary = h('p', { class: 'list-summary', 'aria-live': 'polite' });
  const list = h('ul', { class: 'plain otomo-list', id: 'otomo-list' });
  const side = homeSideView(t, actions.talkTo);
  /** @type {(otomos: readonly Otomo[], state: State, now: number) => void} */
  const cards = keyedRows(list, { key: ({ userId }) => userId, build: ({ userId }) => otomoCard(t, userId, actions) });
  const element = h(
    'main',
    { id: 'content', class: 'page', 'aria-labelledby': 'list-title' },
    h('header', { class: 'page-head' }, h('h1', { id: 'list-title' }, t.text('list.title')), summary),
    h('div', { class: 'home' }, list, side.element),
  );

  return {
    element,
    update(state, now) {
      setText(summary, summaryText(t, state));
      cards(state.otomos, state, now);
      side.update(state, now);
    },
  };
}

/**
 * @param {Translator} t
 * @param {State} state
 */
function summaryText(t, { otomos, otomosKnown }) {
  if (!otomosKnown) return t.text('list.loading');
  if (otomos.length === 0) return t.text('list.empty');
  const count = otomos.filter(({ status }) => status === 'online').length;
  return count === 0 ? t.text('list.nobody') : t.text('list.available', { count });
}

/**
 * @param {Translator} t
 * @param {string} userId
 * @param {Actions} actions
 * @returns {Card}
 */
function otomoCard(t, userId, actions) {
  /** @type {Otomo} */
  let shown;
  let face = avatar({ userId, name: null, avatar: null }, 'medium');
  const name = h('h2', { class: 'otomo-name' });
  const badge = h('span', { class: 'badge' });
  const since = h('span', { class: 'since' });
  const call = h(
    'button',
    { type: 'button', class: 'button call-button', on: { click: () => actions.call(shown) } },
    icon('phone'),
    h('span', {}, t.text('list.call')),
  );
  const write = h(
    'button',
    { type: 'button', class: 'button write-button', on: { click: () => actions.talkTo(userId) } },
    icon('chat'),
  );
  const element = h(
    'li',
    { class: 'otomo card', 'data-user-id': userId },
    face,
    h('div', { class: 'otomo-about' }, name, h('p', { class: 'otomo-status' }, badge, since)),
    write,
    call,
  );

  return {
    element,
    update(otomo, { call: current, link, me, clockOffset }, now) {
      if (otomo.name !== shown?.name || otomo.avatar !== shown?.avatar) {
        const next = avatar(otomo, 'medium');
        face.replaceWith(next);
        face = next;
      }
      shown = otomo;
      const label = otomo.name ?? userId;
      setText(name, label);
      setAttribute(element, 'data-status', otomo.status);
      setText(badge, t.text(`status.${otomo.status}`));
      setText(since, sinceText(t, otomo, now + clockOffset));
      call.hidden = otomo.status !== 'online' || me?.role !== 'user';
      call.disabled = link.phase !== 'live' || isLive(current);
      setAttribute(call, 'aria-label', t.text('list.callName', { name: label }));
      setAttribute(write, 'aria-label', t.text('list.writeName', { name: label }));
      setAttribute(write, 'title', t.text('list.writeName', { name: label }));
    },
  };
}

/**
 * @param {Translator} t
 * @param {Otomo} otomo
 * @param {number} now the server's clock, milliseconds
 */
function sinceText(t, { timestamp }, now) {
  if (timestamp === 0) return '';
  const age = now - timestamp * 1000;
  return age < 60_000 ? t.text('list.justNow') : t.text('list.since', { time: t.span(age) });
}
