/**
 * What is saved whenever it changes, so that a reload loses none of it: watchers of the store.
 */

import { saveInbox, saveUnsent } from './saved.js';

/** @typedef {import('./state/store.js').Store} Store */

/**
 * The missed calls that have come.
 * @param {Store} store
 */
export function keepInbox(store) {
  let saved = store.state.inbox;
  store.watch(({ me, inbox }) => {
    if (me !== null && inbox !== saved) saveInbox(me.userId, inbox);
    saved = inbox;
  });
}

/**
 * Messages that are not confirmed yet.
 * @param {Store} store
 */
export function keepUnsent(store) {
  let saved = store.state.chat.unsent;
  store.watch(({ me, chat: { unsent } }) => {
    if (me !== null && unsent !== saved) saveUnsent(me.userId, unsent);
    saved = unsent;
  });
}
