/**
 * How people and conversations are named, and how their presence is worded.
 */

import { othersIn } from '../../state/chat/conversations.js';
import { presenceOf } from '../presence.js';

/**
 * @typedef {import('../../state/chat/conversations.js').Conversation} Conversation
 * @typedef {import('../../state/chat/conversations.js').Member} Member
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 */

/**
 * @param {Conversation} conversation
 * @param {string} userId
 * @returns {string} also of somebody who has left
 */
export function nameIn({ members }, userId) {
  return members.find((member) => member.userId === userId)?.name ?? userId;
}

/**
 * @param {Translator} t
 * @param {Conversation} conversation
 * @param {string | undefined} me
 * @returns {string} the title of a group, or the others' names
 */
export function titleOf(t, conversation, me) {
  if (conversation.title !== null) return conversation.title;
  const others = othersIn(conversation, me).map(({ name, userId }) => name ?? userId);
  return others.length === 0 ? t.text('chat.alone') : t.list(others);
}

/**
 * Whose picture stands for a conversation: the other's; a group has one of its own.
 *
 * @param {Conversation} conversation
 * @param {string | undefined} me
 * @returns {import('../../state/client.js').Person}
 */
export function faceOf(conversation, me) {
  const [other] = othersIn(conversation, me);
  if (conversation.kind === 'direct' && other !== undefined) return other;
  return { userId: conversation.conversationId, name: conversation.title ?? '＃', avatar: null };
}

/**
 * @param {Conversation} conversation
 * @param {State} state
 * @returns {boolean} whether the other one is there; a group is not a person
 */
export function isOnline(conversation, { presence, me }) {
  const [other] = othersIn(conversation, me?.userId);
  return conversation.kind === 'direct' && other !== undefined && presence.statuses[other.userId] === true;
}

/**
 * @param {Translator} t
 * @param {Conversation} conversation
 * @param {State} state
 * @param {number} now this page's clock, milliseconds
 * @returns {string} "online", "last seen 3 minutes ago", or how many of a group are there
 */
export function presenceText(t, conversation, state, now) {
  const { presence, me } = state;
  const others = othersIn(conversation, me?.userId);
  if (conversation.kind === 'group') {
    const online = others.filter(({ userId }) => presence.statuses[userId]).length;
    return t.text('chat.members', { count: conversation.members.length, online: online + 1 });
  }
  return presenceOf(t, others[0]?.userId ?? '', state, now).text;
}

/**
 * @param {Translator} t
 * @param {Conversation} conversation
 * @param {readonly string[]} typists user ids
 * @returns {string} "Hana is typing"; nothing if nobody is
 */
export function typingText(t, conversation, typists) {
  if (typists.length === 0) return '';
  if (typists.length > 2) return t.text('chat.typingMany', { count: typists.length });
  const names = typists.map((userId) => nameIn(conversation, userId));
  return t.text(typists.length === 1 ? 'chat.typing' : 'chat.typingTwo', { name: names[0], other: names[1] ?? '' });
}
