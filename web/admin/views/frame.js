/**
 * What surrounds every view: the menu, who is here, which node answers, how old what is shown is, and what went wrong.
 */

import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';
import { hashOf, VIEWS } from '../place.js';
import { button } from '../ui/pieces.js';

/**
 * @typedef {import('../i18n.js').Words} Words
 * @typedef {import('../api.js').Overview} Overview
 */

/** How long what was done is told, in milliseconds. */
const NOTICE_MS = 12_000;

/**
 * @param {Words} t
 * @param {{who: string | null, signOut: () => void, switchLanguage: () => void, retry: () => void}} parts `who`: null for nobody
 */
export function frameView(t, { who, signOut, switchLanguage, retry }) {
  const language = button(t.text('app.language'), switchLanguage, 'ghost', {
    id: 'language',
    lang: t.language === 'ja' ? 'en' : 'ja',
  });
  const out = button(t.text('app.signOut'), () => signOut(), 'ghost', { id: 'sign-out' });
  const links = VIEWS.map((view) => h('a', { class: 'tab', href: hashOf(view) }, t.text(`menu.${view}`)));
  const menu = h('nav', { class: 'menu', 'aria-label': t.text('menu.label') }, ...links);
  const node = h('span', { class: 'node' });
  const asOf = h('span', { class: 'as-of quiet tabular', id: 'as-of' });
  const away = h('p', {});
  const banner = h('div', { class: 'banner', role: 'alert', hidden: true }, away, button(t.text('away.retry'), retry));
  const notice = h('p', { class: 'notice', role: 'status' });
  /** @type {any} */
  let telling = null;
  const here = who === null ? [] : [node, asOf, h('span', { class: 'self-name' }, who), out];
  const bar = h('div', { class: 'bar' }, h('p', { class: 'brand' }, icon('blossom'), t.text('app.name')), ...here, language);
  const skip = h('a', { class: 'skip', href: '#content', on: { click: skipTo } }, t.text('app.skip'));
  const element = h('header', { class: 'shell' }, skip, bar, who === null ? null : menu, banner);
  // What is scrolled to stops below the bar, however many lines that has.
  new ResizeObserver(() => document.documentElement.style.setProperty('--bar', `${element.offsetHeight}px`)).observe(element);
  return {
    element,
    notice,
    /** @param {string} view which one is shown */
    at(view) {
      VIEWS.forEach((name, place) => setAttribute(links[place], 'aria-current', name === view ? 'page' : null));
    },
    /** @param {Overview} look */
    looked(look) {
      banner.hidden = true;
      setText(node, t.text(look.draining ? 'app.nodeDrains' : 'app.node', { node: look.node }));
      setAttribute(node, 'data-draining', look.draining);
      setText(asOf, t.text('app.asOf', { time: t.time(look.now) }));
    },
    /** @param {string} sentence */
    failed(sentence) {
      setText(away, sentence);
      banner.hidden = false;
    },
    /** @param {string} sentence something was done: it can be read for a while */
    tell(sentence) {
      setText(notice, sentence);
      clearTimeout(telling);
      telling = setTimeout(() => setText(notice, ''), NOTICE_MS);
    },
  };
}

/** The address says which view is shown, so the link must not change it. @param {Event} event */
function skipTo(event) {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
