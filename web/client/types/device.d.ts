/**
 * A browser that duplicates a tab copies its storage too. A lock held for the page's life tells the copy,
 * which then becomes a device of its own.
 *
 * @param {import('./link/position.js').KeyValue | null} storage that of the tab (`sessionStorage`); null: a new device each time
 * @returns {Promise<string>}
 */
export function claimDevice(storage: import("./link/position.js").KeyValue | null): Promise<string>;
