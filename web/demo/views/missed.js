/**
 * The calls that rang out, from the durable stream: they are here after a reload, a crash, a night.
 */

import { avatar } from '../ui/avatar.js';
import { h, icon, setText } from '../../shared/ui/dom.js';

/**
 * @typedef {import('../state/inbox.js').MissedCall} MissedCall
 *
 * @param {import('../i18n.js').Translator} t
 * @param {() => void} seen
 * @param {(userId: string) => void} talkTo opens the conversation with somebody
 * @returns {{element: HTMLElement, update: (state: import('../state/store.js').State, now: number) => void}}
 */
export function missedView(t, seen, talkTo) {
  /** @type {readonly MissedCall[] | null} */
  let shown = null;
  const count = h('span', { class: 'count' });
  const none = h('p', { class: 'quiet' }, t.text('missed.none'));
  const list = h('ul', { class: 'plain missed-list', id: 'missed-list' });
  const clear = h('button', { type: 'button', class: 'button ghost', on: { click: seen } }, t.text('missed.seen'));
  const element = h(
    'section',
    { class: 'card missed', 'aria-labelledby': 'missed-title' },
    h('h2', { id: 'missed-title' }, t.text('missed.title'), count),
    none,
    list,
    clear,
  );

  return {
    element,
    update({ inbox: { missed }, clockOffset }, now) {
      if (missed !== shown) list.replaceChildren(...missed.map((call) => entry(t, call, talkTo)));
      shown = missed;
      setText(count, missed.length > 0 ? String(missed.length) : '');
      none.hidden = missed.length > 0;
      clear.hidden = missed.length === 0;
      for (const time of list.querySelectorAll('time')) {
        setText(time, t.ago(Date.parse(time.dateTime), now + clockOffset));
      }
    },
  };
}

/**
 * @param {import('../i18n.js').Translator} t
 * @param {MissedCall} call
 * @param {(userId: string) => void} talkTo
 */
function entry(t, { callId, fromUserId, fromUserName, timestamp }, talkTo) {
  const at = timestamp * 1000;
  const label = t.text('list.writeName', { name: fromUserName });
  const on = { click: () => talkTo(fromUserId) };
  const write = { type: 'button', class: 'button write-button', 'aria-label': label, title: label, on };
  return h(
    'li',
    { 'data-call-id': callId },
    avatar({ userId: fromUserId, name: fromUserName, avatar: null }, 'small'),
    h('span', { class: 'person-name' }, fromUserName),
    h('time', { datetime: new Date(at).toISOString(), title: t.clock(at) }),
    h('button', write, icon('chat')),
  );
}
