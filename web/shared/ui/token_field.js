/**
 * Where a token is pasted.
 */

import { h } from './dom.js';

/**
 * @param {string} label
 * @returns {{elements: HTMLElement[], token: () => string}} `token`: what was pasted
 */
export function tokenField(label) {
  const field = h('textarea', {
    id: 'token',
    rows: 4,
    required: true,
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'none',
  });
  return { elements: [h('label', { for: 'token' }, label), field], token: () => field.value.trim() };
}
