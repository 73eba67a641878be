/**
 * The page, put together once: identity, store, connection, call and views.
 *
 * ```text
 *   server --message--> connection --> store --snapshot--> views --press--> controller, connection
 *                                        \--event--> call controller --signals, voice--> other page
 * ```
 */

import { CallController } from './call/controller.js';
import { Ringer } from './call/ringer.js';
import { pickLanguage } from './i18n.js';
import { borrowIdentity, fetchProfile } from './identity.js';
import { Connection } from './net/connection.js';
import { claimDevice, savedIdentity, savedInbox, savedLanguage, saveIdentity, saveInbox, saveLanguage } from './saved.js';
import { deservesSummary, endingKey } from './state/ending.js';
import { Store } from './state/store.js';
import { buildScreen } from './views/screen.js';

/** @typedef {import('./identity.js').Identity} Identity */

/** What this page wants to hear of. A position in the stream belongs to one such choice. */
const TOPICS = 'otomo,calls';

const device = await claimDevice();
const store = new Store();
const ringer = new Ringer();
const loudspeaker = /** @type {HTMLAudioElement} */ (document.getElementById('loudspeaker'));
const connection = new Connection({
  address: () => {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const query = new URLSearchParams({ device, topics: TOPICS, lastSeq: String(store.state.inbox.seq) });
    return `${scheme}://${location.host}/ws?${query}`;
  },
  token: () => store.state.me?.token ?? '',
  renewToken,
  seq: () => store.state.inbox.seq,
  onMessage: (message) => store.dispatch(message),
  onLink: (link) => store.dispatch({ type: 'page_link', link }),
});
const controller = new CallController({ store, connection, ringer, loudspeaker });

/** @param {Identity} identity */
function enter(identity) {
  saveIdentity(identity);
  store.dispatch({ type: 'page_identity', identity, inbox: savedInbox(identity.userId) });
  connection.start();
}

function signOut() {
  connection.stop();
  saveIdentity(null);
  store.dispatch({ type: 'page_identity', identity: null });
}

/** @returns {Promise<boolean>} whether there is a new token */
async function renewToken() {
  const { me } = store.state;
  if (!me?.lent) return false;
  try {
    const identity = await borrowIdentity(me);
    saveIdentity(identity);
    store.dispatch({ type: 'page_token', token: identity.token });
    return true;
  } catch (error) {
    console.warn('no new token:', error);
    return false;
  }
}

/**
 * @param {'online' | 'break'} status
 * @param {number} minutes after which it becomes `online` again; 0 for an open end
 */
async function setStatus(status, minutes) {
  const until = minutes === 0 ? undefined : Math.floor((Date.now() + store.state.clockOffset) / 1000) + minutes * 60;
  try {
    await connection.request('otomo_status_set', { status, until });
  } catch (error) {
    console.warn('status not set:', error);
    tell('notice.statusFailed');
  }
}

/** How long a notice stays, in milliseconds. */
const NOTICE_MS = 7_000;

/**
 * @param {string} key
 * @param {Record<string, string>} [params]
 */
function tell(key, params = {}) {
  const notice = { key, params };
  store.dispatch({ type: 'page_notice', notice });
  setTimeout(() => {
    if (store.state.notice === notice) store.dispatch({ type: 'page_notice', notice: null });
  }, NOTICE_MS);
}

/** A lent identity survives a server that lost its secret: once, it may borrow again. */
let borrowedAgain = false;
async function retryWithNewToken() {
  if (borrowedAgain || !(await renewToken())) return;
  borrowedAgain = true;
  connection.start();
}

/** People whose name was asked for already. */
const asked = new Set();

/** @param {string} userId somebody in the list, perhaps without a name */
async function learnName(userId) {
  const { me, otomos } = store.state;
  if (me === null || asked.has(userId) || otomos.byId.get(userId)?.name) return;
  asked.add(userId);
  const profile = await fetchProfile(userId, me.token);
  if (profile !== null) store.dispatch({ type: 'page_profile', userId, ...profile });
}

/**
 * What follows from an event beyond the snapshot.
 *
 * @param {import('./state/store.js').State} state
 * @param {import('./state/store.js').Event} event
 */
function react(state, event) {
  controller.follow(state, event);
  if (state.me !== null && state.inbox !== saved) saveInbox(state.me.userId, state.inbox);
  saved = state.inbox;
  if (event.type === 'otomo_status_update') learnName(event.userId);
  // What the stream brings before `ready` is old news: it stands in the list.
  if (event.type === 'call_missed' && state.link.phase === 'live') tell('notice.missed', { name: event.fromUserName });
  if (event.type === 'page_link' && event.link.code === 4001) retryWithNewToken();
  if (state.call?.phase === 'ended' && !deservesSummary(state.call)) {
    // Gone first: each notice is an event too, and would find the call ended once more.
    store.dispatch({ type: 'page_call_dismissed' });
    tell(endingKey(state.call));
  }
}

/** The inbox as it was last saved. */
let saved = store.state.inbox;
store.watch(react);

/** The language once chosen wins over the browser's. */
const language = pickLanguage(savedLanguage(), navigator.languages);
const screen = buildScreen(
  /** @type {HTMLElement} */ (document.getElementById('app')),
  {
    language,
    onLanguage: saveLanguage,
    enter,
    signOut,
    retry: () => connection.nudge(),
    closeNotice: () => store.dispatch({ type: 'page_notice', notice: null }),
    missedSeen: () => store.dispatch({ type: 'page_missed_seen' }),
    setStatus,
    call: ({ userId, name, avatar }) => controller.place({ userId, name, avatar }),
    accept: () => controller.accept(),
    leave: () => controller.leave(),
    dismiss: () => store.dispatch({ type: 'page_call_dismissed' }),
    mute: (muted) => controller.mute(muted),
    playVoice: () => controller.playVoice(),
    loudness: () => controller.peer?.loudness() ?? 0,
    soundLocked: () => ringer.locked,
  },
  () => store.state,
);
store.watch(() => screen.refresh());

for (const touch of ['pointerdown', 'keydown']) {
  addEventListener(touch, () => ringer.unlock().then(() => screen.refresh()), { passive: true });
}
addEventListener('online', () => connection.nudge());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) connection.nudge();
});
const returning = savedIdentity();
if (returning !== null) enter(returning);

/**
 * What a test may ask of the page; it changes nothing. `peerState` is what the peer connection says of
 * itself (null without one), `peerStats` its bytes of sound, `state` the snapshot that the views show.
 */
Object.assign(window, {
  otomo: Object.freeze({
    state: () => store.state,
    peerState: () => controller.peer?.state ?? null,
    peerStats: async () => {
      const stats = { bytesSent: 0, bytesReceived: 0 };
      for (const report of (await controller.peer?.stats())?.values() ?? []) {
        if (report.type === 'outbound-rtp') stats.bytesSent += report.bytesSent;
        if (report.type === 'inbound-rtp') stats.bytesReceived += report.bytesReceived;
      }
      return stats;
    },
  }),
});
