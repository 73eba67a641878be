/**
 * Timers for a page whose own are slowed down (`clock.js`): gets `{id, ms}`, and says `id` when it is time;
 * `ms: null` takes one back.
 */

/** @type {Map<number, any>} */
const timers = new Map();

/** @type {any} */ (globalThis).onmessage = (/** @type {MessageEvent<{id: number, ms: number | null}>} */ { data }) => {
  const { id, ms } = data;
  clearTimeout(timers.get(id));
  timers.delete(id);
  if (ms === null) return;
  timers.set(
    id,
    setTimeout(() => {
      timers.delete(id);
      /** @type {any} */ (globalThis).postMessage(id);
    }, ms),
  );
};
