/**
 * The smallest store that a view can hang on: a snapshot, and who wants to hear of the next one.
 *
 * Fit for React's `useSyncExternalStore(store.subscribe, store.get)`, and of Svelte's kind with one line.
 * Snapshots are frozen and stay the same object while nothing has changed.
 */

/**
 * What views see of a store.
 * @template T
 * @typedef {object} Store
 * @property {() => T} get the newest snapshot
 * @property {(listener: () => void) => () => void} subscribe called after each change; returns what ends it
 */

/**
 * @template T
 * @typedef {Store<T> & {set: (next: T) => void}} Settable for whoever owns it
 */

/**
 * @template T
 * @param {T} first
 * @returns {Settable<T>}
 */
export function createStore(first) {
  let snapshot = freeze(first);
  /** @type {Set<() => void>} */
  const listeners = new Set();
  return {
    get: () => snapshot,
    set(next) {
      if (Object.is(next, snapshot)) return;
      snapshot = freeze(next);
      for (const listener of [...listeners]) guarded(listener);
    },
    subscribe(listener) {
      // A wrapper each: who subscribes twice is called twice, and ends each alone.
      const own = () => listener();
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}

/**
 * What only reads of a store: for the world outside.
 * @template T
 * @param {Settable<T>} store
 * @returns {Store<T>}
 */
export function readOnly({ get, subscribe }) {
  return Object.freeze({ get, subscribe });
}

/**
 * Runs code of the app. Its faults are told where uncaught ones are, and cost nobody else anything.
 *
 * @param {() => void} run
 */
export function guarded(run) {
  try {
    run();
  } catch (error) {
    if (typeof reportError === 'function') reportError(error);
    else console.error(error);
  }
}

/**
 * Plain objects and lists, all the way down. What is frozen already was so all the way down.
 *
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function freeze(value) {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}
