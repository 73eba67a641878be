/**
 * Names that nobody else has: of a device, of a message, of an attempt.
 */

/** @returns {string} hard to guess twice; also where `crypto.randomUUID` is missing for want of https */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
