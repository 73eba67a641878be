/**
 * What an admin who has come in works at: the frame, the view that is open, the looks at the server that keep both as they
 * should be, and the question before each deed.
 */

import { createRest } from '../client/src/index.js';
import { h } from '../shared/ui/dom.js';
import { ownerOf } from './access.js';
import { NO_HISTORY, record } from './figures/history.js';
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

/**
 * @typedef {import('./views/view.js').View} View
 * @typedef {import('./views/view.js').Desk} Desk
 * @typedef {import('./views/view.js').Listed} Listed
 * @typedef {import('./api.js').Overview} Overview
 * @typedef {import('./i18n.js').Words} Words
 */

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

/**
 * @param {HTMLElement} root
 * @param {Words} t
 * @param {string} token
 * @param {{signOut: (reason?: string) => void, switchLanguage: () => void}} parts `reason`: a sentence
 * @returns {() => void} clears the desk
 */
export function openDesk(root, t, token, { signOut, switchLanguage }) {
  const rest = createRest({ token });
  let history = NO_HISTORY;
  let clockOffset = 0;
  let place = readPlace(location.hash);
  /** @type {Listed} */
  let listed = { filter: place.filter, way: [null] };

  const poller = new Poller({
    async look(isNewest) {
      const [look, show] = await Promise.all([rest.get('/admin/api/overview'), content.view().look()]);
      if (!isNewest()) return;
      clockOffset = Date.parse(look.now) - Date.now();
      history = record(history, look);
      frame.looked(look);
      show();
      content.mount();
    },
    failed(error, nextMs) {
      content.mount();
      const { status } = /** @type {{status?: number}} */ (error);
      if (status === 401) signOut(t.text('signIn.expired'));
      else if (status === 403) signOut(t.text('signIn.forbidden'));
      else frame.failed(awayText(t, history.looks.at(-1), error, nextMs));
    },
    after,
  });
  const refresh = () => poller.nudge();
  const frame = frameView(t, { who: ownerOf(token), signOut, switchLanguage, retry: refresh });
  const dialog = confirmDialog(t, (sentence) => {
    frame.tell(sentence);
    refresh();
  });
  const content = contentOf({
    t,
    rest,
    history: () => history,
    now: () => Date.now() + clockOffset,
    ask: dialog.ask,
    refresh,
    go: (view, id = null) => (location.hash = hashOf(view, id, view === place.view ? listed.filter : null)),
    listed: () => listed,
    filterBy(filter) {
      listed.filter = filter;
      globalThis.history.replaceState(null, '', hashOf(place.view, place.id, filter));
    },
  });

  const go = () => {
    const next = readPlace(location.hash);
    if (next.view !== place.view || next.filter !== listed.filter) listed = { filter: next.filter, way: [null] };
    place = next;
    content.open(place);
    frame.at(place.view);
    refresh();
  };
  const seen = () => (document.hidden ? poller.sleep() : poller.wake());
  addEventListener('hashchange', go);
  document.addEventListener('visibilitychange', seen);
  root.replaceChildren(frame.element, content.element, frame.notice, dialog.element);
  go();
  seen();
  return () => {
    removeEventListener('hashchange', go);
    document.removeEventListener('visibilitychange', seen);
    poller.sleep();
  };
}

/**
 * @param {number} ms
 * @param {() => void} run
 * @returns {() => void} calls it off
 */
function after(ms, run) {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/**
 * The view that is open. A new one takes the place of the old one once it has something to show.
 *
 * @param {Desk} desk
 */
function contentOf(desk) {
  const title = h('h1', { tabindex: -1 });
  const element = h('main', { id: 'content', tabindex: -1 });
  /** @type {View} */
  let view;
  let name = '';
  let mounted = true;
  return {
    element,
    view: () => view,
    /** @param {import('./place.js').Place} place */
    open(place) {
      view = BUILD[place.view](desk, place.id);
      name = desk.t.text(`menu.${place.view}`);
      mounted = false;
    },
    mount() {
      if (mounted) return;
      mounted = true;
      document.title = `${name} · ${desk.t.text('app.title')}`;
      title.textContent = name;
      const focused = element.contains(document.activeElement);
      element.replaceChildren(title, view.element);
      // What was focused has gone: what was asked for comes first.
      if (focused) goTo(/** @type {HTMLElement | null} */ (element.querySelector('.details')) ?? title);
    },
  };
}

/**
 * Focuses what is new. Browsers put what is taller than the window anywhere: its beginning is what is read first.
 *
 * @param {HTMLElement} target
 */
function goTo(target) {
  target.focus({ preventScroll: true });
  const { top } = target.getBoundingClientRect();
  const bar = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop);
  if (top < bar || top > innerHeight / 2) target.scrollIntoView();
}

/**
 * @param {Words} t
 * @param {Overview | undefined} last the last look at the node
 * @param {unknown} error
 * @param {number} nextMs until the next look
 */
function awayText(t, last, error, nextMs) {
  const sentence = last?.draining ? t.text('away.drained') : t.fault(error);
  return t.text('away.next', { sentence, seconds: Math.round(nextMs / 1_000) });
}
