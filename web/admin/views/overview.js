/**
 * This node in one look: big figures with their last minutes, and what the whole is made of.
 */

import { h, setText } from '../../shared/ui/dom.js';
import { LOOKS_KEPT } from '../figures/history.js';
import { emptied, quantile } from '../figures/quantile.js';
import { chart } from '../ui/chart.js';
import { facts, section, shares } from '../ui/pieces.js';

/**
 * @typedef {import('./view.js').Desk} Desk
 * @typedef {import('../api.js').Overview} Overview
 * @typedef {import('../figures/history.js').Point} Point
 * @typedef {import('../i18n.js').Words} Words
 */

/**
 * The figures, each with how it is written.
 * @type {readonly {name: Exclude<keyof Point, 'at'>, tone: string, write: (t: Words, value: number | null) => string}[]}
 */
const FIGURES = [
  { name: 'connections', tone: 'indigo', write: (t, value) => t.figure(value) },
  { name: 'messagesIn', tone: 'leaf', write: (t, value) => t.figure(value) },
  { name: 'messagesOut', tone: 'leaf', write: (t, value) => t.figure(value) },
  { name: 'broadcast', tone: 'plum', write: (t, value) => t.took(value) },
  { name: 'commit', tone: 'plum', write: (t, value) => t.took(value) },
  { name: 'outboxBytes', tone: 'rust', write: (t, value) => t.size(value) },
];

const STATUSES = /** @type {const} */ (['online', 'busy', 'break', 'offline']);
const PHASES = /** @type {const} */ (['requesting', 'ringing', 'connecting', 'connected']);

/** What is told of the node in words, and how. @type {readonly [string, (t: Words, look: Overview) => string][]} */
const FACTS = [
  ['node', (_, { node }) => node],
  ['version', (_, { version }) => version],
  ['uptime', (t, { uptimeMs }) => t.span(uptimeMs)],
  ['memory', (t, { memoryBytes }) => t.size(memoryBytes)],
  ['transports', (t, { transports }) => listed(t, transports, (name) => t.word('transport', name))],
  ['people', (t, { users, usersOnline }) => t.text('overview.peopleValue', { users, online: usersOnline })],
  ['storeQueue', (t, { storeQueue }) => t.number(storeQueue)],
  ['event', (t, { latency }) => t.took(quantile(emptied(latency.event), latency.event, 0.99))],
  ['callSetup', (t, { latency }) => t.took(quantile(emptied(latency.callSetup), latency.callSetup, 0.99))],
  ['closes', (t, { totals }) => listed(t, totals.closes, (name) => t.word('close', name))],
  ['refused', (t, { totals }) => listed(t, totals.handshakesRefused, (name) => t.word('refusal', name))],
  ['drops', (t, { totals }) => listed(t, totals.drops, (name) => t.word('drop', name))],
  ['ended', (t, { totals }) => listed(t, totals.callsEnded, (name) => t.word('outcome', name))],
];

/**
 * @param {Desk} desk
 * @returns {import('./view.js').View}
 */
export function overviewView({ t, history }) {
  const figures = FIGURES.map((figure) => figureView(t, figure));
  const otomo = shares(STATUSES.map((tone) => ({ tone, text: t.word('status', tone) })));
  const calls = shares(PHASES.map((tone) => ({ tone, text: t.word('phase', tone) })));
  const node = facts(FACTS.map(([term]) => t.text(`overview.${term}`)));
  const warning = h('p', { class: 'warning', role: 'status', hidden: true });
  const element = h(
    'div',
    { class: 'view' },
    warning,
    h('ul', { class: 'figures plain' }, ...figures.map((figure) => figure.element)),
    h(
      'div',
      { class: 'columns' },
      section('overview-otomo', t.text('overview.otomo'), otomo.element),
      section('overview-calls', t.text('overview.calls'), calls.element),
    ),
    section('overview-node', t.text('overview.ofNode'), node.element),
  );
  const show = () => {
    const { looks, points } = history();
    const look = looks.at(-1);
    if (look === undefined) return;
    for (const figure of figures) figure.show(points);
    otomo.show(STATUSES.map((status) => look.otomo[status]));
    calls.show(PHASES.map((phase) => look.calls[phase]));
    node.show(FACTS.map(([, write]) => write(t, look)));
    warning.hidden = !look.congested;
    setText(warning, look.congested ? t.text('overview.congested') : '');
  };
  // What is looked at anyway is all that this view needs.
  return { element, look: async () => show };
}

/**
 * @param {Words} t
 * @param {(typeof FIGURES)[number]} figure
 */
function figureView(t, { name, tone, write }) {
  const value = h('strong', { class: 'figure-value tabular' });
  const line = chart(tone);
  return {
    element: h(
      'li',
      { class: 'figure card', 'data-figure': name },
      h('h2', { class: 'figure-name' }, t.text(`figure.${name}`)),
      value,
      h('span', { class: 'quiet figure-hint' }, t.text(`figure.${name}.hint`)),
      line.element,
    ),
    /** @param {readonly Point[]} points */
    show(points) {
      const values = points.map((point) => point[name]);
      const known = values.filter((one) => one !== null);
      const now = write(t, values.at(-1) ?? null);
      const [least, most] = known.length === 0 ? [null, null] : [Math.min(...known), Math.max(...known)];
      setText(value, now);
      const words = { name: t.text(`figure.${name}`), now, least: write(t, least), most: write(t, most) };
      line.show(values, LOOKS_KEPT, t.text('chart.words', words));
    },
  };
}

/**
 * @param {Words} t
 * @param {Record<string, number>} counts
 * @param {(name: string) => string} wordOf
 * @returns {string} "WebSocket 12, SSE 3"
 */
function listed(t, counts, wordOf) {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  if (some.length === 0) return t.text('overview.none');
  return some.map(([name, count]) => `${wordOf(name)} ${t.number(count)}`).join(t.text('overview.and'));
}
