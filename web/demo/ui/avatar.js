/**
 * Somebody's picture; where there is none, or it does not load, the first letter of the name on a colour
 * that is always the same for the same person.
 */

import { h } from '../../shared/ui/dom.js';

/** How many colours the stylesheet has. */
const TINTS = 8;

/**
 * @param {import('../state/client.js').Person} person
 * @param {'small' | 'medium' | 'large'} size
 * @returns {HTMLElement} decoration: the name stands beside it
 */
export function avatar({ userId, name, avatar: source }, size) {
  const letter = [...(name ?? userId)][0] ?? '・';
  const element = h('span', { class: `avatar avatar-${size} tint-${tintOf(userId)}`, 'aria-hidden': 'true' }, letter);
  if (source !== null) {
    const picture = h('img', { src: source, alt: '', on: { error: () => picture.remove() } });
    element.append(picture);
  }
  return element;
}

/**
 * @param {string} userId
 * @returns {number} from 0 up to `TINTS`
 */
export function tintOf(userId) {
  let hash = 0;
  for (const char of userId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
  return hash % TINTS;
}
