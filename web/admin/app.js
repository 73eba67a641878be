/**
 * The page of admins, put together: the map of this folder.
 *
 * - `access.js`: the token. `api.js`: what the server tells (the client library asks). `place.js`: where on the page one is.
 * - `desk.js`: what an admin who has come in works at. `poller.js`: looks again and again.
 * - `figures/`: rates and quantiles of what two looks differ by. `why.js`: why an otomo has their status, in sentences.
 * - `views/`: each asks for what it shows; `ui/`, and `../shared/` with other pages, is what they are built with,
 *   `messages/` their words.
 *
 * ```text
 *   poller --look--> server --overview--> history --> frame, overview
 *                       \----------------> the view that is open
 *   view --ask--> confirm --deed--> server (audited) --> poller, now
 * ```
 */

import { createRest } from '../client/src/index.js';
import { pickLanguage } from '../shared/i18n.js';
import { savedLanguage, saveLanguage } from '../shared/language.js';
import { savedToken, saveToken } from './access.js';
import { openDesk } from './desk.js';
import { Words } from './i18n.js';
import { frameView } from './views/frame.js';
import { signInView } from './views/sign_in.js';

const root = /** @type {HTMLElement} */ (document.getElementById('app'));
let t = new Words(pickLanguage(savedLanguage(), navigator.languages));
/** Clears what is shown. */
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
  else leave = openDesk(root, t, token, { signOut, switchLanguage });
}

/** @param {string | null} reason */
function openDoor(reason) {
  const frame = frameView(t, { who: null, signOut() {}, switchLanguage, retry() {} });
  const enter = async (/** @type {string} */ token) => {
    await createRest({ token }).get('/admin/api/overview');
    saveToken(token);
    open();
  };
  root.replaceChildren(frame.element, signInView(t, reason, enter));
}

/** @param {string} [reason] */
function signOut(reason) {
  saveToken(null);
  open(reason);
}

open();
