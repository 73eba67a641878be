/**
 * What outlives a reload. It belongs to the tab, not to the browser, so that two tabs can be two people.
 */

import { newId } from './id.js';
import { TRANSPORTS } from './net/wire.js';
import { EMPTY_INBOX } from './state/inbox.js';

const IDENTITY = 'otomo.identity';
const DEVICE = 'otomo.device';
const LANGUAGE = 'otomo.language';
const TRANSPORT = 'otomo.transport';

/** How long the page before this one in the same tab may take to let go of the device, in milliseconds. */
const HANDOVER_MS = 500;

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
 * Position and missed calls go into one item: saved apart, a crash between the two would lose or double
 * a call. What its person has seen holds for every tab.
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

/** @returns {import('./net/wire.js').Transport} what this tab was told to go by */
export function savedTransport() {
  const saved = sessionStorage.getItem(TRANSPORT);
  return TRANSPORTS.find((transport) => transport === saved) ?? TRANSPORTS[0];
}

/** @param {import('./net/wire.js').Transport} transport */
export function saveTransport(transport) {
  sessionStorage.setItem(TRANSPORT, transport);
}

/** @returns {string | null} the language that was chosen in any tab */
export function savedLanguage() {
  return localStorage.getItem(LANGUAGE);
}

/** @param {string} language */
export function saveLanguage(language) {
  localStorage.setItem(LANGUAGE, language);
}

/**
 * What this tab is called as a device, so that a reload comes back as the same one and finds its call.
 *
 * A browser that duplicates a tab copies its storage too. A lock held for the page's life tells the copy,
 * which then becomes a device of its own.
 *
 * @returns {Promise<string>}
 */
export async function claimDevice() {
  const saved = sessionStorage.getItem(DEVICE);
  if (saved !== null && (await hold(saved, HANDOVER_MS))) return saved;
  const device = newId();
  sessionStorage.setItem(DEVICE, device);
  await hold(device, HANDOVER_MS);
  return device;
}

/**
 * @param {string} device
 * @param {number} patienceMs
 * @returns {Promise<boolean>} whether this page now holds it; true too where browsers know no locks
 */
function hold(device, patienceMs) {
  // Pages without https have no locks; they cannot call either.
  if (navigator.locks === undefined) return Promise.resolve(true);
  const forLife = new Promise(() => {});
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(patienceMs);
    navigator.locks
      .request(`otomo.${device}`, { signal }, () => {
        resolve(true);
        return forLife;
      })
      .catch(() => resolve(false));
  });
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
