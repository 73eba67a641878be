/**
 * The door: an admin's token, pasted, or borrowed where the server is in development mode.
 */

import { h, setText } from '../../shared/ui/dom.js';
import { tokenField } from '../../shared/ui/token_field.js';
import { borrowAdmin, lends, ownerOf } from '../access.js';
import { button } from '../ui/pieces.js';

/** What makes a token. */
const COMMAND = 'otomo token --sub admin --role admin';

/**
 * @param {import('../i18n.js').Words} t
 * @param {string | null} reason why there is nobody any more, in a sentence
 * @param {(token: string) => Promise<void>} enter rejects if the server does not take the token
 * @returns {HTMLElement}
 */
export function signInView(t, reason, enter) {
  const fault = h('p', { class: 'fault', role: 'alert' }, reason);
  const field = tokenField(t.text('signIn.token'));
  const use = (/** @type {string} */ token) => enter(token).catch((error) => setText(fault, t.fault(error)));
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const token = field.token();
    if (ownerOf(token) === null) setText(fault, t.text('signIn.unreadable'));
    else void use(token);
  };
  const borrow = button(t.text('signIn.borrow'), () =>
    void borrowAdmin().then(use, (error) => setText(fault, t.fault(error))),
  );
  const lent = h('div', { class: 'lent', hidden: true }, h('p', { class: 'quiet' }, t.text('signIn.development')), borrow);
  lends().then(
    (does) => (lent.hidden = !does),
    (error) => setText(fault, t.fault(error)),
  );
  return h(
    'main',
    { id: 'content', class: 'sign-in' },
    h(
      'form',
      { class: 'card', on: { submit } },
      h('h1', {}, t.text('signIn.title')),
      h('p', {}, t.text('signIn.lead')),
      h('pre', { class: 'command' }, h('code', {}, COMMAND)),
      ...field.elements,
      h('p', { class: 'quiet' }, t.text('signIn.kept')),
      fault,
      h('button', { class: 'button primary' }, t.text('signIn.enter')),
      lent,
    ),
  );
}
