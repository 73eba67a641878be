/**
 * The large round buttons of a call, each with its word below.
 */

import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';

/**
 * @param {'accept' | 'mute' | 'reject'} kind
 * @param {string} symbol
 * @param {string} text
 * @param {() => void} act
 */
export function roundButton(kind, symbol, text, act) {
  let shown = symbol;
  let picture = icon(symbol);
  const word = h('span', { id: `round-${kind}` }, text);
  const press = () => {
    if (button.getAttribute('aria-disabled') !== 'true') act();
  };
  const button = h(
    'button',
    { type: 'button', class: `round ${kind}`, 'aria-labelledby': `round-${kind}`, on: { click: press } },
    picture,
  );
  return {
    button,
    element: h('div', { class: 'answer' }, button, word),
    /** @param {string} next */
    setWord: (next) => setText(word, next),
    /** @param {string} next a symbol */
    setSymbol(next) {
      if (next === shown) return;
      const replacement = icon(next);
      picture.replaceWith(replacement);
      [shown, picture] = [next, replacement];
    },
    /**
     * What cannot be pressed keeps the focus, which would be lost with `disabled`.
     * @param {boolean} able
     */
    setAble: (able) => setAttribute(button, 'aria-disabled', able ? null : 'true'),
  };
}
