/** How long a request may take by default, in milliseconds. */
export const REST_MS: 15000;
/**
 * @template {object} [Query=Record<string, string | number | boolean>]
 * @typedef {object} RestOptions
 * @property {{[Name in keyof Query]?: Query[Name] | null}} [query] what is null or undefined is left out
 * @property {Record<string, string>} [headers]
 * @property {string} [idempotencyKey] the same for each attempt, so that one whose answer was lost is done once
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutMs] until the whole answer is here, new tokens included; 15,000 by default
 *
 * @typedef {{response: Response, text: string}} Answered an answer that is here as a whole
 */
/**
 * What a path takes and gives, by the server's own description. Of a path that is not in it, or is only known as a string,
 * everything may be anything.
 *
 * @template {keyof import('../types/rest_api.js').Operations} Method
 * @template {string} Path
 * @typedef {import('../types/rest_api.js').Operation<Method, Path>} Operation
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
     * @template {string} Path
     * @param {Path} path from the server's root, as `/api/me`
     * @param {RestOptions<Operation<'get', Path>['query']>} [options]
     * @returns {Promise<Operation<'get', Path>['answer']>} what the answer holds; null where it holds nothing
     * @throws {OtomoError}
     */
    get<Path extends string>(path: Path, options?: RestOptions<Operation<"get", Path>["query"]>): Promise<Operation<"get", Path>["answer"]>;
    /**
     * @template {string} Path
     * @param {Path} path
     * @param {Operation<'post', Path>['body']} [body]
     * @param {RestOptions<Operation<'post', Path>['query']>} [options]
     * @returns {Promise<Operation<'post', Path>['answer']>}
     * @throws {OtomoError}
     */
    post<Path extends string>(path: Path, body?: Operation<"post", Path>["body"], options?: RestOptions<Operation<"post", Path>["query"]>): Promise<Operation<"post", Path>["answer"]>;
    /**
     * @template {string} Path
     * @param {Path} path
     * @param {Operation<'put', Path>['body']} [body]
     * @param {RestOptions<Operation<'put', Path>['query']>} [options]
     * @returns {Promise<Operation<'put', Path>['answer']>}
     * @throws {OtomoError}
     */
    put<Path extends string>(path: Path, body?: Operation<"put", Path>["body"], options?: RestOptions<Operation<"put", Path>["query"]>): Promise<Operation<"put", Path>["answer"]>;
    /**
     * @template {string} Path
     * @param {Path} path
     * @param {RestOptions<Operation<'delete', Path>['query']>} [options]
     * @returns {Promise<Operation<'delete', Path>['answer']>}
     * @throws {OtomoError}
     */
    delete<Path extends string>(path: Path, options?: RestOptions<Operation<"delete", Path>["query"]>): Promise<Operation<"delete", Path>["answer"]>;
    #private;
}
export type RestOptions<Query extends object = Record<string, string | number | boolean>> = {
    /**
     * what is null or undefined is left out
     */
    query?: { [Name in keyof Query]?: Query[Name] | null | undefined; } | undefined;
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
export type Answered<Query extends object = Record<string, string | number | boolean>> = {
    response: Response;
    text: string;
};
/**
 * What a path takes and gives, by the server's own description. Of a path that is not in it, or is only known as a string,
 * everything may be anything.
 */
export type Operation<Method extends keyof import("../types/rest_api.js").Operations, Path extends string> = import("../types/rest_api.js").Operation<Method, Path>;
