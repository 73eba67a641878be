/**
 * Every change, the newest first, under the day on which it was made.
 */

import { h, setAttribute, setText } from '../../../shared/ui/dom.js';

/**
 * @typedef {import('../../state/points.js').Transaction} Transaction
 * @typedef {import('../../state/store.js').State} State
 * @typedef {import('../../i18n.js').Translator} Translator
 */

/** Kinds that have words of their own; others are told in the app's. */
const KINDS = ['call_charge', 'daily_recovery', 'purchase', 'trial_grant', 'trial_use'];

/**
 * @param {Translator} t
 * @param {{olderPoints: () => void, reloadPoints: () => void}} actions
 * @returns {{element: HTMLElement, update: (state: State, now: number) => void}}
 */
export function transactionsView(t, { olderPoints, reloadPoints }) {
  /** What the list was drawn from. @type {unknown[]} */
  let drawn = [];
  const title = h('h2', { id: 'transactions-title' }, t.text('points.transactions'));
  const list = h('div', { class: 'transactions', id: 'transactions' });
  const said = h('p', { class: 'quiet nothing-yet', role: 'status' });
  const older = button(t.text('points.older'), olderPoints);
  const reload = button(t.text('points.reload'), reloadPoints);
  const element = h(
    'section',
    { class: 'card pane', 'aria-labelledby': 'transactions-title' },
    title,
    list,
    said,
    older,
    reload,
  );

  return {
    element,
    update({ points, otomos, clockOffset }, now) {
      const { transactions, known, failed, loading, cursor } = points;
      const serverNow = now + clockOffset;
      const wanted = [transactions, otomos.length, new Date(serverNow).toDateString()];
      if (wanted.some((part, index) => part !== drawn[index])) {
        drawn = wanted;
        const nameOf = (/** @type {string} */ userId) => otomos.find((otomo) => otomo.userId === userId)?.name ?? userId;
        list.replaceChildren(...days(t, transactions, serverNow, nameOf));
      }
      setText(said, saidText(t, points));
      said.hidden = said.textContent === '';
      older.hidden = cursor === null || failed;
      older.disabled = loading;
      setAttribute(list, 'aria-busy', !known && !failed);
      reload.hidden = !failed;
    },
  };
}

/**
 * @param {string} text
 * @param {() => void} act
 */
function button(text, act) {
  return h('button', { type: 'button', class: 'button ghost', hidden: true, on: { click: act } }, text);
}

/**
 * @param {Translator} t
 * @param {State['points']} points
 */
function saidText(t, { known, failed, transactions }) {
  if (failed) return t.text('points.failed');
  if (!known) return t.text('points.loading');
  return transactions.length === 0 ? t.text('points.none') : '';
}

/**
 * @param {Translator} t
 * @param {readonly Transaction[]} transactions
 * @param {number} now the server's clock, milliseconds
 * @param {(userId: string) => string} nameOf
 * @returns {HTMLElement[]}
 */
function days(t, transactions, now, nameOf) {
  /** @type {Map<string, Transaction[]>} */
  const byDay = new Map();
  for (const one of transactions) {
    const day = new Date(one.at).toDateString();
    byDay.set(day, [...(byDay.get(day) ?? []), one]);
  }
  return [...byDay.values()].map((ofDay) =>
    h(
      'section',
      {},
      h('h3', {}, t.day(ofDay[0].at, now)),
      h('ul', { class: 'plain' }, ...ofDay.map((one) => row(t, one, nameOf))),
    ),
  );
}

/**
 * @param {Translator} t
 * @param {Transaction} transaction
 * @param {(userId: string) => string} nameOf
 */
function row(t, { id, amount, balance, kind, description, metadata, at }, nameOf) {
  const known = KINDS.includes(kind);
  const name = metadata.otomoId === undefined ? '' : nameOf(metadata.otomoId);
  const what = known ? t.text(`points.kind.${kind}`, { name, number: metadata.tickNumber ?? '' }) : description || kind;
  return h(
    'li',
    { class: 'transaction', 'data-kind': kind, 'data-transaction-id': id },
    h('span', { class: 'transaction-what' }, what),
    h('time', { datetime: new Date(at).toISOString() }, t.clock(at)),
    h('span', { class: `transaction-amount tabular ${amount < 0 ? 'used' : 'got'}` }, t.signed(amount)),
    h('span', { class: 'transaction-balance tabular' }, t.text('points.after', { balance: t.number(balance) })),
  );
}
