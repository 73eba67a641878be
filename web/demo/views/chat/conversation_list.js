/**
 * All conversations, the latest first: who it is, whether they are there, what was said last, and how much
 * of it is unread.
 */

import { inOrder } from '../../state/chat/conversations.js';
import { conversationAt, hashOf, NEW_GROUP } from '../../state/place.js';
import { avatar } from '../../ui/avatar.js';
import { h, icon, setAttribute, setText } from '../../../shared/ui/dom.js';
import { reorder } from '../../../shared/ui/reorder.js';
import { badge } from '../nav.js';
import { faceOf, isOnline, nameIn, titleOf, typingText } from './names.js';

/**
 * @typedef {import('../../state/chat/conversations.js').Conversation} Conversation
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 * @typedef {{element: HTMLElement, update: (conversation: Conversation, state: State, now: number) => void}} Row
 */

/**
 * @param {Translator} t
 * @returns {{
 *   element: HTMLElement,
 *   focus: (conversationId: string) => void,
 *   update: (state: State, now: number) => void,
 * }}
 */
export function conversationListView(t) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  const list = h('ul', { class: 'plain conversation-list', id: 'conversation-list' });
  const empty = h('p', { class: 'quiet nothing-yet' });
  const newGroup = h(
    'a',
    { class: 'button ghost', href: hashOf(NEW_GROUP), id: 'new-group', 'aria-label': t.text('group.title') },
    icon('people'),
    t.text('chat.newGroup'),
  );
  const element = h(
    'section',
    { class: 'card conversations', 'aria-labelledby': 'conversations-title' },
    h(
      'header',
      { class: 'pane-head' },
      h('h2', { id: 'conversations-title' }, t.text('chat.title')),
      newGroup,
    ),
    empty,
    list,
  );

  return {
    element,
    focus: (conversationId) => rows.get(conversationId)?.element.querySelector('a')?.focus({ preventScroll: true }),
    update(state, now) {
      const { conversations } = state.chat;
      const ordered = inOrder(conversations, state.me?.userId);
      empty.hidden = ordered.length > 0;
      setText(empty, t.text(emptyText(state)));
      for (const conversation of ordered) {
        const { conversationId } = conversation;
        const row = rows.get(conversationId) ?? conversationRow(t, conversationId);
        rows.set(conversationId, row);
        row.update(conversation, state, now);
      }
      const shown = new Set(ordered.map(({ conversationId }) => conversationId));
      for (const [conversationId, { element: gone }] of rows) {
        if (shown.has(conversationId)) continue;
        gone.remove();
        rows.delete(conversationId);
      }
      reorder(
        list,
        ordered.map(({ conversationId }) => /** @type {Row} */ (rows.get(conversationId)).element),
      );
    },
  };
}

/** @param {State} state */
function emptyText({ chat, me }) {
  if (!chat.conversations.known) return 'chat.loading';
  return me?.role === 'otomo' ? 'chat.emptyOtomo' : 'chat.empty';
}

/**
 * @param {Translator} t
 * @param {string} conversationId
 * @returns {Row}
 */
function conversationRow(t, conversationId) {
  let shownFace = '';
  const face = h('span', { class: 'face' });
  const name = h('span', { class: 'conversation-name' });
  const time = h('time', { class: 'conversation-time' });
  const said = h('span', { class: 'conversation-said' });
  const count = h('span', { class: 'count', 'aria-hidden': 'true' });
  const unread = h('span', { class: 'visually-hidden' });
  const there = h('span', { class: 'visually-hidden' });
  const link = h(
    'a',
    { class: 'conversation-link', href: hashOf(conversationAt(conversationId)) },
    face,
    name,
    there,
    time,
    said,
    count,
    unread,
  );
  const element = h('li', { 'data-conversation-id': conversationId }, link);

  return {
    element,
    update(conversation, state, now) {
      const me = state.me?.userId;
      const person = faceOf(conversation, me);
      const wanted = JSON.stringify([person.userId, person.name, person.avatar]);
      if (wanted !== shownFace) face.replaceChildren(avatar(person, 'medium'));
      shownFace = wanted;
      const online = isOnline(conversation, state);
      setAttribute(face, 'data-online', online);
      setText(there, online ? t.text('chat.online') : '');
      setText(name, titleOf(t, conversation, me));
      setText(time, t.shortTime(conversation.lastAt, now + state.clockOffset));
      time.dateTime = new Date(conversation.lastAt).toISOString();
      const typing = typingText(t, conversation, state.typing[conversationId] ?? []);
      setText(said, typing === '' ? lastMessageText(t, conversation, me) : `${typing}…`);
      setAttribute(said, 'data-typing', typing !== '');
      const unseen = state.unread.conversations[conversationId]?.unread ?? 0;
      setText(count, badge(unseen));
      setText(unread, unseen === 0 ? '' : t.text('chat.unread', { count: unseen }));
      setAttribute(link, 'aria-current', state.place.conversationId === conversationId ? 'true' : null);
    },
  };
}

/**
 * @param {Translator} t
 * @param {Conversation} conversation
 * @param {string | undefined} me
 * @returns {string} in one line
 */
function lastMessageText(t, conversation, me) {
  const { lastMessage, kind } = conversation;
  if (lastMessage === null) return t.text('chat.nothingSaid');
  const text = lastMessage.body.replace(/\s+/g, ' ');
  if (lastMessage.senderId === me) return t.text('chat.saidByMe', { text });
  return kind === 'group' ? t.text('chat.saidBy', { name: nameIn(conversation, lastMessage.senderId), text }) : text;
}
