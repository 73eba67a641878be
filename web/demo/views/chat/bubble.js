/**
 * One message in the log: its text, when it was written, whether it is sent and who has read it.
 */

import { avatar } from '../../ui/avatar.js';
import { h, icon, setAttribute, setText } from '../../../shared/ui/dom.js';
import { nameIn } from './names.js';

/**
 * @typedef {import('../../state/chat/conversations.js').Conversation} Conversation
 * @typedef {import('../../state/chat/log.js').Entry} Entry
 * @typedef {import('../../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {(clientMessageId: string) => void} resend sends a refused message again
 * @property {(entry: Entry) => void} takeBack takes a refused message out, to be written anew
 *
 * @typedef {object} Scene
 * @property {Conversation} conversation
 * @property {boolean} live whether the link is
 * @property {number} now the server's clock, milliseconds
 */

/** Refusals that the same message meets again. */
const FINAL = new Set(['MESSAGE_TOO_LARGE', 'MESSAGE_EMPTY', 'CONFLICT', 'CONVERSATION_NOT_FOUND', 'FORBIDDEN']);

/** Refusals that are told in words of their own. */
const TOLD = new Set([...FINAL, 'RATE_LIMITED', 'UNAVAILABLE']);

/**
 * @param {Translator} t
 * @param {Entry} first
 * @param {Conversation} conversation
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (entry: Entry, scene: Scene) => void}}
 */
export function bubble(t, first, conversation, actions) {
  let shown = first;
  const { own, senderId, body } = first;
  const sender = conversation.members.find(({ userId }) => userId === senderId);
  const name = h('span', { class: own ? 'visually-hidden' : 'message-sender' });
  const day = h('h3', { class: 'day' });
  const time = h('time', {});
  const state = h('span', { class: 'message-state' });
  const fault = failure(t, () => shown, actions);
  const element = h(
    'li',
    { class: `message ${own ? 'own' : 'theirs'}` },
    day,
    own ? null : avatar(sender ?? { userId: senderId, name: null, avatar: null }, 'small'),
    name,
    h('p', { class: 'message-body' }, body),
    h('span', { class: 'message-meta' }, time, state),
    fault.element,
  );

  return {
    element,
    update(entry, scene) {
      shown = entry;
      setAttribute(element, 'data-leads', entry.leads);
      setAttribute(element, 'data-phase', entry.unsent?.phase ?? 'sent');
      setText(name, own ? t.text('chat.you') : nameIn(scene.conversation, senderId));
      day.hidden = !entry.newDay;
      if (entry.newDay) setText(day, t.day(entry.at, scene.now));
      setText(time, t.clock(entry.at));
      time.dateTime = new Date(entry.at).toISOString();
      setText(state, stateText(t, entry, scene));
      fault.update(entry);
    },
  };
}

/**
 * @param {Translator} t
 * @param {Entry} entry
 * @param {Scene} scene
 */
function stateText(t, { unsent, reads }, { conversation, live }) {
  if (unsent?.phase === 'sending') return t.text(live ? 'chat.sending' : 'chat.waiting');
  if (unsent?.phase === 'failed') return t.text('chat.failed');
  if (reads === null) return '';
  const { count, at } = reads;
  if (conversation.kind === 'group') return t.text('chat.readBy', { count });
  return at === null ? t.text('chat.read') : t.text('chat.readAt', { time: t.clock(at) });
}

/**
 * Why it was not sent, and what to do about it.
 *
 * @param {Translator} t
 * @param {() => Entry} entry
 * @param {Actions} actions
 */
function failure(t, entry, actions) {
  const words = h('p', {});
  const resend = () => actions.resend(entry().unsent?.clientMessageId ?? '');
  const retry = h(
    'button',
    { type: 'button', class: 'link-button', on: { click: resend } },
    icon('retry'),
    t.text('chat.again'),
  );
  const back = h(
    'button',
    { type: 'button', class: 'link-button', on: { click: () => actions.takeBack(entry()) } },
    t.text('chat.takeBack'),
  );
  const element = h('div', { class: 'message-fault', role: 'status' }, words, retry, back);
  return {
    element,
    /** @param {Entry} entry */
    update({ unsent }) {
      const refusal = unsent?.refusal ?? null;
      element.hidden = refusal === null;
      if (refusal === null) return;
      const { code, context } = refusal;
      const seconds = Math.ceil((context.retryAfterMs ?? 1_000) / 1000);
      setText(words, t.text(`chat.fault.${TOLD.has(code) ? code : 'other'}`, { seconds, max: context.max ?? '' }));
      retry.hidden = FINAL.has(code);
    },
  };
}
