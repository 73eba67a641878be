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
export function presenceOf(t, userId, { presence: { statuses, lastSeen }, clockOffset }, now) {
  if (statuses[userId]) return { online: true, text: t.text('chat.online') };
  if (lastSeen[userId] === undefined) return { online: false, text: t.text('chat.offline') };
  const [then, serverNow] = [lastSeen[userId] * 1000, now + clockOffset];
  if (serverNow - then < 60_000) return { online: false, text: t.text('chat.seenJustNow') };
  return { online: false, text: t.text('chat.seen', { time: t.ago(then, serverNow) }) };
}
