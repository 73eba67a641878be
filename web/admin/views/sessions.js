/**
 * The connections of all nodes: the slowest first, then those of anybody, or of one user. Each can be closed, and what a user's
 * devices have lost can be sent again.
 */

import { h } from '../../shared/ui/dom.js';
import { button, pager, section } from '../ui/pieces.js';
import { table } from '../ui/table.js';

/**
 * @typedef {import('./view.js').Desk} Desk
 * @typedef {import('../api.js').Session} Session
 */

/** How many of the slowest are shown. */
const SLOW_SHOWN = 10;

/**
 * @param {Desk} desk
 * @param {string | null} userId whose connections are shown; null for everybody's
 * @returns {import('./view.js').View}
 */
export function sessionsView(desk, userId) {
  const { t, rest, refresh } = desk;
  const pages = pager(t, refresh);
  const slow = slowTable(desk);
  const list = sessionTable(desk);
  const title = userId === null ? t.text('sessions.everybody') : t.text('sessions.of', { userId });
  const element = h(
    'div',
    { class: 'view' },
    section('slow-list', t.text('slow.title'), h('p', { class: 'quiet' }, t.text('slow.lead')), slow.element),
    section(
      'session-list',
      title,
      finder(desk, userId),
      list.element,
      pages.element,
      userId === null ? null : resendForm(desk, userId),
      userId === null ? null : button(t.text('disconnectAll.label'), () => askToDisconnectAll(desk, userId), 'danger'),
    ),
  );
  return {
    element,
    async look() {
      const [slowest, page] = await Promise.all([
        rest.get('/admin/api/slow', { query: { limit: SLOW_SHOWN } }),
        rest.get('/admin/api/sessions', { query: { userId, cursor: pages.cursor } }),
      ]);
      return () => {
        slow.show(slowest.items);
        list.show(page.items);
        pages.show(page);
      };
    },
  };
}

/**
 * What both tables say of a connection.
 *
 * @param {Desk} desk
 * @returns {import('../ui/table.js').Column<Session>[]}
 */
function columnsOf({ t }) {
  return [
    { head: t.text('sessions.user'), text: (session) => session.userId },
    { head: t.text('sessions.role'), text: (session) => t.word('role', session.role) },
    { head: t.text('sessions.device'), kind: 'id', text: (session) => session.device },
    { head: t.text('sessions.node'), text: (session) => session.node },
  ];
}

/** @param {Desk} desk */
function slowTable(desk) {
  const { t } = desk;
  const stalled = (/** @type {Session} */ { stalledMs }) => (stalledMs === null ? t.text('slow.flows') : t.span(stalledMs));
  return table({
    ...common(desk),
    caption: t.text('slow.title'),
    empty: t.text('slow.none'),
    columns: [
      ...columnsOf(desk),
      { head: t.text('slow.bytes'), kind: /** @type {const} */ ('figure'), text: (session) => t.size(session.backlogBytes) },
      { head: t.text('slow.stalled'), text: stalled, tone: (session) => (session.stalled ? 'busy' : null) },
    ],
  });
}

/** @param {Desk} desk */
function sessionTable(desk) {
  const { t } = desk;
  return table({
    ...common(desk),
    caption: t.text('sessions.everybody'),
    empty: t.text('sessions.none'),
    columns: [
      ...columnsOf(desk),
      { head: t.text('sessions.began'), text: (session) => t.time(beganAt(session.sessionId)) },
    ],
  });
}

/** @param {Desk} desk */
function common(desk) {
  const { t } = desk;
  return {
    keyOf: (/** @type {Session} */ { sessionId }) => sessionId,
    actionsHead: t.text('sessions.actions'),
    actions: (/** @type {() => Session} */ row) => [
      button(t.text('disconnect.label'), () => askToDisconnect(desk, row()), 'danger', {
        'aria-label': t.text('disconnect.of', { userId: row().userId, device: row().device }),
      }),
    ],
  };
}

/**
 * When a connection began: its id is a UUID of version 7, which starts with that.
 *
 * @param {string} sessionId
 * @returns {number} milliseconds since 1970
 */
export function beganAt(sessionId) {
  return Number.parseInt(sessionId.replaceAll('-', '').slice(0, 12), 16);
}

/** @param {Desk} desk @param {Session} session */
function askToDisconnect({ t, rest, ask }, { sessionId, userId, device }) {
  ask({
    title: t.text('disconnect.title', { userId, device }),
    text: t.text('disconnect.text'),
    label: t.text('disconnect.label'),
    run: async () => {
      await rest.post(`/admin/api/sessions/${sessionId}/disconnect`);
      return t.text('disconnect.done', { userId, device });
    },
  });
}

/** @param {Desk} desk @param {string} userId */
function askToDisconnectAll({ t, rest, ask }, userId) {
  ask({
    title: t.text('disconnectAll.title', { userId }),
    text: t.text('disconnectAll.text'),
    label: t.text('disconnectAll.label'),
    run: async () => {
      const { closed } = await rest.post(`/admin/api/users/${encodeURIComponent(userId)}/disconnect`);
      return t.text('disconnectAll.done', { userId, closed });
    },
  });
}

/** Whose connections are wanted. @param {Desk} desk @param {string | null} userId */
function finder({ t, go }, userId) {
  const field = h('input', { id: 'find-user', type: 'search', value: userId ?? '', autocomplete: 'off', autocapitalize: 'none' });
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const wanted = field.value.trim();
    go('sessions', wanted === '' ? null : wanted);
  };
  return h(
    'form',
    { class: 'finder', role: 'search', on: { submit } },
    h('label', { for: 'find-user' }, t.text('sessions.find')),
    field,
    h('button', { class: 'button primary' }, t.text('sessions.show')),
  );
}

/** @param {Desk} desk @param {string} userId */
function resendForm({ t, rest, ask }, userId) {
  const field = h('input', { id: 'resend-after', type: 'number', min: 0, step: 1, value: 0, required: true });
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const after = field.valueAsNumber;
    ask({
      title: t.text('resend.title', { userId }),
      text: t.text('resend.text', { after }),
      label: t.text('resend.label'),
      run: async () => {
        const path = `/admin/api/users/${encodeURIComponent(userId)}/inbox/resend`;
        const { connections, head, after: from } = await rest.post(path, { after });
        return t.text('resend.done', { userId, connections, count: head - from });
      },
    });
  };
  return h(
    'form',
    { class: 'finder', on: { submit } },
    h('label', { for: 'resend-after' }, t.text('resend.after')),
    field,
    h('button', { class: 'button ghost' }, t.text('resend.label')),
  );
}
