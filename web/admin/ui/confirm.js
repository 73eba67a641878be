/**
 * Asks before something is done, does it, and says in the same place if that failed. While it is done, the question stays.
 */

import { h, setAttribute, setText } from '../../shared/ui/dom.js';
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
 * @param {(sentence: string) => void} tell told of what was done, and of what failed where the question is gone by then
 * @returns {{element: HTMLDialogElement, ask: (deed: Deed) => void}}
 */
export function confirmDialog(t, tell) {
  const title = h('h2', { id: 'confirm-title' });
  const text = h('p', { id: 'confirm-text' });
  const fault = h('p', { class: 'fault', role: 'alert' });
  const cancel = button(t.text('confirm.cancel'), () => leave());
  /** What is asked. @type {Deed | null} */
  let deed = null;
  /** What is being done. @type {Deed | null} */
  let running = null;
  const go = button('', () => void run(), 'danger', { id: 'confirm' });
  const element = h(
    'dialog',
    { class: 'confirm card', 'aria-labelledby': 'confirm-title', 'aria-describedby': 'confirm-text' },
    title,
    text,
    fault,
    h('div', { class: 'confirm-buttons' }, cancel, go),
  );

  /** @param {Deed | null} now */
  const setRunning = (now) => {
    running = now;
    // Not `disabled`, which would lose the focus.
    for (const one of [cancel, go]) setAttribute(one, 'aria-disabled', running === null ? null : 'true');
  };
  const leave = () => {
    if (running === null) element.close();
  };
  element.addEventListener('cancel', (event) => {
    event.preventDefault();
    leave();
  });
  const run = async () => {
    if (deed === null || running !== null) return;
    const mine = deed;
    // Browsers close a dialog all the same when Escape is pressed again, and the next question may be asked in it.
    const isAsked = () => deed === mine && element.open;
    setText(fault, '');
    setRunning(mine);
    try {
      const sentence = await mine.run();
      if (isAsked()) element.close();
      tell(sentence);
    } catch (error) {
      if (isAsked()) setText(fault, t.fault(error));
      else tell(t.fault(error));
    } finally {
      if (running === mine) setRunning(null);
    }
  };

  return {
    element,
    ask(wanted) {
      deed = wanted;
      setRunning(null);
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
