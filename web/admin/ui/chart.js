/**
 * A small line over the last minutes. Whoever cannot see it is told the figure now, the least and the most.
 */

import { setAttribute, svg } from '../../shared/ui/dom.js';

/** The drawing's own units; the page stretches it. */
const [WIDTH, HEIGHT, MARGIN] = [200, 48, 3];

/**
 * The lines through the figures, one for each stretch without a gap, each as the points of an SVG polyline. Pure.
 *
 * @param {readonly (number | null)[]} values the oldest first
 * @param {number} room how many fit: the newest is at the right edge
 * @param {number} top the greatest that is drawn
 * @returns {string[][]}
 */
export function linesOf(values, room, top) {
  const step = WIDTH / Math.max(1, room - 1);
  const first = room - values.length;
  /** @type {string[][]} */
  const lines = [];
  let open = false;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      open = false;
      continue;
    }
    if (!open) lines.push([]);
    open = true;
    const x = (first + index) * step;
    const y = HEIGHT - MARGIN - (value / top) * (HEIGHT - 2 * MARGIN);
    lines.at(-1)?.push(`${x.toFixed(1)},${y.toFixed(1)}`);
  }
  return lines;
}

/**
 * @param {string} tone a class: its colour
 * @returns {{element: SVGElement, show: (values: readonly (number | null)[], room: number, words: string) => void}}
 */
export function chart(tone) {
  const viewBox = `0 0 ${WIDTH} ${HEIGHT}`;
  const element = svg('svg', { viewBox, preserveAspectRatio: 'none', class: `chart ${tone}`, role: 'img' });
  return {
    element,
    show(values, room, words) {
      const top = Math.max(1e-9, ...values.map((value) => value ?? 0));
      const lines = linesOf(values, room, top);
      element.replaceChildren(...lines.flatMap((points) => [area(points), shape('polyline', points)]));
      setAttribute(element, 'aria-label', words);
    },
  };
}

/** The ground under a line. @param {string[]} points */
function area(points) {
  const [from, to] = [points[0], points[points.length - 1]].map((point) => point.split(',')[0]);
  return shape('polygon', [`${from},${HEIGHT}`, ...points, `${to},${HEIGHT}`]);
}

/** @param {'polyline' | 'polygon'} name @param {string[]} points */
function shape(name, points) {
  // A point alone is no line: it is drawn twice, and its round ends show.
  return svg(name, { points: (points.length === 1 ? [points[0], points[0]] : points).join(' ') });
}
