/**
 * The log of a conversation. It keeps the scroll position: at the end, or wherever somebody has scrolled back to.
 */

import { logOf } from '../../state/chat/log.js';
import { isWhole } from '../../state/chat/timelines.js';
import { h, icon, setAttribute, setText } from '../../../shared/ui/dom.js';
import { bubble } from './bubble.js';

/**
 * @typedef {import('../../state/chat/conversations.js').Conversation} Conversation
 * @typedef {import('../../state/chat/log.js').Entry} Entry
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 * @typedef {ReturnType<typeof bubble>} Bubble
 *
 * @typedef {object} LogActions
 * @property {() => void} loadOlder asks for older messages
 * @property {() => void} reload tries again what could not be loaded
 * @property {(atEnd: boolean) => void} setAtEnd says whether the end is in view
 */

/** From how far above the end it still counts as in view, in pixels. */
const AT_END_PX = 48;

/** From how near the beginning older messages are asked for, in pixels. */
const NEAR_START_PX = 240;

/**
 * @param {Translator} t
 * @param {import('./bubble.js').Actions & LogActions} actions
 * @returns {{
 *   element: HTMLElement,
 *   focus: () => void,
 *   update: (conversation: Conversation, state: State, now: number) => void,
 * }}
 */
export function logView(t, actions) {
  /** @type {Map<string, Bubble>} */
  const bubbles = new Map();
  const start = h('p', { class: 'log-start quiet' });
  const reload = h(
    'button',
    { type: 'button', class: 'link-button reload', hidden: true, on: { click: actions.reload } },
    icon('retry'),
    t.text('chat.reload'),
  );
  const list = h('ol', { class: 'plain messages', id: 'messages' });
  const log = h(
    'div',
    { class: 'log', role: 'log', 'aria-relevant': 'additions', tabindex: 0, 'aria-label': t.text('chat.log') },
    start,
    reload,
    list,
  );
  const toEnd = h(
    'button',
    { type: 'button', class: 'button to-end', hidden: true, on: { click: () => scrollToEnd() } },
    t.text('chat.toEnd'),
  );
  let atEnd = true;
  /** The end when it was last in view: what is beyond it is new. @type {string | undefined} */
  let seenEnd;
  /** What was drawn last: most changes of the page are none of the log. @type {unknown[]} */
  let drawn = [];

  const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight <= AT_END_PX;
  const scrollToEnd = () => {
    log.scrollTop = log.scrollHeight;
  };
  const looked = () => {
    atEnd = isAtEnd();
    actions.setAtEnd(atEnd);
    if (log.scrollTop < NEAR_START_PX && log.clientHeight > 0) actions.loadOlder();
    if (atEnd) toEnd.hidden = true;
  };
  log.addEventListener('scroll', looked, { passive: true });
  // From its first key on, a keyboard sees where it is.
  for (const event of ['keydown', 'blur']) log.addEventListener(event, () => setAttribute(log, 'data-led', null));
  // A keyboard that opens, a text that grows: the end stays in view.
  new ResizeObserver(() => {
    if (atEnd) scrollToEnd();
  }).observe(log);

  const draw = (/** @type {Entry[]} */ entries, /** @type {import('./bubble.js').Scene} */ scene) => {
    const fromEnd = log.scrollHeight - log.scrollTop;
    const lastBefore = list.lastElementChild;
    for (const entry of entries) {
      const known = bubbles.get(entry.key) ?? bubble(t, entry, scene.conversation, actions);
      bubbles.set(entry.key, known);
      known.update(entry, scene);
    }
    arrange(list, bubbles, entries);
    const last = entries.at(-1);
    const grown = list.lastElementChild !== lastBefore;
    if (atEnd || (grown && last?.own)) scrollToEnd();
    // What came in above must not move what is being read.
    else if (!grown) log.scrollTop = log.scrollHeight - fromEnd;
    if (atEnd) seenEnd = last?.key;
    toEnd.hidden = atEnd || last?.key === seenEnd;
  };

  return {
    element: h('div', { class: 'log-frame' }, log, toEnd),
    focus() {
      const byKeyboard = document.activeElement?.matches(':focus-visible') ?? false;
      setAttribute(log, 'data-led', !byKeyboard);
      log.focus({ preventScroll: true });
    },
    update(conversation, state, now) {
      const timeline = state.chat.timelines.get(conversation.conversationId);
      const live = state.link.phase === 'live';
      const serverNow = now + state.clockOffset;
      const wanted = [timeline, state.chat.unsent, conversation, live, new Date(serverNow).toDateString()];
      if (wanted.every((part, index) => part === drawn[index])) return;
      drawn = wanted;
      setText(start, startText(t, timeline));
      reload.hidden = !timeline?.failed;
      const entries = logOf(state.chat, conversation, state.me?.userId ?? '');
      draw(entries, { conversation, live, now: serverNow });
      // Only now: what was being loaded is not read out as if somebody said it.
      setAttribute(log, 'aria-busy', timeline?.loading ?? true);
      if (timeline?.seen) looked();
    },
  };
}

/**
 * @param {Translator} t
 * @param {import('../../state/chat/timelines.js').Timeline | undefined} timeline
 */
function startText(t, timeline) {
  if (timeline?.failed) return t.text('chat.historyFailed');
  if (!timeline?.seen || !isWhole(timeline)) return t.text('chat.loading');
  return t.text(timeline.messages.length === 0 ? 'chat.nothingSaid' : 'chat.start');
}

/**
 * Puts the list into the order of the entries, touching only what is not in its place.
 *
 * @param {HTMLElement} list
 * @param {Map<string, Bubble>} bubbles
 * @param {readonly Entry[]} entries
 */
function arrange(list, bubbles, entries) {
  const shown = new Set(entries.map(({ key }) => key));
  for (const [key, { element: gone }] of bubbles) {
    if (shown.has(key)) continue;
    gone.remove();
    bubbles.delete(key);
  }
  let at = list.firstElementChild;
  for (const { key } of entries) {
    const { element } = /** @type {Bubble} */ (bubbles.get(key));
    if (element === at) at = at.nextElementSibling;
    else list.insertBefore(element, at);
  }
}
