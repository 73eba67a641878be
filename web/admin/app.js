/**
 * The page of admins, put together: the map of this folder.
 *
 * - `access.js`: the token. `api.js`: what the server tells. `place.js`: where on the page one is.
 * - `poller.js`: looks again and again. `figures/`: rates and quantiles of what two looks differ by.
 * - `why.js`: why an otomo has their status, in sentences.
 * - `views/`: each asks for what it shows; `ui/`, and `../shared/` with other pages, is what they are built with,
 *   `messages/` their words.
 *
 * ```text
 *   poller --look--> server --overview--> history --> frame, overview
 *                       \----------------> the view that is open
 *   view --ask--> confirm --deed--> server (audited) --> poller, now
 * ```
 */

import { pickLanguage } from '../shared/i18n.js';
import { ownerOf, saveLanguage, savedLanguage, savedToken, saveToken } from './access.js';
import { restWith } from './api.js';
import { NO_HISTORY, record } from './figures/history.js';
import { Words } from './i18n.js';
import { hashOf, readPlace } from './place.js';
import { Poller } from './poller.js';
import { confirmDialog } from './ui/confirm.js';
import { auditView } from './views/audit.js';
import { callsView } from './views/calls.js';
import { drainView } from './views/drain.js';
import { frameView } from './views/frame.js';
import { nodesView } from './views/nodes.js';
import { otomoView } from './views/otomo.js';
import { overviewView } from './views/overview.js';
import { sessionsView } from './views/sessions.js';
import { signInView } from './views/sign_in.js';

/** @typedef {import('./views/view.js').View} View */
/** @typedef {import('./views/view.js').Desk} Desk */

/** @type {Record<string, (desk: Desk, id: string | null) => View>} */
const BUILD = {
  overview: overviewView,
  otomo: otomoView,
  calls: callsView,
  sessions: sessionsView,
  nodes: nodesView,
  drain: drainView,
  audit: auditView,
};

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
let t = new Words(pickLanguage(savedLanguage(), navigator.languages));
/** What is left when somebody goes, or the language changes. */
let leave = () => {};

const switchLanguage = () => {
  t = new Words(t.language === 'ja' ? 'en' : 'ja');
  saveLanguage(t.language);
  open();
  document.getElementById('language')?.focus();
};

/** Shows what there is to show: the door, or the desk of who has come in. @param {string | null} [reason] why the door */
function open(reason = null) {
  leave();
  leave = () => {};
  document.documentElement.lang = t.language;
  document.title = t.text('app.title');
  const token = savedToken();
  if (token === null) openDoor(reason);
  else openDesk(token);
}

/** @param {string | null} reason */
function openDoor(reason) {
  const frame = frameView(t, { who: null, signOut() {}, switchLanguage, retry() {} });
  const enter = async (/** @type {string} */ token) => {
    await restWith(token).get('/admin/api/overview');
    saveToken(token);
    open();
  };
  root.replaceChildren(frame.element, signInView(t, reason, enter));
}

/** @param {string | null} reason */
function signOut(reason = null) {
  saveToken(null);
  open(reason);
}

/** @param {string} token */
function openDesk(token) {
  const rest = restWith(token);
  const words = t;
  let history = NO_HISTORY;
  let clockOffset = 0;
  /** @type {View} */
  let view;
  /** Puts the view on the page once it has something to show. */
  let mount = () => {};

  const poller = new Poller({
    async look(isNewest) {
      const [look, show] = await Promise.all([rest.get('/admin/api/overview'), view.look()]);
      if (!isNewest()) return;
      clockOffset = Date.parse(look.now) - Date.now();
      history = record(history, look);
      frame.looked(look);
      show();
      mount();
    },
    failed(error, nextMs) {
      mount();
      const { status } = /** @type {{status?: number}} */ (error);
      if (status === 401) signOut(words.text('signIn.expired'));
      else if (status === 403) signOut(words.text('signIn.forbidden'));
      else frame.failed(awayText(error, nextMs));
    },
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  });
  /** @param {unknown} error @param {number} nextMs */
  const awayText = (error, nextMs) => {
    const wasDraining = history.looks.at(-1)?.draining ?? false;
    const sentence = wasDraining ? words.text('away.drained') : words.fault(error);
    return words.text('away.next', { sentence, seconds: Math.round(nextMs / 1_000) });
  };

  const frame = frameView(words, {
    who: ownerOf(token),
    signOut: () => signOut(),
    switchLanguage,
    retry: () => poller.nudge(),
  });
  const dialog = confirmDialog(words, (sentence) => {
    frame.tell(sentence);
    poller.nudge();
  });
  /** @type {Desk} */
  const desk = {
    t: words,
    rest,
    history: () => history,
    now: () => Date.now() + clockOffset,
    ask: dialog.ask,
    refresh: () => poller.nudge(),
    go: (to, id = null) => (location.hash = hashOf(to, id)),
  };
  const title = document.createElement('h1');
  const content = document.createElement('main');
  [content.id, content.tabIndex, title.tabIndex] = ['content', -1, -1];

  const go = () => {
    const place = readPlace(location.hash);
    view = BUILD[place.view](desk, place.id);
    mount = () => {
      mount = () => {};
      const name = words.text(`menu.${place.view}`);
      document.title = `${name} · ${words.text('app.title')}`;
      title.textContent = name;
      const focused = content.contains(document.activeElement);
      content.replaceChildren(title, view.element);
      // What was focused has gone: what was asked for comes first.
      if (focused) (/** @type {HTMLElement | null} */ (content.querySelector('.details')) ?? title).focus();
    };
    frame.at(place.view);
    poller.nudge();
  };
  const seen = () => (document.hidden ? poller.sleep() : poller.wake());
  addEventListener('hashchange', go);
  document.addEventListener('visibilitychange', seen);
  leave = () => {
    removeEventListener('hashchange', go);
    document.removeEventListener('visibilitychange', seen);
    poller.sleep();
  };
  root.replaceChildren(frame.element, content, frame.notice, dialog.element);
  go();
  seen();
}

open();
