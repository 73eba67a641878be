/**
 * A list whose rows stay the same elements while their items live: what is focused, read or pressed stays so.
 */

import { reorder } from './reorder.js';

/**
 * @template Item
 * @template {unknown[]} Rest
 * @param {HTMLElement} list
 * @param {object} parts
 * @param {(item: Item) => string} parts.key
 * @param {(item: Item) => {element: HTMLElement, update: (item: Item, ...rest: Rest) => void}} parts.build
 * @param {HTMLElement} [parts.refuge] takes the focus of a row that goes and has no neighbour; with `tabindex="-1"`
 * @returns {(items: readonly Item[], ...rest: Rest) => void} `rest` is passed on to every row
 */
export function keyedRows(list, { key, build, refuge }) {
  /** @type {Map<string, ReturnType<typeof build>>} */
  const rows = new Map();
  return (items, ...rest) => {
    const order = items.map((item) => {
      const id = key(item);
      const row = rows.get(id) ?? build(item);
      rows.set(id, row);
      row.update(item, ...rest);
      return row.element;
    });
    const shown = new Set(items.map(key));
    for (const [id, { element }] of rows) {
      if (shown.has(id)) continue;
      leave(element, refuge);
      rows.delete(id);
    }
    reorder(list, order);
  };
}

/**
 * @param {HTMLElement} row
 * @param {HTMLElement | undefined} refuge
 */
function leave(row, refuge) {
  const focused = row.contains(document.activeElement);
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (!focused) return;
  const next = /** @type {HTMLElement | null | undefined} */ (neighbour?.querySelector('button, a')) ?? refuge;
  next?.focus();
}
