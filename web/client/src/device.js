/**
 * What this tab is called as a device, so that a reload comes back as the same one and finds its call.
 */

import { newId } from './id.js';

const KEY = 'otomo.device';

/** How long the page before this one in the same tab may take to let go of the device, in milliseconds. */
const HANDOVER_MS = 500;

/**
 * A browser that duplicates a tab copies its storage too. A lock held for the page's life tells the copy,
 * which then becomes a device of its own.
 *
 * @param {import('./link/position.js').KeyValue | null} storage that of the tab (`sessionStorage`); null: a new device each time
 * @returns {Promise<string>}
 */
export async function claimDevice(storage) {
  const saved = read(storage);
  if (saved !== null && (await hold(saved, HANDOVER_MS))) return saved;
  const device = newId();
  try {
    storage?.setItem(KEY, device);
  } catch {
    // A new one after a reload, then.
  }
  await hold(device, HANDOVER_MS);
  return device;
}

/** @param {import('./link/position.js').KeyValue | null} storage */
function read(storage) {
  try {
    return storage?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {string} device
 * @param {number} patienceMs
 * @returns {Promise<boolean>} whether this page now holds it; true too where browsers know no locks
 */
function hold(device, patienceMs) {
  // Pages without https have no locks; they cannot call either.
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return Promise.resolve(true);
  const forLife = new Promise(() => {});
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(patienceMs);
    locks
      .request(`otomo.${device}`, { signal }, () => {
        resolve(true);
        return forLife;
      })
      .catch(() => resolve(false));
  });
}
