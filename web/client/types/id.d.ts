/**
 * Names that nobody else has: of a device, of a message, of a call.
 */
/** @returns {string} a UUID (version 4), also where `crypto.randomUUID` is missing for want of https */
export function newId(): string;
