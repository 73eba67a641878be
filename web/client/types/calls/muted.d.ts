/** @typedef {import('../link/position.js').KeyValue | null} Storage that of the device; null for nowhere */
/**
 * @param {Storage} storage
 * @returns {string | null} the call's id; null for none
 */
export function mutedCall(storage: Storage): string | null;
/**
 * @param {Storage} storage
 * @param {string | null} callId null for none
 */
export function keepMuted(storage: Storage, callId: string | null): void;
/**
 * that of the device; null for nowhere
 */
export type Storage = import("../link/position.js").KeyValue | null;
