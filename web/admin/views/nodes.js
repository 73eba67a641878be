/**
 * The nodes of the database, and how the one that answers is.
 */

import { h } from '../../shared/ui/dom.js';
import { healthOf } from '../api.js';
import { section } from '../ui/pieces.js';
import { table } from '../ui/table.js';

/**
 * @typedef {import('./view.js').Desk} Desk
 * @typedef {import('../api.js').Node} Node
 * @typedef {import('../api.js').Health} Health
 */

/**
 * @param {Desk} desk
 * @returns {import('./view.js').View}
 */
export function nodesView(desk) {
  const { t, rest, history } = desk;
  const health = h('ul', { class: 'plain' });
  const list = nodeTable(desk);
  const element = h(
    'div',
    { class: 'view' },
    section('health', t.text('health.title'), h('div', { role: 'status' }, health)),
    section('node-list', t.text('nodes.list'), list.element),
  );
  /** What is shown: said again only when it changes. */
  let said = '';
  const show = (/** @type {Health} */ { reasons, degraded }) => {
    const { node = '', version = '' } = history().looks.at(-1) ?? {};
    const items = [
      ...(reasons.length === 0 ? [{ tone: 'online', text: t.text('health.ready', { node, version }) }] : []),
      ...reasons.map((reason) => ({ tone: 'busy', text: t.word('health.reason', reason) })),
      ...degraded.map((lack) => ({ tone: 'break', text: t.word('health.degraded', lack) })),
    ];
    if (JSON.stringify(items) === said) return;
    said = JSON.stringify(items);
    const item = (/** @type {{tone: string, text: string}} */ { tone, text }) =>
      h('li', {}, h('span', { class: 'dot', 'data-tone': tone, 'aria-hidden': 'true' }), text);
    health.replaceChildren(...items.map(item));
  };
  return {
    element,
    async look() {
      const [{ nodes }, found] = await Promise.all([rest.get('/admin/api/nodes'), healthOf(rest)]);
      return () => {
        list.show(nodes);
        show(found);
      };
    },
  };
}

/** How each state is marked. */
const TONES = { alive: 'online', congested: 'break', draining: 'break', silent: 'busy', gone: 'offline' };

/**
 * @param {Node} node
 * @returns {keyof typeof TONES} `silent`: its lease is good, and it does not answer
 */
export function stateOf({ alive, report }) {
  if (!alive) return 'gone';
  if (report === null) return 'silent';
  if (report.draining) return 'draining';
  return report.congested ? 'congested' : 'alive';
}

/** @param {Desk} desk */
function nodeTable({ t, now }) {
  const ago = (/** @type {string} */ at) => t.span(now() - Date.parse(at));
  return table(
    /** @type {import('../ui/table.js').TableParts<Node>} */ ({
      caption: t.text('nodes.list'),
      empty: t.text('nodes.none'),
      keyOf: ({ name }) => name,
      picked: (node) => node.this,
      columns: [
        { head: t.text('nodes.name'), text: (node) => (node.this ? t.text('nodes.this', { name: node.name }) : node.name) },
        { head: t.text('nodes.state'), text: (node) => t.text(`nodes.${stateOf(node)}`), tone: (node) => TONES[stateOf(node)] },
        { head: t.text('nodes.version'), text: ({ report }) => report?.version ?? '–' },
        { head: t.text('nodes.connections'), kind: 'figure', text: ({ report }) => t.figure(report?.connections ?? null) },
        { head: t.text('nodes.waiting'), kind: 'figure', text: ({ report }) => t.size(report?.outboxBytes ?? null) },
        { head: t.text('nodes.started'), text: ({ startedAt }) => t.time(startedAt) },
        { head: t.text('nodes.sign'), text: ({ aliveAt }) => t.text('nodes.ago', { time: ago(aliveAt) }) },
        { head: t.text('nodes.lease'), text: ({ leaseUntil }) => t.time(leaseUntil) },
        { head: t.text('nodes.advertise'), kind: 'id', text: ({ advertise }) => advertise ?? '–' },
      ],
    }),
  );
}
