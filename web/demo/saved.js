/**
 * What outlives a reload. It belongs to the tab, not to the browser, so that two tabs can be two people.
 */

import { EMPTY_INBOX } from './state/inbox.js';

const IDENTITY = 'otomo.identity';
const TRANSPORT = 'otomo.chosenTransport';

/** What there is to choose from. @type {readonly Transport[]} */
export const TRANSPORTS = Object.freeze(['websocket', 'sse']);

/** @typedef {import('../client/src/link/websocket.js').Transport} Transport */

/** @returns {import('./identity.js').Identity | null} */
export function savedIdentity() {
  return read(IDENTITY);
}

/** @param {import('./identity.js').Identity | null} identity null to forget */
export function saveIdentity(identity) {
  if (identity === null) sessionStorage.removeItem(IDENTITY);
  else sessionStorage.setItem(IDENTITY, JSON.stringify(identity));
}

/**
 * @param {string} userId
 * @returns {import('./state/inbox.js').Inbox}
 */
export function savedInbox(userId) {
  const seen = Number(localStorage.getItem(seenOf(userId)) ?? 0);
  return { ...EMPTY_INBOX, ...read(inboxOf(userId)), seen };
}

/**
 * What its person has seen holds for every tab.
 *
 * @param {string} userId
 * @param {import('./state/inbox.js').Inbox} inbox
 */
export function saveInbox(userId, { seq, seen, missed }) {
  sessionStorage.setItem(inboxOf(userId), JSON.stringify({ seq, missed }));
  localStorage.setItem(seenOf(userId), String(seen));
}

/**
 * @param {string} userId
 * @returns {readonly import('./state/chat/unsent.js').Unsent[]} messages that nobody has confirmed yet
 */
export function savedUnsent(userId) {
  return read(unsentOf(userId)) ?? [];
}

/**
 * @param {string} userId
 * @param {readonly import('./state/chat/unsent.js').Unsent[]} unsent
 */
export function saveUnsent(userId, unsent) {
  // What is confirmed only waits to be heard of.
  sessionStorage.setItem(unsentOf(userId), JSON.stringify(unsent.filter(({ phase }) => phase !== 'sent')));
}

/**
 * @param {string} userId
 * @param {string} conversationId
 * @returns {string} what was being written there
 */
export function savedDraft(userId, conversationId) {
  return sessionStorage.getItem(draftOf(userId, conversationId)) ?? '';
}

/**
 * @param {string} userId
 * @param {string} conversationId
 * @param {string} text
 */
export function saveDraft(userId, conversationId, text) {
  if (text === '') sessionStorage.removeItem(draftOf(userId, conversationId));
  else sessionStorage.setItem(draftOf(userId, conversationId), text);
}

/** @returns {Transport | 'auto'} what this tab was told to go by */
export function savedTransport() {
  const saved = sessionStorage.getItem(TRANSPORT);
  return TRANSPORTS.find((transport) => transport === saved) ?? 'auto';
}

/** @param {Transport} transport */
export function saveTransport(transport) {
  sessionStorage.setItem(TRANSPORT, transport);
}

/** @param {string} userId */
function inboxOf(userId) {
  return `otomo.inbox.${userId}`;
}

/** @param {string} userId */
function seenOf(userId) {
  return `otomo.seen.${userId}`;
}

/** @param {string} userId */
function unsentOf(userId) {
  return `otomo.unsent.${userId}`;
}

/**
 * @param {string} userId
 * @param {string} conversationId
 */
function draftOf(userId, conversationId) {
  return `otomo.draft.${userId}.${conversationId}`;
}

/** @param {string} key */
function read(key) {
  const text = sessionStorage.getItem(key);
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    // Another version of the page, or a curious hand: begin anew.
    return null;
  }
}
