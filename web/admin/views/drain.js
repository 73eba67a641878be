/**
 * Stopping this node without cutting anybody off, and how far that is.
 */

import { h, setText } from '../../shared/ui/dom.js';
import { button, facts, section } from '../ui/pieces.js';

/**
 * @typedef {import('./view.js').Desk} Desk
 * @typedef {import('../api.js').Drain} Drain
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
          await rest.post('/admin/api/drain');
          return t.text('drain.begun', { node: nodeName() });
        },
      }),
    'danger',
  );
  const steps = ['refuses', 'sends', 'waits', 'ends'].map((step) => h('li', {}, t.text(`drain.step.${step}`)));
  const element = h(
    'div',
    { class: 'view' },
    section('drain-title', t.text('drain.head'), h('p', {}, t.text('drain.lead')), h('ol', { class: 'steps' }, ...steps), state, progress, begin),
  );
  /** The most that there was to wait for. */
  let most = 0;
  const show = (/** @type {Drain} */ drain) => {
    const left = drain.connections + drain.liveCalls;
    most = drain.draining ? Math.max(most, left) : 0;
    begin.hidden = drain.draining;
    progress.hidden = !drain.draining;
    setText(state, t.text(drain.draining ? 'drain.runs' : 'drain.serves', { node: nodeName() }));
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
      /** @type {Drain} */
      const drain = await rest.get('/admin/api/drain');
      return () => show(drain);
    },
  };
}
