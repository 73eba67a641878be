/**
 * Puts the children of a list into a new order, and lets them glide there (the "FLIP" technique: measure,
 * move, play the difference backwards). Whoever was focused stays so.
 */

const GLIDE = { duration: 420, easing: 'cubic-bezier(0.22, 1, 0.36, 1)' };

/**
 * @param {HTMLElement} list
 * @param {readonly HTMLElement[]} order every child it shall have
 */
export function reorder(list, order) {
  if (order.length === list.children.length && order.every((child, index) => list.children[index] === child)) return;
  const before = new Map(
    order.filter((child) => child.parentNode === list).map((child) => [child, child.getBoundingClientRect()]),
  );
  const focused = /** @type {HTMLElement | null} */ (document.activeElement);
  order.forEach((child, index) => {
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
  });
  if (focused !== document.activeElement && list.contains(focused)) focused?.focus({ preventScroll: true });
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  for (const child of order) glide(child, before.get(child));
}

/**
 * @param {HTMLElement} child
 * @param {DOMRect | undefined} from where it was; new ones fade in
 */
function glide(child, from) {
  if (from === undefined) {
    child.animate([{ opacity: 0 }, { opacity: 1 }], GLIDE);
    return;
  }
  const to = child.getBoundingClientRect();
  const [x, y] = [from.left - to.left, from.top - to.top];
  if (x !== 0 || y !== 0) child.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: 'none' }], GLIDE);
}
