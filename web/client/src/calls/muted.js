/**
 * Which call is muted, over a reload: whoever has muted themselves must not be heard because the page was loaded anew.
 */

const KEY = 'otomo.muted';

/** @typedef {import('../link/position.js').KeyValue | null} Storage that of the device; null for nowhere */

/**
 * @param {Storage} storage
 * @returns {string | null} the call's id; null for none
 */
export function mutedCall(storage) {
  try {
    return storage?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {Storage} storage
 * @param {string | null} callId null for none
 */
export function keepMuted(storage, callId) {
  try {
    if (callId === null) storage?.removeItem(KEY);
    else storage?.setItem(KEY, callId);
  } catch {
    // Full, or forbidden: then a reload begins unmuted, and shows so.
  }
}
