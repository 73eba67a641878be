/**
 * The second row of the frame: where to go, how much is unread there, and what carries the connection.
 */

import { TRANSPORTS } from '../saved.js';
import { standingAs } from '../state/friends.js';
import { CHAT, FRIENDS, HOME, hashOf, POINTS } from '../state/place.js';
import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';

/**
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Translator} Translator
 * @typedef {import('../saved.js').Transport} Transport
 */

/** The largest number that a badge shows. */
const BADGE_MAX = 99;

/**
 * @param {Translator} t
 * @param {HTMLElement} light how the connection is
 * @param {(transport: Transport) => void} useTransport
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
export function navView(t, light, useTransport) {
  const home = tab('home', HOME, 'home');
  const chat = tab('chat', CHAT, 'chat', t.text('nav.chat'));
  const friends = tab('friends', FRIENDS, 'people', t.text('nav.friends'));
  const points = tab('points', POINTS, 'points', t.text('nav.points'));
  const tabs = [home, chat, friends, points];
  const transports = transportView(t, useTransport);
  const element = h(
    'div',
    { class: 'nav-row' },
    h('nav', { class: 'tabs', 'aria-label': t.text('nav.label') }, ...tabs.map(({ element }) => element)),
    light,
    transports.element,
  );

  return {
    element,
    update(state) {
      const { me, place, transport } = state;
      element.hidden = me === null;
      home.name(t.text(me?.role === 'otomo' ? 'nav.waiting' : 'nav.list'));
      for (const { element: link, views } of tabs) {
        setAttribute(link, 'aria-current', views.includes(place.view) ? 'page' : null);
      }
      const unread = state.unread.total;
      chat.count(unread, t.text('chat.unread', { count: unread }));
      const asked = standingAs(state.friends, 'incoming').length;
      friends.count(asked, t.text('nav.asked', { count: asked }));
      transports.update(transport);
    },
  };
}

/**
 * @param {'home' | 'chat' | 'friends' | 'points'} view
 * @param {import('../state/place.js').Place} place
 * @param {string} symbol
 * @param {string} [text]
 */
function tab(view, place, symbol, text = '') {
  const words = h('span', { class: 'tab-text' }, text);
  const count = h('span', { class: 'count', 'aria-hidden': 'true' });
  const said = h('span', { class: 'visually-hidden' });
  const element = h('a', { class: 'tab', href: hashOf(place), id: `to-${view}` }, icon(symbol), words, count, said);
  return {
    element,
    views: view === 'chat' ? ['chat', 'group'] : [view],
    /** @param {string} name */
    name: (name) => setText(words, name),
    /**
     * @param {number} number
     * @param {string} spoken the same for those who listen
     */
    count(number, spoken) {
      setText(count, badge(number));
      setText(said, number === 0 ? '' : spoken);
    },
  };
}

/**
 * @param {number} count
 * @returns {string} nothing for none
 */
export function badge(count) {
  if (count === 0) return '';
  return count > BADGE_MAX ? `${BADGE_MAX}+` : String(count);
}

/**
 * @param {Translator} t
 * @param {(transport: Transport) => void} useTransport
 */
function transportView(t, useTransport) {
  const options = new Map(
    TRANSPORTS.map((transport) => {
      const on = { change: () => useTransport(transport) };
      const label = t.text(`nav.by.${transport}`);
      return [transport, h('input', { type: 'radio', name: 'transport', value: transport, 'aria-label': label, on })];
    }),
  );
  const labels = [...options].map(([transport, input]) => {
    const title = t.text(`nav.by.${transport}`);
    return h('label', { class: 'transport', title }, input, h('span', {}, t.text(`nav.${transport}`)));
  });
  const legend = h('legend', { class: 'visually-hidden' }, t.text('nav.transport'));
  return {
    element: h('fieldset', { class: 'transports' }, legend, ...labels),
    /** @param {Transport} chosen */
    update(chosen) {
      for (const [transport, input] of options) input.checked = transport === chosen;
    },
  };
}
