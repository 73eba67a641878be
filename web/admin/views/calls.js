/**
 * The calls, live or all; what happened in one; and how to end it.
 */

import { h, setText } from '../../shared/ui/dom.js';
import { duration } from '../../shared/i18n.js';
import { button, details } from '../ui/pieces.js';
import { table } from '../ui/table.js';
import { listView } from './list_view.js';

/**
 * @typedef {import('./view.js').Desk} Desk
 * @typedef {import('../api.js').Call} Call
 * @typedef {import('../api.js').CallEvent} CallEvent
 */

const FILTERS = /** @type {const} */ (['live', 'all']);

/**
 * @param {Desk} desk
 * @param {string | null} chosen the call whose timeline is shown
 * @returns {import('./view.js').View}
 */
export function callsView(desk, chosen) {
  const { t } = desk;
  return listView(desk, {
    id: 'calls-list',
    title: t.text('calls.list'),
    filterLabel: t.text('calls.filter'),
    filters: FILTERS.map((name) => ({ name, text: t.text(`calls.${name}`) })),
    path: '/admin/api/calls',
    queryOf: (which) => ({ live: which === 'live' }),
    list: callTable(desk, chosen),
    details: chosen === null ? null : timelinePanel(desk, chosen),
  });
}

/** @param {Desk} desk @param {string | null} chosen */
function callTable(desk, chosen) {
  const { t, now, go } = desk;
  const lasts = (/** @type {Call} */ call) => {
    if (call.connectedAt === null) return '–';
    const live = call.endedAt === null;
    return duration(live ? (now() - Date.parse(call.connectedAt)) / 1_000 : call.durationSeconds);
  };
  return table(
    /** @type {import('../ui/table.js').TableParts<Call>} */ ({
      caption: t.text('calls.list'),
      empty: t.text('calls.none'),
      // One that has ended is another row: without the button that ends it.
      keyOf: ({ callId, endedAt }) => (endedAt === null ? callId : `${callId} ended`),
      picked: ({ callId }) => callId === chosen,
      columns: [
        { head: t.text('calls.people'), text: ({ caller, otomo }) => `${caller.name} → ${otomo.name}` },
        { head: t.text('calls.phase'), text: (call) => stateOf(t, call), tone: ({ phase }) => phase },
        { head: t.text('calls.requested'), text: ({ requestedAt }) => t.time(requestedAt) },
        { head: t.text('calls.duration'), kind: 'figure', text: lasts },
        { head: t.text('calls.points'), kind: 'figure', text: (call) => t.number(call.totalChargedPoints) },
      ],
      actionsHead: t.text('calls.actions'),
      actions: (row) => [
        button(t.text('calls.timeline'), () => go('calls', row().callId), 'ghost', {
          'aria-label': t.text('calls.timelineOf', namesOf(row())),
        }),
        ...endButton(desk, row()),
      ],
    }),
  );
}

/** @param {Call} call */
function namesOf({ caller, otomo }) {
  return { caller: caller.name, otomo: otomo.name };
}

/** @param {Desk['t']} t @param {Call} call */
function stateOf(t, { phase, outcome, reason }) {
  return outcome === null || reason === null ? t.word('phase', phase) : outcomeOf(t, { outcome, reason });
}

/** @param {Desk['t']} t @param {{outcome: string, reason: string}} end */
function outcomeOf(t, { outcome, reason }) {
  return `${t.word('outcome', outcome)} · ${t.word('reason', reason)}`;
}

/** @param {Desk} desk @param {Call} call @returns {HTMLElement[]} none for a call that is over */
function endButton({ t, rest, ask }, call) {
  if (call.endedAt !== null) return [];
  const { callId } = call;
  const end = () =>
    ask({
      title: t.text('end.title', namesOf(call)),
      text: t.text('end.text'),
      label: t.text('end.label'),
      run: async () => {
        await rest.post(`/admin/api/calls/${callId}/end`);
        return t.text('end.done', namesOf(call));
      },
    });
  return [button(t.text('end.label'), end, 'danger', { 'aria-label': t.text('end.of', namesOf(call)) })];
}

/** @param {Desk} desk @param {string} callId */
function timelinePanel({ t, rest, go }, callId) {
  const list = h('ol', { class: 'plain timeline' });
  const fault = h('p', { class: 'fault', role: 'alert' });
  const id = h('p', { class: 'quiet id' }, callId);
  const close = button(t.text('details.close'), () => go('calls'));
  const element = details('timeline-title', t.text('timeline.title'), id, fault, list, close);
  /** How many events are shown: there are only ever more. */
  let shown = 0;
  const show = (/** @type {readonly CallEvent[]} */ events) => {
    list.append(...events.slice(shown).map((event) => eventItem(t, event)));
    shown = events.length;
  };
  return {
    element,
    async look() {
      try {
        const { events } = await rest.get(`/admin/api/calls/${encodeURIComponent(callId)}/timeline`);
        return () => {
          setText(fault, '');
          show(events);
        };
      } catch (error) {
        if (![400, 404].includes(/** @type {any} */ (error).status)) throw error;
        return () => setText(fault, t.fault(error));
      }
    },
  };
}

/** @param {Desk['t']} t @param {CallEvent} event */
function eventItem(t, { at, event, by, detail }) {
  return h(
    'li',
    { 'data-event': event },
    h('time', { datetime: at, class: 'tabular' }, t.time(at)),
    h('strong', {}, t.word('event', event)),
    h('span', { class: 'quiet' }, addedTo(t, { by, detail })),
  );
}

/**
 * @param {Desk['t']} t
 * @param {Pick<CallEvent, 'by' | 'detail'>} event
 * @returns {string} by whom it was, and what there is to add
 */
export function addedTo(t, { by, detail }) {
  const who = t.text('timeline.by', { by: t.word('by', by) });
  return detail === null ? who : `${who} · ${detailOf(t, detail)}`;
}

/**
 * What there is to add to an event. The server keeps it in words of its own.
 *
 * @param {Desk['t']} t
 * @param {string} detail
 * @returns {string} in this language; as it is, where this page does not know the words
 */
function detailOf(t, detail) {
  const [, device] = /^device (.+)$/s.exec(detail) ?? [];
  if (device !== undefined) return t.text('timeline.device', { device });
  const [, charges, points] = /^charge (\d+), (\d+) points in all$/.exec(detail) ?? [];
  if (points !== undefined) return t.text('timeline.charged', { charges: t.number(Number(charges)), points: t.number(Number(points)) });
  const [, outcome, reason] = /^(\w+), (\w+)$/.exec(detail) ?? [];
  return reason === undefined ? detail : outcomeOf(t, { outcome, reason });
}
