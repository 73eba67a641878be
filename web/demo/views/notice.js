/**
 * A sentence at the foot of the page. The stage of a call has one of its own: while it is open, all that
 * lies outside of it can be neither read nor pressed.
 */

import { h, icon, setAttribute, setText } from '../ui/dom.js';

/**
 * @param {import('../i18n.js').Translator} t
 * @param {() => void} close
 */
export function noticeView(t, close) {
  const sentence = h('p', {});
  const element = h(
    'div',
    { class: 'notice', role: 'status' },
    sentence,
    h(
      'button',
      { type: 'button', class: 'close', 'aria-label': t.text('notice.close'), on: { click: close } },
      icon('close'),
    ),
  );
  return {
    element,
    /** @param {import('../state/store.js').State} state */
    update({ notice }) {
      setAttribute(element, 'data-open', notice !== null);
      if (notice !== null) setText(sentence, t.text(notice.key, notice.params));
    },
  };
}
