/**
 * Building and changing elements. Text only ever enters as text, so no name can become markup.
 */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Node | string | null} Child null for nothing */

/**
 * @typedef {object} Props
 * @property {Record<string, (event: any) => void>} [on] listeners by event name
 * @property {string} [class]
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props & Record<string, any>} [props] attributes; `true` for an empty one, `null` or `false` for none
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, { on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  for (const [type, listener] of Object.entries(on)) element.addEventListener(type, listener);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes] as those of `h`
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * @param {string} name of a symbol in `icons.svg`
 * @returns {SVGElement} decoration: whoever uses it says in words what it means
 */
export function icon(name) {
  return svg('svg', { class: 'icon', 'aria-hidden': 'true' }, svg('use', { href: `/shared/icons.svg#${name}` }));
}

/**
 * A ring that empties: `pathLength` makes its whole circumference 100.
 * @param {string} className
 * @returns {{element: SVGElement, set: (share: number) => void}} `share` from 0 to 1
 */
export function progressRing(className) {
  const circle = svg('circle', { cx: 50, cy: 50, r: 48, pathLength: 100 });
  return {
    element: svg('svg', { viewBox: '0 0 100 100', class: className, 'aria-hidden': 'true' }, circle),
    set: (share) => setAttribute(circle, 'stroke-dashoffset', 100 * (1 - share)),
  };
}

/**
 * Changes a text only where it differs: screen readers read again what is written again.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | number | boolean | null | undefined} value `true` for an empty attribute, nothing to remove it
 */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value === true ? '' : value)) {
    element.setAttribute(name, String(value === true ? '' : value));
  }
}
