/**
 * Which views there are at the moment, and when they are drawn: after every change, and while time itself
 * changes what is shown.
 *
 * Drawing goes by plain timers, not by animation frames, which a hidden tab does not get: a call must be
 * able to ring there. Many changes in a row are drawn together.
 */

import { isLive } from '../../client/src/calls/state.js';
import { translatorOf } from '../i18n.js';
import { chatView } from './chat/chat.js';
import { friendsView } from './friends/friends.js';
import { badge } from './nav.js';
import { otomoListView } from './otomo_list.js';
import { pointsView } from './points/points.js';
import { shellView } from './shell.js';
import { stageView } from './stage.js';
import { waitingView } from './waiting.js';
import { welcomeView } from './welcome.js';

/** The least time between two drawings, in milliseconds. */
const DRAW_MS = 40;

/** How often a call is drawn (countdown, timer, loudness), in milliseconds. */
const CALL_TICK_MS = 100;

/** How often the rest is drawn ("3 minutes"), in milliseconds. */
const IDLE_TICK_MS = 15_000;

/**
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Language} Language
 * @typedef {import('../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {(language: Language) => void} onLanguage it was changed
 * @property {(identity: import('../identity.js').Identity) => void} enter
 * @property {() => void} signOut
 * @property {(transport: import('../saved.js').Transport) => void} useTransport
 * @property {() => void} retry connect now
 * @property {(id: number) => void} closeNotice
 * @property {() => void} missedSeen
 * @property {(status: 'online' | 'break', minutes: number) => void} setStatus `minutes` 0 for an open end
 * @property {(person: import('../state/client.js').Person) => void} call
 * @property {() => void} accept
 * @property {() => void} leave
 * @property {() => void} dismiss leaves the page of a call that is over
 * @property {(muted: boolean) => void} mute
 * @property {() => void} playVoice
 * @property {() => void} reopenMicrophone after it was unplugged in a call
 * @property {() => import('./stage.js').Loudness} loudness
 * @property {() => boolean} soundLocked whether the browser waits for a touch before it rings
 * @property {() => boolean} alertsOpen whether its person has not said yet if the system may tell of calls
 * @property {() => void} allowAlerts asks them
 * @property {import('./chat/chat.js').Actions & {talkTo: (userId: string) => void}} chat
 * @property {Omit<import('./friends/friends.js').Actions, 'talkTo'>} friends
 * @property {import('./points/points.js').Actions} points
 * @property {(pricePerMinute: number) => void} setPrice for trials
 */

/** @typedef {{update: (state: State, now: number) => void}} View */

/**
 * @param {HTMLElement} root
 * @param {() => State} state the newest snapshot
 * @param {Language} first the language to begin with
 * @param {Actions} actions
 * @returns {{refresh: () => void}} `refresh` draws soon
 */
export function buildScreen(root, state, first, actions) {
  let language = first;
  let t = translatorOf(language);
  /** What the frame was built for; it is built anew when that changes, and the view in it. */
  let builtFor = '';
  /** @type {View[]} */
  let frame = [];
  /** The view in the frame. @type {(View & {element: HTMLElement}) | null} */
  let content = null;
  let contentFor = '';
  /** @type {any} */
  let timer = null;
  let drawnAt = 0;

  const switchLanguage = () => {
    language = language === 'ja' ? 'en' : 'ja';
    t = translatorOf(language);
    actions.onLanguage(language);
    draw();
    document.getElementById('language')?.focus();
  };

  const buildFrame = () => {
    const shell = shellView(t, { ...actions, switchLanguage });
    const stage = stageView(t, actions);
    const place = document.createElement('div');
    frame = [shell, stage];
    content = null;
    document.documentElement.lang = language;
    root.replaceChildren(shell.element, place, stage.element);
    return place;
  };

  const build = () => {
    const { me, place } = state();
    const forFrame = `${language} ${me?.userId ?? ''}`;
    const forContent = me === null ? 'home' : place.view === 'group' ? 'chat' : place.view;
    if (forFrame === builtFor && forContent === contentFor) return;
    const acting = root.contains(document.activeElement);
    const old = forFrame === builtFor && content !== null ? content.element : buildFrame();
    content = contentView(t, me, forContent, actions);
    old.replaceWith(content.element);
    [builtFor, contentFor] = [forFrame, forContent];
    // What a skip link leads to.
    content.element.setAttribute('tabindex', '-1');
    if (acting) arrive(content.element);
  };

  const draw = () => {
    const now = Date.now();
    build();
    const snapshot = state();
    for (const view of [...frame, content]) view?.update(snapshot, now);
    document.title = titleOf(t, snapshot);
    drawnAt = now;
    clearTimeout(timer);
    timer = setTimeout(draw, isLive(snapshot.call) ? CALL_TICK_MS : IDLE_TICK_MS);
  };

  draw();
  return {
    refresh() {
      const waitMs = drawnAt + DRAW_MS - Date.now();
      if (waitMs <= 0) {
        draw();
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(draw, waitMs);
    },
  };
}

/**
 * Another place begins at its top, and who has just pressed something, by keyboard or otherwise, goes on from there.
 * @param {HTMLElement} content
 */
function arrive(content) {
  scrollTo(0, 0);
  content.focus({ preventScroll: true });
}

/**
 * @param {Translator} t
 * @param {State['me']} me
 * @param {'home' | 'chat' | 'friends' | 'points'} where
 * @param {Actions} actions
 * @returns {View & {element: HTMLElement}}
 */
function contentView(t, me, where, actions) {
  if (me === null) return welcomeView(t, actions.enter);
  if (where === 'chat') return chatView(t, actions.chat);
  if (where === 'friends') return friendsView(t, { ...actions.friends, talkTo: actions.chat.talkTo });
  if (where === 'points') return pointsView(t, actions.points);
  const home = { ...actions, talkTo: actions.chat.talkTo };
  return me.role === 'otomo' ? waitingView(t, home) : otomoListView(t, home);
}

/**
 * @param {Translator} t
 * @param {State} state
 * @returns {string} what the tab says: a ring shows there too, and how much is unread
 */
function titleOf(t, { call, unread }) {
  if (!isLive(call)) {
    const count = badge(unread.total);
    return count === '' ? t.text('app.name') : t.text('title.unread', { count });
  }
  const name = call.peer?.name ?? call.peer?.userId ?? '';
  return t.text(call.phase === 'incoming' ? 'title.incoming' : 'call.with', { name });
}
