/**
 * The page, put together once: the map of this folder.
 *
 * - `state/`: what is shown, as pure functions: an old snapshot and an event give the new one.
 * - `net/`: the connection, kept up over every break: a WebSocket, or an event stream.
 * - `chat/`: what the chat does with it: histories, the messages on their way, what was read, who is writing.
 * - `call/`: the voice: microphone, peer connection, ring, level meter, and what drives them.
 * - `friends/`, `points/`: what loads and changes those.
 * - `views/`: each a function of the snapshot; `ui/` is what they are built with, `messages/` their words.
 * - `session.js`, `identity.js`, `saved.js`: who this tab is, and what outlives a reload.
 * - `followers.js`, `teller.js`: what follows from events beside all that: what is saved, what is told in a sentence.
 * - `backend.js`: what an app's own backend would do, for trials in development mode.
 *
 * ```text
 *   server --message--> connection --> store --snapshot--> views --press--> session, controllers
 *                                        \--event--> call controller --signals, voice--> other page
 *                                         \-event--> chat controller --messages--> server
 * ```
 */

import { CallController } from './call/controller.js';
import { Ringer } from './call/ringer.js';
import { ChatController } from './chat/controller.js';
import { changePrice } from './backend.js';
import { keepInbox, keepUnsent, learnNames } from './followers.js';
import { FriendsController } from './friends/controller.js';
import { pickLanguage } from './i18n.js';
import { Rest } from './net/rest.js';
import { PointsController } from './points/controller.js';
import {
  claimDevice,
  saveDraft,
  savedDraft,
  savedLanguage,
  savedTransport,
  saveLanguage,
  saveTransport,
} from './saved.js';
import { Session } from './session.js';
import { HOME, hashOf, readPlace } from './state/place.js';
import { Store } from './state/store.js';
import { clearNotices, tell, tellNews } from './teller.js';
import { buildScreen } from './views/screen.js';

const store = new Store();
const ringer = new Ringer();
const session = new Session(store, await claimDevice());
const { connection } = session;
const loudspeaker = /** @type {HTMLAudioElement} */ (document.getElementById('loudspeaker'));
const controller = new CallController({ store, connection, ringer, loudspeaker });
const rest = new Rest(() => store.state.me?.token ?? '');
const chat = new ChatController(store, connection, rest);
const friends = new FriendsController(store, rest);
const points = new PointsController(store, rest);

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const language = pickLanguage(savedLanguage(), navigator.languages);
const screen = buildScreen(root, () => store.state, language, {
  onLanguage: saveLanguage,
  enter: (identity) => session.enter(identity),
  signOut: () => {
    session.leave();
    location.hash = hashOf(HOME);
  },
  useTransport: (transport) => {
    saveTransport(transport);
    session.useTransport(transport);
  },
  retry: () => connection.nudge(),
  closeNotice: (id) => store.dispatch({ type: 'page_notice_closed', id }),
  missedSeen: () => store.dispatch({ type: 'page_missed_seen' }),
  setStatus,
  call: ({ userId, name, avatar }) => controller.place({ userId, name, avatar }),
  accept: () => controller.accept(),
  leave: () => controller.leave(),
  dismiss: () => store.dispatch({ type: 'page_call_dismissed' }),
  mute: (muted) => controller.mute(muted),
  playVoice: () => controller.playVoice(),
  loudness: () => controller.loudness(),
  soundLocked: () => ringer.locked,
  chat: {
    talkTo: (userId) => chat.talkTo(userId),
    beginGroup: (members, title, key) => chat.beginGroup(members, title, key),
    write: (conversationId, body) => chat.write(conversationId, body),
    resend: (clientMessageId) => chat.resend(clientMessageId),
    discard: (clientMessageId) => chat.discard(clientMessageId),
    loadOlder: (conversationId) => chat.loadOlder(conversationId),
    reload: (conversationId) => store.dispatch({ type: 'page_history_reload', conversationId }),
    setAtEnd: (atEnd) => chat.setAtEnd(atEnd),
    draft: (conversationId) => savedDraft(store.state.me?.userId ?? '', conversationId),
    keepDraft: (conversationId, text) => {
      saveDraft(store.state.me?.userId ?? '', conversationId, text);
      chat.typed(conversationId, text);
    },
  },
  friends: {
    askFriend: (userId) => friends.ask(userId),
    removeFriend: (userId) => friends.remove(userId),
    reloadFriends: () => store.dispatch({ type: 'page_friends_reload' }),
    tell: (key) => tell(store, { key }),
  },
  points: {
    olderPoints: () => points.older(),
    reloadPoints: () => store.dispatch({ type: 'page_points_reload' }),
    changePoints: (amount) => points.change(amount),
  },
  setPrice,
});

/**
 * @param {'online' | 'break'} status
 * @param {number} minutes after which it becomes `online` again; 0 for an open end
 */
async function setStatus(status, minutes) {
  const now = Math.floor((Date.now() + store.state.clockOffset) / 1000);
  try {
    await connection.request('otomo_status_set', { status, until: minutes === 0 ? undefined : now + minutes * 60 });
  } catch (error) {
    console.warn('status not set:', error);
    tell(store, { key: 'notice.statusFailed' });
  }
}

/** @param {number} pricePerMinute of calls with who this page is; 0 for nothing */
async function setPrice(pricePerMinute) {
  const { me } = store.state;
  if (me === null) return;
  try {
    await changePrice(me, pricePerMinute);
    session.keep({ ...me, pricePerMinute });
  } catch (error) {
    console.warn('price not set:', error);
    tell(store, { key: 'notice.notNow' });
  }
}

store.watch((state, event) => controller.follow(state, event));
store.watch((state, event) => chat.follow(state, event));
store.watch((state, event) => friends.follow(state, event));
store.watch((state, event) => points.follow(state, event));
keepInbox(store);
keepUnsent(store);
learnNames(store);
tellNews(store);
clearNotices(store);
store.watch(() => screen.refresh());

for (const touch of ['pointerdown', 'keydown']) {
  addEventListener(touch, () => ringer.unlock().then(() => screen.refresh()), { passive: true });
}
addEventListener('online', () => connection.nudge());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) connection.nudge();
});
addEventListener('focus', () => chat.seen());

const go = () => {
  const place = readPlace(location.hash);
  if (place !== null) store.dispatch({ type: 'page_place', place });
};
addEventListener('hashchange', go);
go();
store.dispatch({ type: 'page_transport', transport: savedTransport() });
session.restore();

/**
 * What a test may ask of the page; it changes nothing. `state` is the snapshot that the views show,
 * `peerState` what the peer connection says of itself (null without one), `peerBytes` the bytes of sound
 * that it sent and received.
 */
Object.assign(window, {
  otomo: Object.freeze({
    state: () => store.state,
    peerState: () => controller.peer?.state ?? null,
    peerBytes: async () => (await controller.peer?.bytes()) ?? { sent: 0, received: 0 },
  }),
});
