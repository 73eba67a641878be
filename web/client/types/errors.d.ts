/**
 * Reads a refusal of the server, or of something on the way that is no server of ours.
 *
 * @param {Response} response one that is not `ok`
 * @returns {Promise<OtomoError>}
 */
export function errorFrom(response: Response): Promise<OtomoError>;
/**
 * The same, once the body is there.
 *
 * @param {Response} response one that is not `ok`
 * @param {string} text its body
 * @returns {OtomoError}
 */
export function refusalOf(response: Response, text: string): OtomoError;
/** @param {unknown} error @returns {boolean} whether the same may be granted later */
export function isPassing(error: unknown): boolean;
/** @param {unknown} error @returns {boolean} whether it may have been done all the same */
export function isUnsure(error: unknown): boolean;
/** @param {string} text @returns {any} null for what is no JSON */
export function parsed(text: string): any;
/**
 * What was not done, and why: one shape for commands, for REST and for calls.
 *
 * Codes of the server are those of its catalogue (`CALLER_BUSY`, `RATE_LIMITED`, ...). The client's own:
 *
 * | code | meaning |
 * |---|---|
 * | `UNAVAILABLE` | besides the server's own: something on the way answered for it; what was asked may have been done |
 * | `DISCONNECTED` | there is no link, or it was lost before the answer (`context.sent`: whether the command had gone out) |
 * | `TIMEOUT` | no answer within the time limit; what was asked may still happen |
 * | `ABORTED` | the caller's `AbortSignal`; or a call that was left before it was placed |
 * | `NO_ANSWER` | `request` of a command that the server does not answer: use `send` |
 * | `NO_TOKEN` | the app's token function gave none, or what is no JSON Web Token, or failed |
 * | `MICROPHONE` | no permission, no device, or a page without https |
 */
/** An error with a code to decide by, and a message for programmers. */
export class OtomoError extends Error {
    /**
     * @param {string} code
     * @param {string} message
     * @param {Record<string, any>} [context] what it is about: `callId`, `retryAfterMs` (milliseconds), ...
     * @param {unknown} [cause]
     */
    constructor(code: string, message: string, context?: Record<string, any>, cause?: unknown);
    code: string;
    context: Record<string, any>;
    /** The HTTP status, where REST answered with one. @type {number | undefined} */
    status: number | undefined;
    /** How long to wait before another attempt, in milliseconds, where the server says so. @returns {number | null} */
    get retryAfterMs(): number | null;
}
