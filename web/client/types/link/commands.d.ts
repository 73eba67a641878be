/**
 * Whether what comes of a command is for the app's backend to say, as of every command that the protocol does not know: it may
 * take as long as the backend likes, and nothing that is asked meanwhile depends on it.
 *
 * @param {string} type
 */
export function isAction(type: string): boolean;
/**
 * @param {string} type
 * @param {Record<string, any>} fields
 * @param {() => string} newId
 * @returns {Record<string, any>} with the name by which a repeat is known
 */
export function named(type: string, fields: Record<string, any>, newId: () => string): Record<string, any>;
/**
 * What the protocol says of each command: whether it is answered, and whether repeating it is harmless.
 */
/** Commands that the server carries out without an answer. */
export const ANSWERLESS: Set<string>;
/**
 * Commands that may be said twice: the second time changes nothing, and is answered like the first. They name
 * what they are about (a call, a message, a cursor that only moves forward, a room, a status).
 */
export const REPEATABLE: Set<string>;
/** The name by which the server knows a repeat; the client makes one where the app gives none. @type {Record<string, string>} */
export const NAMED_BY: Record<string, string>;
