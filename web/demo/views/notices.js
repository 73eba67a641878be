/**
 * The sentences at the foot of the page, newest below. The stage of a call has a row of its own: while it is open, all that
 * lies outside of it can be neither read nor pressed.
 */

import { hashOf } from '../state/place.js';
import { h, icon } from '../../shared/ui/dom.js';

/** @typedef {import('../state/notices.js').Notice} Notice */

/** @returns {boolean} whether a notice is under the pointer or has the focus, or is told to a tab that nobody sees */
export function noticesAreHeld() {
  return document.hidden || document.querySelector('.notice:is(:hover, :focus-within)') !== null;
}

/**
 * @param {import('../i18n.js').Translator} t
 * @param {(id: number) => void} close
 * @param {{links: boolean}} options `links`: whether notices lead to where there is more
 */
export function noticesView(t, close, { links }) {
  /** @type {Map<number, HTMLElement>} */
  const shown = new Map();
  // Each sentence is read out once, when it comes.
  const element = h('div', { class: 'notices', role: 'log', 'aria-live': 'polite', 'aria-label': t.text('notice.label') });
  return {
    element,
    /** @param {import('../state/store.js').State} state */
    update({ notices }) {
      for (const [id, gone] of shown) {
        if (notices.some((notice) => notice.id === id)) continue;
        gone.remove();
        shown.delete(id);
      }
      for (const notice of notices) {
        if (shown.has(notice.id)) continue;
        const one = noticeElement(t, notice, () => close(notice.id), links);
        shown.set(notice.id, one);
        element.append(one);
      }
    },
  };
}

/**
 * @param {import('../i18n.js').Translator} t
 * @param {Notice} notice
 * @param {() => void} close
 * @param {boolean} links
 */
function noticeElement(t, { key, params, place }, close, links) {
  const more = links && place ? h('a', { class: 'notice-link', href: hashOf(place) }, t.text('notice.open')) : null;
  const label = { type: 'button', class: 'close', 'aria-label': t.text('notice.close'), on: { click: close } };
  return h('div', { class: 'notice' }, h('p', {}, t.text(key, inWords(t, params))), more, h('button', label, icon('close')));
}

/**
 * @param {import('../i18n.js').Translator} t
 * @param {Record<string, string | number>} [params]
 * @returns {Record<string, string>} with numbers as they are written
 */
function inWords(t, params = {}) {
  const written = Object.entries(params).map(([name, value]) => [name, typeof value === 'number' ? t.number(value) : value]);
  return Object.fromEntries(written);
}
