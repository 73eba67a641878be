/**
 * The page, put together once: the map of this folder. It stands on the client library (`../client/src/`), which keeps the
 * connection, the call and the small stores; here is what is shown of them, and what is this page's own.
 *
 * - `state/`: what is shown, as pure functions: an old snapshot and an event give the new one.
 * - `chat/`: what the chat does with it: histories, the messages on their way, what was read, who is writing.
 * - `call/`: what a call sounds like here: ring, loudspeaker, level meter; and how the system tells of one.
 * - `friends/`, `points/`: what loads and changes those.
 * - `views/`: each a function of the snapshot; `ui/`, and `../shared/` with other pages, is what they are built with,
 *   `messages/` their words.
 * - `session.js`, `identity.js`, `saved.js`: who this tab is, and what outlives a reload.
 * - `followers.js`, `teller.js`: what follows from events beside all that: what is saved, what is told in a sentence.
 * - `backend.js`: what an app's own backend would do, for trials in development mode.
 *
 * ```text
 *   client --message, stores--> store --snapshot--> views --press--> session, controllers --ask--> client
 *                                  \--event--> controllers, followers, teller
 * ```
 */

import { RingAlert } from './call/alert.js';
import { CallController } from './call/controller.js';
import { Ringer } from './call/ringer.js';
import { Voices } from './call/voices.js';
import { ChatController } from './chat/controller.js';
import { changePrice } from './backend.js';
import { keepInbox, keepUnsent } from './followers.js';
import { translatorOf } from './i18n.js';
import { FriendsController } from './friends/controller.js';
import { PointsController } from './points/controller.js';
import { saveDraft, savedDraft } from './saved.js';
import { Session } from './session.js';
import { HOME, hashOf, readPlace } from './state/place.js';
import { Store } from './state/store.js';
import { clearNotices, tell, tellNews } from './teller.js';
import { noticesAreHeld } from './views/notices.js';
import { buildScreen } from './views/screen.js';
import { pickLanguage } from '../shared/i18n.js';
import { savedLanguage, saveLanguage } from '../shared/language.js';

const store = new Store();
const ringer = new Ringer();
const loudspeaker = /** @type {HTMLAudioElement} */ (document.getElementById('loudspeaker'));
const voices = new Voices(loudspeaker, (blocked) => {
  if (blocked !== store.state.soundBlocked) store.dispatch({ type: 'page_sound', blocked });
});
const languageNow = () => pickLanguage(savedLanguage(), navigator.languages);
const ringAlert = new RingAlert((name) => translatorOf(languageNow()).text('title.incoming', { name }));
const session = new Session(store, () => voices.capture());
const controller = new CallController({ store, session, ringer, voices });
const chat = new ChatController(store, session);
const friends = new FriendsController(store, session);
const points = new PointsController(store, session);

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
const screen = buildScreen(root, () => store.state, languageNow(), {
  onLanguage: saveLanguage,
  enter: (identity) => session.enter(identity),
  signOut: () => {
    session.leave();
    location.hash = hashOf(HOME);
  },
  useTransport: (transport) => session.useTransport(transport),
  retry: () => session.client?.nudge(),
  closeNotice: (id) => store.dispatch({ type: 'page_notice_closed', id }),
  missedSeen: () => store.dispatch({ type: 'page_missed_seen' }),
  setStatus,
  call: ({ userId, name, avatar }) => controller.place({ userId, name, avatar }),
  accept: () => controller.accept(),
  leave: () => controller.leave(),
  dismiss: () => controller.dismiss(),
  mute: (muted) => controller.mute(muted),
  playVoice: () => voices.playHeldBack(),
  reopenMicrophone: () => controller.reopenMicrophone(),
  loudness: () => voices.loudness(),
  soundLocked: () => ringer.locked,
  alertsOpen: () => ringAlert.isOpen,
  allowAlerts: () => ringAlert.ask().then(() => screen.refresh()),
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
    await session.otomo.request('otomo_status_set', { status, until: minutes === 0 ? undefined : now + minutes * 60 });
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

store.watch((state) => controller.follow(state));
store.watch((state) => ringAlert.follow(state));
store.watch((state, event) => chat.follow(state, event));
store.watch((state, event) => friends.follow(state, event));
store.watch((state, event) => points.follow(state, event));
keepInbox(store);
keepUnsent(store);
tellNews(store, () => controller.dismiss());
clearNotices(store, noticesAreHeld);
store.watch(() => screen.refresh());

for (const touch of ['pointerdown', 'keydown']) {
  addEventListener(touch, () => ringer.unlock().then(() => screen.refresh()), { passive: true });
}
addEventListener('focus', () => chat.seen());
document.addEventListener('visibilitychange', () => ringAlert.follow(store.state));

const go = () => {
  const place = readPlace(location.hash);
  if (place !== null) store.dispatch({ type: 'page_place', place });
};
addEventListener('hashchange', go);
go();
session.restore();

/**
 * What a test may ask of the page; it changes nothing. `state` is the snapshot that the views show,
 * `peerState` what the peer connection says of itself (null without one), `peerBytes` the bytes of sound
 * that it sent and received.
 */
Object.assign(window, {
  otomo: Object.freeze({
    state: () => store.state,
    peerState: () => session.client?.calls.connection?.connectionState ?? null,
    peerBytes: async () => (await session.client?.calls.bytes()) ?? { sent: 0, received: 0 },
  }),
});
