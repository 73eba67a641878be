/**
 * For trials in development mode: what a call with this otomo costs. An app's backend says that otherwise.
 */

import { h } from '../../shared/ui/dom.js';

/** Points a minute to choose from. */
const PRICES = [0, 10, 50];

/**
 * @param {import('../i18n.js').Translator} t
 * @param {(pricePerMinute: number) => void} setPrice
 * @returns {{element: HTMLElement, update: (state: import('../state/store.js').State) => void}}
 */
export function priceView(t, setPrice) {
  const inputs = PRICES.map((price) =>
    h('input', { type: 'radio', name: 'price', value: price, on: { change: () => setPrice(price) } }),
  );
  const chips = inputs.map((input, index) =>
    h('label', { class: 'chip' }, input, h('span', {}, priceText(t, PRICES[index]))),
  );
  const element = h(
    'fieldset',
    { class: 'card chooser price' },
    h('legend', { class: 'eyebrow' }, t.text('waiting.price')),
    h('div', { class: 'back' }, ...chips),
  );
  return {
    element,
    update({ me, link }) {
      element.hidden = !me?.lent;
      for (const input of inputs) {
        input.checked = Number(input.value) === (me?.pricePerMinute ?? 0);
        input.disabled = link.phase !== 'live';
      }
    },
  };
}

/**
 * @param {import('../i18n.js').Translator} t
 * @param {number} price
 */
function priceText(t, price) {
  return price === 0 ? t.text('waiting.free') : t.text('waiting.perMinute', { price });
}
