/**
 * The second row of the frame: where to go, how much is unread there, and what carries the connection.
 */

import { TRANSPORTS } from '../net/wire.js';
import { unreadInAll } from '../state/chat/conversations.js';
import { CHAT, HOME, hashOf } from '../state/place.js';
import { h, icon, setAttribute, setText } from '../ui/dom.js';

/**
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Translator} Translator
 * @typedef {import('../net/wire.js').Transport} Transport
 */

/** The largest number that a badge shows. */
const BADGE_MAX = 99;

/**
 * @param {Translator} t
 * @param {(transport: Transport) => void} useTransport
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
export function navView(t, useTransport) {
  const home = h('a', { class: 'tab', href: hashOf(HOME) });
  const count = h('span', { class: 'count', 'aria-hidden': 'true' });
  const unread = h('span', { class: 'visually-hidden' });
  const chat = h(
    'a',
    { class: 'tab', href: hashOf(CHAT), id: 'to-chat' },
    icon('chat'),
    t.text('nav.chat'),
    count,
    unread,
  );
  const transports = transportView(t, useTransport);
  const element = h(
    'div',
    { class: 'nav-row' },
    h('nav', { class: 'tabs', 'aria-label': t.text('nav.label') }, home, chat),
    transports.element,
  );

  return {
    element,
    update(state) {
      const { me, place, transport } = state;
      element.hidden = me === null;
      setText(home, t.text(me?.role === 'otomo' ? 'nav.waiting' : 'nav.list'));
      setAttribute(home, 'aria-current', place.view === 'home' ? 'page' : null);
      setAttribute(chat, 'aria-current', place.view === 'home' ? null : 'page');
      const total = unreadInAll(state.chat.conversations);
      setText(count, badge(total));
      setText(unread, total === 0 ? '' : t.text('chat.unread', { count: total }));
      transports.update(transport);
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
