/** How long a request may take by default, in milliseconds. */
export const REST_MS: 15000;
/**
 * @typedef {object} RestOptions
 * @property {Record<string, string | number | boolean | null | undefined>} [query] what is null or undefined is left out
 * @property {Record<string, string>} [headers]
 * @property {string} [idempotencyKey] the same for each attempt, so that one whose answer was lost is done once
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutMs] until the whole answer is here, new tokens included; 15,000 by default
 *
 * @typedef {{response: Response, text: string}} Answered an answer that is here as a whole
 */
export class Rest {
    /**
     * @param {object} parts
     * @param {string} parts.base where the server is, without a slash at the end
     * @param {typeof globalThis.fetch} parts.fetch
     * @param {import('./clock.js').Clock} parts.clock
     * @param {import('./link/tokens.js').Tokens} parts.tokens
     */
    constructor(parts: {
        base: string;
        fetch: typeof globalThis.fetch;
        clock: import("./clock.js").Clock;
        tokens: import("./link/tokens.js").Tokens;
    });
    /**
     * @template [T=any]
     * @param {string} path from the server's root, as `/api/me`
     * @param {RestOptions} [options]
     * @returns {Promise<T>} what the answer holds; null where it holds nothing
     * @throws {OtomoError}
     */
    get<T = any>(path: string, options?: RestOptions): Promise<T>;
    /**
     * @template [T=any]
     * @param {string} path
     * @param {unknown} [body]
     * @param {RestOptions} [options]
     * @returns {Promise<T>}
     * @throws {OtomoError}
     */
    post<T = any>(path: string, body?: unknown, options?: RestOptions): Promise<T>;
    /**
     * @template [T=any]
     * @param {string} path
     * @param {unknown} [body]
     * @param {RestOptions} [options]
     * @returns {Promise<T>}
     * @throws {OtomoError}
     */
    put<T = any>(path: string, body?: unknown, options?: RestOptions): Promise<T>;
    /**
     * @template [T=any]
     * @param {string} path
     * @param {RestOptions} [options]
     * @returns {Promise<T>}
     * @throws {OtomoError}
     */
    delete<T = any>(path: string, options?: RestOptions): Promise<T>;
    #private;
}
export type RestOptions = {
    /**
     * what is null or undefined is left out
     */
    query?: Record<string, string | number | boolean | null | undefined> | undefined;
    headers?: Record<string, string> | undefined;
    /**
     * the same for each attempt, so that one whose answer was lost is done once
     */
    idempotencyKey?: string | undefined;
    signal?: AbortSignal | undefined;
    /**
     * until the whole answer is here, new tokens included; 15,000 by default
     */
    timeoutMs?: number | undefined;
};
/**
 * an answer that is here as a whole
 */
export type Answered = {
    response: Response;
    text: string;
};
