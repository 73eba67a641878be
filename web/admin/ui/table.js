/**
 * Tables whose rows stay the same elements from one look to the next, so that focus, selection and what a screen reader
 * is reading stay where they are. On a phone each row is a card; the roles say that it is a table all the same.
 */

import { h, setAttribute, setText } from '../../shared/ui/dom.js';
import { keyedRows } from '../../shared/ui/rows.js';

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} head
 * @property {(row: Row) => string} text
 * @property {(row: Row) => string | null} [tone] how the text is marked, as a status
 * @property {'figure' | 'id' | 'span'} [kind] figures stand at the right, ids in letters of one width, spans of time on one line
 */

/**
 * @template Row
 * @typedef {object} TableParts
 * @property {string} caption
 * @property {string} empty what is said instead of no rows
 * @property {readonly Column<Row>[]} columns the first one names the row
 * @property {(row: Row) => string} keyOf
 * @property {string} [actionsHead] over the buttons, for those who listen
 * @property {(row: () => Row) => HTMLElement[]} [actions] buttons of a row; `row` gives what it shows by then
 * @property {(row: Row) => boolean} [picked] whether its details are shown
 */

/**
 * @template Row
 * @param {TableParts<Row>} parts
 * @returns {{element: HTMLElement, show: (rows: readonly Row[]) => void}}
 */
export function table(parts) {
  const { caption, columns, keyOf, actions } = parts;
  const heads = columns.map(({ head, kind }) =>
    h('th', { role: 'columnheader', scope: 'col', 'data-kind': kind ?? null }, head),
  );
  if (actions) heads.push(h('th', { role: 'columnheader', scope: 'col' }, hidden(parts.actionsHead ?? '')));
  const body = h('tbody', { role: 'rowgroup' });
  const empty = h('p', { class: 'empty quiet' }, parts.empty);
  const grid = h(
    'table',
    { role: 'table', class: 'table' },
    h('caption', { class: 'visually-hidden' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads)),
    body,
  );
  const frame = h('div', { class: 'table-frame', tabindex: -1 }, grid, empty);
  const place = keyedRows(body, { key: keyOf, build: (row) => rowView(parts, row), refuge: frame });
  return {
    element: frame,
    show(rows) {
      place(rows);
      grid.hidden = rows.length === 0;
      empty.hidden = rows.length > 0;
    },
  };
}

/**
 * @template Row
 * @param {TableParts<Row>} parts
 * @param {Row} first
 */
function rowView({ columns, actions, picked, keyOf }, first) {
  let current = first;
  const cells = columns.map(({ head, kind }, place) => {
    const mark = h('span', {});
    const role = place === 0 ? 'rowheader' : 'cell';
    const attributes = { role, 'data-head': head, 'data-kind': kind ?? null };
    const cell = place === 0 ? h('th', { ...attributes, scope: 'row' }, mark) : h('td', attributes, mark);
    return { cell, mark };
  });
  const buttons = actions ? [h('td', { role: 'cell', class: 'actions' }, ...actions(() => current))] : [];
  const element = h('tr', { role: 'row', 'data-key': keyOf(first) }, ...cells.map(({ cell }) => cell), ...buttons);
  return {
    element,
    /** @param {Row} row */
    update(row) {
      current = row;
      columns.forEach(({ text, tone }, place) => {
        const { mark } = cells[place];
        setText(mark, text(row));
        const marked = tone?.(row) ?? null;
        setAttribute(mark, 'class', marked === null ? null : 'mark');
        setAttribute(mark, 'data-tone', marked);
      });
      setAttribute(element, 'data-picked', picked?.(row) ?? null);
    },
  };
}

/** @param {string} text for those who listen */
export function hidden(text) {
  return h('span', { class: 'visually-hidden' }, text);
}
