/**
 * What one has, and how it came to that.
 */

import { h, setText } from '../../../shared/ui/dom.js';
import { transactionsView } from './transactions.js';

/**
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 *
 * @typedef {object} Actions
 * @property {() => void} olderPoints
 * @property {() => void} reloadPoints
 * @property {(amount: number) => void} changePoints for trials; negative to use some
 */

/** What one may try in development mode: to get points, to use them. */
const TRIALS = [100, -30];

/**
 * @param {Translator} t
 * @param {Actions} actions
 * @returns {{element: HTMLElement, update: (state: State, now: number) => void}}
 */
export function pointsView(t, actions) {
  const balance = h('span', { class: 'balance-number tabular', id: 'balance' });
  const unit = h('span', { class: 'balance-unit' }, t.text('points.unit'));
  const trials = trialsView(t, actions.changePoints);
  const transactions = transactionsView(t, actions);
  const purse = h(
    'section',
    { class: 'card purse', 'aria-labelledby': 'balance-title' },
    h('h2', { id: 'balance-title' }, t.text('points.balance')),
    h('p', { class: 'balance', 'aria-live': 'polite', 'aria-atomic': 'true' }, balance, unit),
    h('p', { class: 'quiet' }, t.text('points.hint')),
    trials.element,
  );
  const element = h(
    'main',
    { id: 'content', class: 'page', 'aria-labelledby': 'points-title' },
    h('header', { class: 'page-head' }, h('h1', { id: 'points-title' }, t.text('points.title'))),
    h('div', { class: 'points' }, purse, transactions.element),
  );

  return {
    element,
    update(state, now) {
      setText(balance, state.balance === null ? '…' : t.number(state.balance));
      trials.update(state);
      transactions.update(state, now);
    },
  };
}

/**
 * @param {Translator} t
 * @param {Actions['changePoints']} change
 */
function trialsView(t, change) {
  const buttons = TRIALS.map((amount) =>
    h(
      'button',
      { type: 'button', class: `button ${amount > 0 ? 'primary' : 'ghost'}`, on: { click: () => change(amount) } },
      t.text(amount > 0 ? 'points.tryGrant' : 'points.tryUse', { amount: Math.abs(amount) }),
    ),
  );
  const element = h(
    'div',
    { class: 'trials', role: 'group', 'aria-labelledby': 'trials-title' },
    h('p', { class: 'eyebrow', id: 'trials-title' }, t.text('points.trials')),
    h('div', { class: 'trial-buttons' }, ...buttons),
  );
  return {
    element,
    /** @param {State} state */
    update({ me, link }) {
      element.hidden = !me?.lent;
      for (const button of buttons) button.disabled = link.phase !== 'live';
    },
  };
}
