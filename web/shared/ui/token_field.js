/**
 * Where a token is pasted.
 */

import { h } from './dom.js';

/**
 * @param {string} label
 * @returns {{elements: HTMLElement[], token: () => string}} `token`: what was pasted
 */
export function tokenField(label) {
  // A token has no second line.
  const keydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    field.form?.requestSubmit();
  };
  /** @type {HTMLTextAreaElement} */
  const field = h('textarea', {
    id: 'token',
    rows: 4,
    required: true,
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'none',
    on: { keydown },
  });
  return { elements: [h('label', { for: 'token' }, label), field], token: () => field.value.trim() };
}
