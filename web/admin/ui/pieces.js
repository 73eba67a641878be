/**
 * Small pieces that several views are built with.
 */

import { h, setText } from '../../shared/ui/dom.js';

/** @typedef {import('../i18n.js').Words} Words */

/**
 * @param {string} text
 * @param {() => void} press
 * @param {'ghost' | 'primary' | 'danger'} [tone]
 * @param {Record<string, any>} [attributes]
 */
export function button(text, press, tone = 'ghost', attributes = {}) {
  return h('button', { type: 'button', class: `button ${tone}`, on: { click: press }, ...attributes }, text);
}

/**
 * A part of a page under a heading of its own.
 *
 * @param {string} id
 * @param {string} title
 * @param {...(HTMLElement | null)} children
 */
export function section(id, title, ...children) {
  return h('section', { class: 'panel card', 'aria-labelledby': id }, h('h2', { id }, title), ...children);
}

/**
 * What there is to know of the one that was picked. It is focused when it opens.
 *
 * @param {string} id
 * @param {string} title
 * @param {...(HTMLElement | null)} children
 */
export function details(id, title, ...children) {
  const element = section(id, title, ...children);
  element.classList.add('details');
  element.tabIndex = -1;
  return element;
}

/**
 * A choice between a few, as buttons of which one is pressed.
 *
 * @template {string} Name
 * @param {string} label
 * @param {readonly {name: Name, text: string}[]} choices
 * @param {(name: Name) => void} choose
 * @returns {{element: HTMLElement, show: (name: Name) => void}}
 */
export function choice(label, choices, choose) {
  const buttons = choices.map(({ name, text }) => button(text, () => choose(name), 'ghost', { class: 'choice' }));
  return {
    element: h('div', { class: 'choices', role: 'group', 'aria-label': label }, ...buttons),
    show(name) {
      choices.forEach((one, place) => buttons[place].setAttribute('aria-pressed', String(one.name === name)));
    },
  };
}

/**
 * The way through a list in pages. The page that is shown is asked for again with each look.
 *
 * @param {Words} t
 * @param {() => void} turned another page is wanted
 * @param {{way: (string | null)[]}} [kept] the cursors of the pages up to the one that is shown; the first page has none
 */
export function pager(t, turned, kept = { way: [null] }) {
  /** @type {string | null} */
  let next = null;
  const go = (/** @type {(string | null)[]} */ to) => {
    kept.way = to;
    turned();
  };
  const back = button(t.text('pager.back'), () => go(kept.way.slice(0, -1)));
  const on = button(t.text('pager.next'), () => go([...kept.way, next]));
  const place = h('span', { class: 'quiet' });
  const element = h('div', { class: 'pager', role: 'group', 'aria-label': t.text('pager.label') }, back, place, on);
  return {
    element,
    /** The cursor of the page that is wanted. */
    get cursor() {
      return kept.way[kept.way.length - 1];
    },
    /** Another list is wanted: from its beginning. */
    reset() {
      kept.way = [null];
    },
    /** @param {{nextCursor: string | null}} page what was found there */
    show({ nextCursor }) {
      next = nextCursor;
      const page = kept.way.length;
      [back.disabled, on.disabled] = [page === 1, next === null];
      element.hidden = page === 1 && next === null;
      setText(place, t.text('pager.place', { page }));
    },
  };
}

/**
 * Terms and what they are.
 *
 * @param {readonly string[]} terms
 * @returns {{element: HTMLElement, show: (values: readonly string[]) => void}}
 */
export function facts(terms) {
  const values = terms.map(() => h('dd', {}));
  const pairs = terms.map((term, place) => h('div', {}, h('dt', {}, term), values[place]));
  return {
    element: h('dl', { class: 'facts' }, ...pairs),
    show(texts) {
      texts.forEach((text, place) => setText(values[place], text));
    },
  };
}

/**
 * A whole in its parts, as a bar, and in figures beneath it.
 *
 * @param {readonly {tone: string, text: string}[]} parts
 * @returns {{element: HTMLElement, show: (counts: readonly number[]) => void}}
 */
export function shares(parts) {
  const bars = parts.map(({ tone }) => h('span', { class: 'share', 'data-tone': tone }));
  const counts = parts.map(() => h('strong', { class: 'tabular' }));
  const items = parts.map(({ tone, text }, place) =>
    h('li', {}, h('span', { class: 'dot', 'data-tone': tone, 'aria-hidden': 'true' }), `${text} `, counts[place]),
  );
  const element = h(
    'div',
    { class: 'shares' },
    h('div', { class: 'share-bar', 'aria-hidden': 'true' }, ...bars),
    h('ul', { class: 'plain share-list' }, ...items),
  );
  return {
    element,
    show(values) {
      values.forEach((value, place) => {
        bars[place].style.flexGrow = String(value);
        bars[place].hidden = value === 0;
        setText(counts[place], String(value));
      });
    },
  };
}
