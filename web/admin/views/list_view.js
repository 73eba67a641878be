/**
 * A list by a filter, page by page, with the details of the one that was picked beside it. Filter and page stay as details
 * open and close: the one that was pressed is still there.
 */

import { h } from '../../shared/ui/dom.js';
import { choice, pager, section } from '../ui/pieces.js';

/**
 * @template {string} Name
 * @template Row
 * @typedef {object} ListParts
 * @property {string} id of the heading
 * @property {string} title
 * @property {string} filterLabel
 * @property {readonly {name: Name, text: string}[]} filters the first one holds at the beginning
 * @property {string} path where the rows are
 * @property {(filter: Name) => Record<string, string | boolean | null>} queryOf
 * @property {{element: HTMLElement, show: (rows: readonly Row[]) => void}} list
 * @property {import('./view.js').View | null} details of the one that was picked
 */

/**
 * @template {string} Name
 * @template Row
 * @param {import('./view.js').Desk} desk
 * @param {ListParts<Name, Row>} parts
 * @returns {import('./view.js').View}
 */
export function listView({ t, rest, refresh, listed, filterBy }, { id, title, filterLabel, filters, path, queryOf, list, details }) {
  const first = filters[0].name;
  let chosen = filters.find(({ name }) => name === listed().filter)?.name ?? first;
  const pages = pager(t, refresh, listed());
  const filter = choice(filterLabel, filters, (name) => {
    chosen = name;
    filter.show(name);
    filterBy(name === first ? null : name);
    pages.reset();
    refresh();
  });
  filter.show(chosen);
  const element = h(
    'div',
    { class: 'view with-details' },
    section(id, title, filter.element, list.element, pages.element),
    details?.element ?? null,
  );
  return {
    element,
    async look() {
      const query = { ...queryOf(chosen), cursor: pages.cursor };
      const [page, showDetails] = await Promise.all([rest.get(path, { query }), details?.look()]);
      return () => {
        list.show(page.items);
        pages.show(page);
        showDetails?.();
      };
    },
  };
}
