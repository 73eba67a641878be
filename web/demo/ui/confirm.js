/**
 * A question before something that cannot be taken back.
 */

import { h } from '../../shared/ui/dom.js';

/**
 * @param {{question: string, yes: string, no: string}} words
 * @returns {Promise<boolean>} once it is answered; Escape says no. The focus then returns to where it was
 */
export function confirm({ question, yes, no }) {
  const title = h('h2', { id: 'confirm-title' }, question);
  const stay = h('button', { class: 'button ghost', value: 'no', autofocus: true }, no);
  const go = h('button', { class: 'button danger', value: 'yes' }, yes);
  const dialog = h(
    'dialog',
    { class: 'confirm', 'aria-labelledby': 'confirm-title' },
    h('form', { method: 'dialog' }, title, h('div', { class: 'confirm-answers' }, stay, go)),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
