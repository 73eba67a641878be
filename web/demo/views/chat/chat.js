/**
 * The chat: the list of conversations, and beside it the one that is open. A phone has room for one of them.
 */

import { h, setAttribute } from '../../../shared/ui/dom.js';
import { conversationView } from './conversation.js';
import { conversationListView } from './conversation_list.js';
import { newGroupView } from './new_group.js';

/**
 * @typedef {import('../../state/place.js').Place} Place
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 * @typedef {{element: HTMLElement, focus: () => void, update: (state: State, now: number) => void}} Pane
 *
 * @typedef {object} GroupActions
 * @property {(members: string[], title: string, key: string) => Promise<void>} beginGroup
 *
 * @typedef {import('./conversation.js').Actions & GroupActions} Actions
 */

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (state: State, now: number) => void}}
 */
export function chatView(t, actions) {
  const list = conversationListView(t);
  const nothing = h(
    'section',
    { class: 'card conversation nothing-open', 'aria-label': t.text('chat.pick') },
    h('p', { class: 'quiet' }, t.text('chat.pick')),
  );
  // A phone shows one of the two panes; the heading of both is there all the same.
  const title = h('h1', { class: 'visually-hidden' }, t.text('chat.title'));
  const element = h('main', { id: 'content', class: 'chat' }, title, list.element, nothing);
  /** @type {Pane | null} */
  let pane = null;
  /** @type {Place | null} */
  let shown = null;

  const go = (/** @type {Place} */ place) => {
    const left = shown?.conversationId ?? null;
    shown = place;
    const next = paneOf(t, place, actions);
    (pane?.element ?? nothing).replaceWith(next?.element ?? nothing);
    pane = next;
    setAttribute(element, 'data-open', pane !== null);
    return left;
  };

  return {
    element,
    update(state, now) {
      const moved = state.place !== shown;
      const left = moved ? go(state.place) : null;
      list.update(state, now);
      pane?.update(state, now);
      // Whoever goes by keyboard goes on from where they are now.
      if (moved && pane !== null) pane.focus();
      else if (left !== null) list.focus(left);
    },
  };
}

/**
 * @param {Translator} t
 * @param {Place} place
 * @param {Actions} actions
 * @returns {Pane | null}
 */
function paneOf(t, { view, conversationId }, actions) {
  if (view === 'group') return newGroupView(t, actions.beginGroup);
  return conversationId === null ? null : conversationView(t, conversationId, actions);
}
