/**
 * Somebody in a list: picture with the green dot of who is there, name, a line below, and what one can do.
 */

import { avatar } from '../ui/avatar.js';
import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';

/**
 * @typedef {import('../state/client.js').Person} Person
 *
 * @typedef {object} Doing
 * @property {string} symbol an icon
 * @property {(name: string) => string} label what it does, and to whom
 * @property {string} [text] shown beside the icon; without it the icon stands alone
 * @property {string} [look] a class
 * @property {(name: string) => void} act
 */

/**
 * @param {readonly Doing[]} all what one can do
 */
export function personRow(all) {
  let called = '';
  const doings = all.map((one) => doing(one, () => called));
  /** @type {string} */
  let shown = '';
  const face = h('span', { class: 'face' });
  const name = h('span', { class: 'person-name' });
  const line = h('span', { class: 'person-line' });
  const element = h(
    'li',
    { class: 'person-row' },
    face,
    h('span', { class: 'person-about' }, name, line),
    h('span', { class: 'person-doings' }, ...doings.map((one) => one.element)),
  );
  return {
    element,
    /**
     * @param {Person} person
     * @param {{online?: boolean, text?: string}} about
     */
    update(person, { online = false, text = '' }) {
      const wanted = JSON.stringify([person.userId, person.name, person.avatar]);
      if (wanted !== shown) face.replaceChildren(avatar(person, 'medium'));
      shown = wanted;
      setAttribute(element, 'data-user-id', person.userId);
      setAttribute(face, 'data-online', online);
      called = person.name ?? person.userId;
      setText(name, called);
      // A name may come later than its row, and change.
      for (const one of doings) one.update();
      setText(line, text);
    },
  };
}

/**
 * @param {Doing} doing
 * @param {() => string} name of whom it is about, by now
 */
function doing({ symbol, label, text, look = '', act }, name) {
  const kind = text === undefined ? 'icon-button' : 'text-button';
  const attributes = { type: 'button', class: `button ${kind} ${look}`, on: { click: () => act(name()) } };
  const element = h('button', attributes, icon(symbol), text === undefined ? null : h('span', {}, text));
  return {
    element,
    update() {
      setAttribute(element, 'aria-label', label(name()));
      setAttribute(element, 'title', label(name()));
    },
  };
}
