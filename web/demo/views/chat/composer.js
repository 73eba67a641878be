/**
 * The field for a new message. Enter sends, Shift+Enter begins a line; an Enter that confirms the text of an
 * input method does neither.
 */

import { h, icon } from '../../../shared/ui/dom.js';

/** What browsers report for a key that the input method has taken. */
const TAKEN_BY_IME = 229;

/** The longest text, in characters: in bytes it is as much as the server takes in one command. */
const TEXT_MAX = 20_000;

/** The tallest that the field grows, in pixels. */
const TALLEST_PX = 168;

/**
 * @typedef {import('../../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {(body: string) => void} write
 * @property {() => string} draft what was being written here
 * @property {(text: string) => void} keepDraft
 */

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, focus: () => void, putBack: (text: string) => void}}
 */
export function composer(t, actions) {
  const field = h('textarea', {
    id: 'message',
    rows: 1,
    maxlength: TEXT_MAX,
    'aria-label': t.text('chat.message'),
    'aria-describedby': 'message-hint',
    placeholder: t.text('chat.message'),
    enterkeyhint: 'send',
    autocomplete: 'off',
  });
  const send = h('button', { class: 'round-send', 'aria-label': t.text('chat.send') }, icon('send'));
  const element = h(
    'form',
    { class: 'composer' },
    field,
    send,
    h('span', { class: 'visually-hidden', id: 'message-hint' }, t.text('chat.messageHint')),
  );

  const changed = () => {
    send.disabled = field.value.trim() === '';
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight + 2, TALLEST_PX)}px`;
  };
  const write = () => {
    const body = field.value.trim();
    if (body === '') return;
    field.value = '';
    changed();
    actions.write(body);
    actions.keepDraft('');
    field.focus();
  };
  field.addEventListener('input', () => {
    changed();
    actions.keepDraft(field.value);
  });
  field.addEventListener('keydown', (event) => {
    const byIme = event.isComposing || event.keyCode === TAKEN_BY_IME;
    if (event.key !== 'Enter' || event.shiftKey || byIme) return;
    event.preventDefault();
    write();
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    write();
  });
  // A button that takes the focus would close a phone's keyboard.
  send.addEventListener('pointerdown', (event) => event.preventDefault());
  field.value = actions.draft();
  // Its height is known once it is on the page.
  queueMicrotask(changed);

  return {
    element,
    focus: () => field.focus({ preventScroll: true }),
    putBack(text) {
      field.value = field.value === '' ? text : `${text}\n${field.value}`;
      changed();
      actions.keepDraft(field.value);
      field.focus();
    },
  };
}
