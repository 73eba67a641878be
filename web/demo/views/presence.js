/**
 * How somebody's presence is worded: friends and conversation partners alike.
 */

/**
 * @param {import('../i18n.js').Translator} t
 * @param {string} userId
 * @param {import('../state/store.js').State} state
 * @param {number} now this page's clock, milliseconds
 * @returns {{online: boolean, text: string}} "Online", "Last seen 3 minutes ago"
 */
export function presenceOf(t, userId, { chat: { partners }, clockOffset }, now) {
  const partner = partners.get(userId);
  if (partner?.online) return { online: true, text: t.text('chat.online') };
  if (!partner?.lastSeen) return { online: false, text: t.text('chat.offline') };
  const age = now + clockOffset - partner.lastSeen;
  if (age < 60_000) return { online: false, text: t.text('chat.seenJustNow') };
  return { online: false, text: t.text('chat.seen', { time: t.ago(partner.lastSeen, now + clockOffset) }) };
}
