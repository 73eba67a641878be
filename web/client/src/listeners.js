/**
 * Who listens to what.
 */

import { guarded } from './store.js';

export class Listeners {
  /** @type {Map<string, Set<(event: any) => void>>} */
  #byType = new Map();

  /**
   * @param {string} type `*` for everything
   * @param {(event: any) => void} listener
   * @returns {() => void} takes it off
   */
  on(type, listener) {
    const listeners = this.#byType.get(type) ?? new Set();
    this.#byType.set(type, listeners);
    // A wrapper each: who listens twice hears twice, and takes each off alone.
    const own = (/** @type {any} */ event) => listener(event);
    listeners.add(own);
    return () => {
      listeners.delete(own);
    };
  }

  /** @param {{type: string}} event */
  tell(event) {
    for (const type of [event.type, '*']) {
      for (const listener of [...(this.#byType.get(type) ?? [])]) guarded(() => listener(event));
    }
  }
}
