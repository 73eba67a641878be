/**
 * Stopping this node without cutting anybody off, and how far that is.
 */

import { h, setText } from '../../shared/ui/dom.js';
import { button, facts, section } from '../ui/pieces.js';
import { stateOf } from './nodes.js';

/**
 * @typedef {import('./view.js').Desk} Desk
 * @typedef {import('../api.js').Drain} Drain
 * @typedef {import('../api.js').Node} Node
 */

const TERMS = ['phase', 'connections', 'liveCalls', 'started', 'limit'];

/**
 * @param {Desk} desk
 * @returns {import('./view.js').View}
 */
export function drainView(desk) {
  const { t, rest, ask } = desk;
  const state = h('p', { class: 'drain-state', role: 'status' });
  const bar = h('progress', { max: 1, value: 0, 'aria-label': t.text('drain.progress') });
  const details = facts(TERMS.map((term) => t.text(`drain.${term}`)));
  const progress = h('div', { class: 'drain-progress', hidden: true }, bar, details.element);
  const nodeName = () => desk.history().looks.at(-1)?.node ?? '';
  const begin = button(
    t.text('drain.label'),
    () =>
      ask({
        title: t.text('drain.title', { node: nodeName() }),
        text: t.text('drain.text'),
        label: t.text('drain.label'),
        run: async () => {
          const { node } = await rest.post('/admin/api/drain');
          return t.text('drain.begun', { node });
        },
      }),
    'danger',
  );
  const step = (/** @type {string} */ name) => t.text(`drain.step.${name}`);
  const meanwhile = h('li', {});
  const steps = h('ol', { class: 'steps' }, h('li', {}, step('refuses')), meanwhile, h('li', {}, step('waits')), h('li', {}, step('ends')));
  const element = h(
    'div',
    { class: 'view' },
    section('drain-title', t.text('drain.head'), h('p', {}, t.text('drain.lead')), steps, state, progress, begin),
  );
  /** The most that there was to wait for. */
  let most = 0;
  const show = (/** @type {Drain} */ drain, /** @type {Node[]} */ nodes) => {
    setText(meanwhile, step(isAlone(nodes) ? 'keeps' : 'sends'));
    const left = drain.connections + drain.liveCalls;
    most = drain.draining ? Math.max(most, left) : 0;
    begin.hidden = drain.draining;
    progress.hidden = !drain.draining;
    setText(state, t.text(drain.draining ? 'drain.runs' : 'drain.serves', { node: drain.node }));
    bar.value = most === 0 ? 1 : 1 - left / most;
    details.show([
      drain.phase === null ? '–' : t.word('drain.phases', drain.phase),
      t.number(drain.connections),
      t.number(drain.liveCalls),
      t.time(drain.startedAt),
      t.time(drain.limitAt),
    ]);
  };
  return {
    element,
    async look() {
      const [drain, { nodes }] = await Promise.all([rest.get('/admin/api/drain'), rest.get('/admin/api/nodes')]);
      return () => show(drain, nodes);
    },
  };
}

/**
 * @param {Node[]} nodes of the database
 * @returns {boolean} whether there is no other to which people could be sent: one that answers, and stays
 */
export function isAlone(nodes) {
  return !nodes.some((node) => !node.this && ['alive', 'congested'].includes(stateOf(node)));
}
