/**
 * One open conversation: who it is with, what was said, who is writing, and where one writes.
 */

import { CHAT, hashOf } from '../../state/place.js';
import { avatar } from '../../ui/avatar.js';
import { h, icon, setAttribute, setText } from '../../../shared/ui/dom.js';
import { composer } from './composer.js';
import { logView } from './log.js';
import { faceOf, isOnline, presenceText, titleOf, typingText } from './names.js';

/**
 * @typedef {import('../../state/chat/conversations.js').Conversation} Conversation
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {(conversationId: string, body: string) => void} write
 * @property {(clientMessageId: string) => void} resend sends a refused message again
 * @property {(clientMessageId: string) => void} discard
 * @property {(conversationId: string) => void} loadOlder asks for older messages
 * @property {(conversationId: string) => void} reload tries again what could not be loaded
 * @property {(atEnd: boolean) => void} setAtEnd
 * @property {(conversationId: string) => string} draft
 * @property {(conversationId: string, text: string) => void} keepDraft
 */

/**
 * @param {Translator} t
 * @param {string} conversationId
 * @param {Actions} actions
 * @returns {{element: HTMLElement, focus: () => void, update: (state: State, now: number) => void}}
 */
export function conversationView(t, conversationId, actions) {
  const head = headView(t);
  const field = composer(t, {
    write: (body) => actions.write(conversationId, body),
    draft: () => actions.draft(conversationId),
    keepDraft: (text) => actions.keepDraft(conversationId, text),
  });
  const log = logView(t, {
    resend: actions.resend,
    takeBack({ body, unsent }) {
      actions.discard(unsent?.clientMessageId ?? '');
      field.putBack(body);
    },
    loadOlder: () => actions.loadOlder(conversationId),
    reload: () => actions.reload(conversationId),
    setAtEnd: actions.setAtEnd,
  });
  const typing = typingView(t);
  const missing = h('p', { class: 'quiet nothing-yet', role: 'status' });
  const element = h(
    'section',
    { class: 'card conversation', 'aria-labelledby': 'conversation-title' },
    head.element,
    missing,
    log.element,
    typing.element,
    field.element,
  );

  return {
    element,
    // Where a keyboard has to be opened first, only who means to write opens it.
    focus: () => (matchMedia('(pointer: fine)').matches ? field : log).focus(),
    update(state, now) {
      const { known, byId } = state.chat.conversations;
      const conversation = byId.get(conversationId);
      missing.hidden = conversation !== undefined;
      for (const part of [log, typing, field]) part.element.hidden = conversation === undefined;
      head.update(conversation, state, now);
      if (conversation === undefined) {
        setText(missing, t.text(known ? 'chat.notFound' : 'chat.loading'));
        return;
      }
      log.update(conversation, state, now);
      typing.update(conversation, state);
      field.update(state);
    },
  };
}

/** @param {Translator} t */
function headView(t) {
  let shownFace = '';
  const face = h('span', { class: 'face' });
  const title = h('h2', { id: 'conversation-title', class: 'conversation-title' });
  const presence = h('p', { class: 'presence' });
  const back = h('a', { class: 'back-to-list', href: hashOf(CHAT), 'aria-label': t.text('chat.back') }, icon('back'));
  return {
    element: h('header', { class: 'pane-head conversation-head' }, back, face, h('div', {}, title, presence)),
    /**
     * @param {Conversation | undefined} conversation
     * @param {State} state
     * @param {number} now
     */
    update(conversation, state, now) {
      if (conversation === undefined) return;
      const me = state.me?.userId;
      const person = faceOf(conversation, me);
      const wanted = JSON.stringify([person.userId, person.name, person.avatar]);
      if (wanted !== shownFace) face.replaceChildren(avatar(person, 'small'));
      shownFace = wanted;
      setAttribute(face, 'data-online', isOnline(conversation, state));
      setText(title, titleOf(t, conversation, me));
      setText(presence, presenceText(t, conversation, state, now));
    },
  };
}

/**
 * A line that is always there, so that nothing jumps when somebody begins.
 * @param {Translator} t
 */
function typingView(t) {
  const words = h('span', {});
  const dots = h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i', {}), h('i', {}), h('i', {}));
  const element = h('p', { class: 'typing', role: 'status' }, words, dots);
  return {
    element,
    /**
     * @param {Conversation} conversation
     * @param {State} state
     */
    update(conversation, state) {
      const typists = state.typing[conversation.conversationId] ?? [];
      setText(words, typingText(t, conversation, typists));
      dots.hidden = typists.length === 0;
    },
  };
}
