/**
 * The otomo in the order of people's list, and for one of them why they have their status, with what an admin may correct.
 */

import { h, setText } from '../../shared/ui/dom.js';
import { button, details } from '../ui/pieces.js';
import { table } from '../ui/table.js';
import { explain } from '../why.js';
import { listView } from './list_view.js';

/**
 * @typedef {import('./view.js').Desk} Desk
 * @typedef {import('../api.js').Otomo} Otomo
 * @typedef {import('../api.js').Why} Why
 */

const FILTERS = /** @type {const} */ (['all', 'online', 'busy', 'break', 'offline']);

/**
 * @param {Desk} desk
 * @param {string | null} chosen whose reasons are shown
 * @returns {import('./view.js').View}
 */
export function otomoView(desk, chosen) {
  const { t } = desk;
  return listView(desk, {
    id: 'otomo-list',
    title: t.text('list.title'),
    filterLabel: t.text('list.filter'),
    filters: FILTERS.map((name) => ({ name, text: name === 'all' ? t.text('list.all') : t.word('status', name) })),
    path: '/admin/api/otomo',
    queryOf: (status) => ({ status: status === 'all' ? null : status }),
    list: otomoTable(desk, chosen),
    details: chosen === null ? null : whyPanel(desk, chosen),
  });
}

/** @param {Desk} desk @param {string | null} chosen */
function otomoTable({ t, now, go }, chosen) {
  return table(
    /** @type {import('../ui/table.js').TableParts<Otomo>} */ ({
      caption: t.text('list.title'),
      empty: t.text('list.none'),
      keyOf: ({ userId }) => userId,
      picked: ({ userId }) => userId === chosen,
      columns: [
        { head: t.text('list.name'), text: ({ name }) => name },
        { head: t.text('list.id'), kind: 'id', text: ({ userId }) => userId },
        { head: t.text('list.status'), text: ({ status }) => t.word('status', status), tone: ({ status }) => status },
        { head: t.text('list.since'), kind: 'span', text: ({ changedAt }) => t.span(now() - Date.parse(changedAt)) },
        { head: t.text('list.connections'), kind: 'figure', text: ({ connections }) => t.number(connections) },
      ],
      actionsHead: t.text('list.actions'),
      actions: (row) => [
        button(t.text('list.why'), () => go('otomo', row().userId), 'ghost', {
          'aria-label': t.text('list.whyOf', { name: row().name }),
        }),
      ],
    }),
  );
}

/** @param {Desk} desk @param {string} userId */
function whyPanel(desk, userId) {
  const { t, rest, go } = desk;
  const told = h('p', { class: 'why-told' });
  const decided = h('p', { class: 'why-decided' });
  const unsettled = h('p', { class: 'warning' });
  const reasons = h('ol', { class: 'plain why-facts' });
  const keeps = h('h3', {}, t.text('why.remedies'));
  const remedies = h('ul', { class: 'plain' });
  const fault = h('p', { class: 'fault', role: 'alert' });
  const corrections = correctionsOf(desk, userId);
  const body = h('div', {}, told, decided, unsettled, h('h3', {}, t.text('why.facts')), reasons, keeps, remedies, corrections);
  const title = t.text('why.title', { userId });
  const element = details('why-title', title, fault, body, button(t.text('details.close'), () => go('otomo')));
  const show = (/** @type {Why} */ why) => {
    const explanation = explain(t, why);
    setText(told, explanation.told);
    setText(decided, explanation.decided);
    setText(unsettled, explanation.unsettled ?? '');
    unsettled.hidden = explanation.unsettled === null;
    const items = explanation.facts.map(({ fact, sentence }) =>
      h('li', { 'data-decides': String(fact === explanation.by) }, h('strong', {}, t.text(`why.fact.${fact}`)), ' ', sentence),
    );
    keeps.hidden = explanation.remedies.length === 0;
    if (remedies.textContent !== explanation.remedies.join('')) {
      remedies.replaceChildren(...explanation.remedies.map((remedy) => h('li', {}, remedy)));
    }
    if (reasons.textContent !== items.map((item) => item.textContent).join('')) reasons.replaceChildren(...items);
  };
  return {
    element,
    async look() {
      try {
        const why = await rest.get(`/admin/api/otomo/${encodeURIComponent(userId)}/why`);
        return () => {
          setText(fault, '');
          body.hidden = false;
          show(why);
        };
      } catch (error) {
        if (/** @type {any} */ (error).status !== 404) throw error;
        return () => {
          setText(fault, t.fault(error));
          body.hidden = true;
        };
      }
    },
  };
}

/** What an admin may correct. @param {Desk} desk @param {string} userId */
function correctionsOf({ t, rest, ask }, userId) {
  const path = `/admin/api/otomo/${encodeURIComponent(userId)}`;
  const force = (/** @type {string} */ status) =>
    ask({
      title: t.text('force.title', { userId, status: t.word('status', status) }),
      text: t.text(`force.text.${status}`),
      label: t.text(`force.${status}`),
      run: async () => {
        const { status: shown } = await rest.post(`${path}/status`, { status });
        return t.text('force.done', { userId, status: t.word('status', shown) });
      },
    });
  const free = () =>
    ask({
      title: t.text('free.title', { userId }),
      text: t.text('free.text'),
      label: t.text('free.label'),
      run: async () => {
        const { callId, breakEnded, wrapUpEnded } = await rest.post(`${path}/free`);
        if (callId !== null) return t.text('free.done', { userId });
        return t.text(breakEnded || wrapUpEnded ? 'free.lifted' : 'free.nothing', { userId });
      },
    });
  return h(
    'div',
    { class: 'corrections', role: 'group', 'aria-label': t.text('why.corrections') },
    button(t.text('force.online'), () => force('online')),
    button(t.text('force.break'), () => force('break')),
    button(t.text('force.offline'), () => force('offline'), 'danger'),
    button(t.text('free.label'), free, 'danger'),
  );
}
