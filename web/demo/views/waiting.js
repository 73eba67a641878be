/**
 * O-01, the otomo's waiting screen: the own status, how to change it, and the calls that were missed.
 */

import { h, icon, setAttribute, setText } from '../../shared/ui/dom.js';
import { listed } from '../state/client.js';
import { missedView } from './missed.js';
import { priceView } from './price.js';

/** For how long a break may be announced, in minutes; 0 for an open end. */
const BREAKS = [0, 5, 15, 30, 60];

/**
 * @typedef {import('../state/store.js').State} State
 * @typedef {import('../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {(status: 'online' | 'break', minutes: number) => void} setStatus
 * @property {(pricePerMinute: number) => void} setPrice for trials
 * @property {() => void} missedSeen
 * @property {(userId: string) => void} talkTo opens the conversation with somebody
 * @property {() => boolean} soundLocked whether the browser waits for a touch before it rings
 * @property {() => boolean} alertsOpen whether its person has not said yet if the system may tell of calls
 * @property {() => void} allowAlerts asks them
 */

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (state: State, now: number) => void}}
 */
export function waitingView(t, actions) {
  const title = h('h1', { class: 'orb-title', id: 'own-status' });
  const hint = h('p', { class: 'quiet', id: 'own-hint' });
  const orb = h(
    'section',
    { class: 'orb', 'aria-live': 'polite', 'aria-label': t.text('waiting.title') },
    h('span', { class: 'orb-disc', 'aria-hidden': 'true' }, icon('blossom')),
    title,
    hint,
  );
  const sound = h('p', { class: 'sound-hint', hidden: true }, icon('bell'), t.text('waiting.sound'));
  const alerts = h(
    'button',
    { type: 'button', class: 'button ghost allow-alerts', hidden: true, on: { click: actions.allowAlerts } },
    icon('bell'),
    t.text('waiting.alerts'),
  );
  const choices = chooser(t, actions);
  const price = priceView(t, actions.setPrice);
  const missed = missedView(t, actions.missedSeen, actions.talkTo);
  const element = h(
    'main',
    { id: 'content', class: 'page waiting' },
    h('div', { class: 'waiting-own' }, orb, choices.element, price.element, alerts, sound),
    missed.element,
  );

  return {
    element,
    update(state, now) {
      const status = listed(state, state.me?.userId)?.status ?? 'offline';
      setAttribute(orb, 'data-status', status);
      setText(title, t.text(`status.${status}`));
      setText(hint, hintText(t, status, state));
      sound.hidden = !actions.soundLocked();
      alerts.hidden = !actions.alertsOpen();
      choices.update(state);
      price.update(state);
      missed.update(state, now);
    },
  };
}

/**
 * @param {Translator} t
 * @param {import('../state/client.js').Status} status
 * @param {State} state
 */
function hintText(t, status, { choice, clockOffset }) {
  if (status === 'busy') return t.text('waiting.busy', { status: t.text(`status.${choice?.status ?? 'online'}`) });
  if (status === 'break' && choice?.until) {
    return t.text('waiting.breakUntil', { time: t.clock(choice.until * 1000 - clockOffset) });
  }
  return t.text(`waiting.${status}`);
}

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (state: State) => void}}
 */
function chooser(t, actions) {
  const minutes = () => Number(element.querySelector('input:checked')?.getAttribute('value') ?? 0);
  const online = h(
    'button',
    { type: 'button', class: 'choice online', on: { click: () => actions.setStatus('online', 0) } },
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    t.text('waiting.goOnline'),
  );
  const rest = h(
    'button',
    { type: 'button', class: 'choice break', on: { click: () => actions.setStatus('break', minutes()) } },
    h('span', { class: 'dot', 'aria-hidden': 'true' }),
    t.text('waiting.goBreak'),
  );
  const back = h(
    'fieldset',
    { class: 'back' },
    h('legend', {}, t.text('waiting.back')),
    ...BREAKS.map((length) => backOption(t, length)),
  );
  const element = h(
    'section',
    { class: 'card chooser', 'aria-label': t.text('waiting.change') },
    h('div', { class: 'choices' }, online, rest),
    back,
  );

  return {
    element,
    update({ choice, link }) {
      setAttribute(online, 'aria-pressed', String(choice?.status === 'online'));
      setAttribute(rest, 'aria-pressed', String(choice?.status === 'break'));
      online.disabled = link.phase !== 'live';
      rest.disabled = link.phase !== 'live';
    },
  };
}

/**
 * @param {Translator} t
 * @param {number} length minutes, 0 for an open end
 */
function backOption(t, length) {
  const text = length === 0 ? t.text('waiting.backOpen') : t.text('waiting.backMinutes', { minutes: length });
  return h(
    'label',
    { class: 'chip' },
    h('input', { type: 'radio', name: 'back', value: length, checked: length === 0 }),
    h('span', {}, text),
  );
}
