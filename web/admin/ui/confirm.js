/**
 * Asks before something is done, does it, and says in the same place if that failed.
 */

import { h, setText } from '../../shared/ui/dom.js';
import { button } from './pieces.js';

/** @typedef {import('../i18n.js').Words} Words */

/**
 * @typedef {object} Deed
 * @property {string} title what would be done, as a question
 * @property {string} text what that means for people
 * @property {string} label on the button that does it
 * @property {() => Promise<string>} run does it; resolves to the sentence that says so
 */

/**
 * @param {Words} t
 * @param {(sentence: string) => void} done told of what was done
 * @returns {{element: HTMLDialogElement, ask: (deed: Deed) => void}}
 */
export function confirmDialog(t, done) {
  const title = h('h2', { id: 'confirm-title' });
  const text = h('p', { id: 'confirm-text' });
  const fault = h('p', { class: 'fault', role: 'alert' });
  const cancel = button(t.text('confirm.cancel'), () => element.close());
  /** @type {Deed | null} */
  let deed = null;
  const go = button('', () => void run(), 'danger', { id: 'confirm' });
  const element = h(
    'dialog',
    { class: 'confirm card', 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' },
    title,
    text,
    fault,
    h('div', { class: 'confirm-buttons' }, cancel, go),
  );

  const run = async () => {
    if (deed === null) return;
    setText(fault, '');
    go.disabled = true;
    try {
      const sentence = await deed.run();
      element.close();
      done(sentence);
    } catch (error) {
      setText(fault, t.fault(error));
    } finally {
      go.disabled = false;
    }
  };

  return {
    element,
    ask(wanted) {
      deed = wanted;
      setText(title, wanted.title);
      setText(text, wanted.text);
      setText(go, wanted.label);
      setText(fault, '');
      element.showModal();
      // What changes something is not what a stray Enter presses.
      cancel.focus();
    },
  };
}
