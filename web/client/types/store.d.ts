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
export function createStore<T>(first: T): Settable<T>;
/**
 * What only reads of a store: for the world outside.
 * @template T
 * @param {Settable<T>} store
 * @returns {Store<T>}
 */
export function readOnly<T>({ get, subscribe }: Settable<T>): Store<T>;
/**
 * Runs code of the app. Its faults are told where uncaught ones are, and cost nobody else anything.
 *
 * @param {() => void} run
 */
export function guarded(run: () => void): void;
/**
 * Plain objects and lists, all the way down. What is frozen already was so all the way down.
 *
 * @template T
 * @param {T} value
 * @returns {T}
 */
export function freeze<T>(value: T): T;
/**
 * What views see of a store.
 */
export type Store<T> = {
    /**
     * the newest snapshot
     */
    get: () => T;
    /**
     * called after each change; returns what ends it
     */
    subscribe: (listener: () => void) => () => void;
};
/**
 * for whoever owns it
 */
export type Settable<T> = Store<T> & {
    set: (next: T) => void;
};
