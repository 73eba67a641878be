/**
 * What admins did: who, when, to whom or what, and how it came out.
 */

import { h } from '../../shared/ui/dom.js';
import { pager, section } from '../ui/pieces.js';
import { table } from '../ui/table.js';

/** @typedef {import('../api.js').Entry} Entry */

/**
 * @param {import('./view.js').Desk} desk
 * @returns {import('./view.js').View}
 */
export function auditView({ t, rest, refresh }) {
  const pages = pager(t, refresh);
  const list = table(
    /** @type {import('../ui/table.js').TableParts<Entry>} */ ({
      caption: t.text('audit.list'),
      empty: t.text('audit.none'),
      keyOf: ({ id }) => id,
      columns: [
        { head: t.text('audit.at'), text: ({ at }) => t.time(at) },
        { head: t.text('audit.actor'), text: ({ actor }) => actor },
        { head: t.text('audit.action'), text: ({ action }) => t.word('action', action) },
        { head: t.text('audit.target'), kind: 'id', text: ({ target }) => target },
        { head: t.text('audit.detail'), text: ({ detail }) => detail ?? '–' },
        { head: t.text('audit.outcome'), text: ({ outcome }) => outcomeOf(t, outcome), tone: ({ outcome }) => toneOf(outcome) },
      ],
    }),
  );
  const element = h('div', { class: 'view' }, section('audit-title', t.text('audit.list'), list.element, pages.element));
  return {
    element,
    async look() {
      const page = await rest.get('/admin/api/audit', { query: { cursor: pages.cursor } });
      return () => {
        list.show(page.items);
        pages.show(page);
      };
    },
  };
}

/** @param {import('../i18n.js').Words} t @param {string | null} outcome */
function outcomeOf(t, outcome) {
  if (outcome === null) return t.text('audit.unknown');
  return outcome === 'done' ? t.text('audit.done') : t.text('audit.refused', { code: outcome });
}

/** @param {string | null} outcome */
function toneOf(outcome) {
  if (outcome === null) return 'break';
  return outcome === 'done' ? 'online' : 'busy';
}
