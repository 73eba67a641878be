/**
 * The field for a new message. Enter sends, Shift+Enter begins a line; an Enter that confirms the text of an
 * input method does neither.
 */

import { BODY_MAX, roomIn } from '../../state/chat/size.js';
import { h, icon, setAttribute, setText } from '../../../shared/ui/dom.js';

/** What browsers report for a key that the input method has taken. */
const TAKEN_BY_IME = 229;

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
 * @returns {{
 *   element: HTMLElement,
 *   focus: () => void,
 *   putBack: (text: string) => void,
 *   update: (state: import('../../state/store.js').State) => void,
 * }}
 */
export function composer(t, actions) {
  const field = h('textarea', {
    id: 'message',
    rows: 1,
    'aria-label': t.text('chat.message'),
    'aria-describedby': 'message-hint message-room',
    placeholder: t.text('chat.message'),
    enterkeyhint: 'send',
    autocomplete: 'off',
  });
  const send = h('button', { class: 'round-send', 'aria-label': t.text('chat.send') }, icon('send'));
  const room = h('p', { class: 'room', id: 'message-room' });
  const element = h(
    'form',
    { class: 'composer' },
    room,
    field,
    send,
    h('span', { class: 'visually-hidden', id: 'message-hint' }, t.text('chat.messageHint')),
  );

  let bodyMax = BODY_MAX;
  /** Says how much there is left, and what cannot be sent stays here. */
  const measure = () => {
    const body = field.value.trim();
    const { fits, left } = roomIn(body, bodyMax);
    send.disabled = body === '' || !fits;
    setAttribute(field, 'aria-invalid', fits ? null : 'true');
    setText(room, left === null ? '' : fits ? t.text('chat.room', { count: left }) : t.text('chat.tooLong', { count: -left }));
  };
  const changed = () => {
    measure();
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight + 2, TALLEST_PX)}px`;
  };
  const write = () => {
    const body = field.value.trim();
    if (send.disabled) return;
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
    update({ chat }) {
      if (chat.bodyMax === bodyMax) return;
      bodyMax = chat.bodyMax;
      measure();
    },
    putBack(text) {
      field.value = field.value === '' ? text : `${text}\n${field.value}`;
      changed();
      actions.keepDraft(field.value);
      field.focus();
    },
  };
}
