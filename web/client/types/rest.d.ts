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
 * @typedef {import('../types/rest_api.js').Operations} Operations
 */
/**
 * What a path takes and gives, by the server's own description. Of a path that is only known as a string everything may be
 * anything.
 *
 * @template {keyof Operations} Method
 * @template {string} Path
 * @typedef {import('../types/rest_api.js').Operation<Method, Path>} Operation
 */
/**
 * Where a path begins; a string where that is all that is known of it.
 *
 * @template {string} Path
 * @typedef {Path extends `${infer Head}/${string}` ? Head : Path} HeadOf
 */
/**
 * A path as it is written in code: one that the description has, with something in the place of each name in braces, or a string
 * of which nothing is known. Others are most likely misspelled.
 *
 * @template {keyof Operations} Method
 * @template {string} Path
 * @typedef {string extends HeadOf<Path> ? Path
 *   : Path extends `${string}{${string}` ? Exclude<keyof Operations[Method], Path>
 *   : Operation<Method, Path> extends {query: infer Query} ? (0 extends 1 & Query ? keyof Operations[Method] : Path) : never} Known
 */
/**
 * What follows a path that takes a body: one is wanted where the description says so.
 *
 * @template {keyof Operations} Method
 * @template {string} Path
 * @typedef {Operation<Method, Path> extends {body: infer Body, query: infer Query extends object}
 *   ? undefined extends Body ? [body?: Body, options?: RestOptions<Query>] : [body: Body, options?: RestOptions<Query>]
 *   : never} Given
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
     * @param {Known<'get', Path>} path from the server's root, as `/api/me`
     * @param {RestOptions<Operation<'get', Path>['query']>} [options]
     * @returns {Promise<Operation<'get', Path>['answer']>} what the answer holds; null where it holds nothing
     * @throws {OtomoError}
     */
    get<Path extends string>(path: Known<"get", Path>, options?: RestOptions<Operation<"get", Path>["query"]>): Promise<Operation<"get", Path>["answer"]>;
    /**
     * @template {string} Path
     * @param {Known<'post', Path>} path
     * @param {Given<'post', Path>} given the body, and options
     * @returns {Promise<Operation<'post', Path>['answer']>}
     * @throws {OtomoError}
     */
    post<Path extends string>(path: Known<"post", Path>, ...[body, options]: Given<"post", Path>): Promise<Operation<"post", Path>["answer"]>;
    /**
     * @template {string} Path
     * @param {Known<'put', Path>} path
     * @param {Given<'put', Path>} given the body, and options
     * @returns {Promise<Operation<'put', Path>['answer']>}
     * @throws {OtomoError}
     */
    put<Path extends string>(path: Known<"put", Path>, ...[body, options]: Given<"put", Path>): Promise<Operation<"put", Path>["answer"]>;
    /**
     * @template {string} Path
     * @param {Known<'delete', Path>} path
     * @param {RestOptions<Operation<'delete', Path>['query']>} [options]
     * @returns {Promise<Operation<'delete', Path>['answer']>}
     * @throws {OtomoError}
     */
    delete<Path extends string>(path: Known<"delete", Path>, options?: RestOptions<Operation<"delete", Path>["query"]>): Promise<Operation<"delete", Path>["answer"]>;
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
export type Operations = import("../types/rest_api.js").Operations;
/**
 * What a path takes and gives, by the server's own description. Of a path that is only known as a string everything may be
 * anything.
 */
export type Operation<Method extends keyof Operations, Path extends string> = import("../types/rest_api.js").Operation<Method, Path>;
/**
 * Where a path begins; a string where that is all that is known of it.
 */
export type HeadOf<Path extends string> = Path extends `${infer Head}/${string}` ? Head : Path;
/**
 * A path as it is written in code: one that the description has, with something in the place of each name in braces, or a string
 * of which nothing is known. Others are most likely misspelled.
 */
export type Known<Method extends keyof Operations, Path extends string> = string extends HeadOf<Path> ? Path : Path extends `${string}{${string}` ? Exclude<keyof Operations[Method], Path> : Operation<Method, Path> extends {
    query: infer Query;
} ? (0 extends 1 & Query ? keyof Operations[Method] : Path) : never;
/**
 * What follows a path that takes a body: one is wanted where the description says so.
 */
export type Given<Method extends keyof Operations, Path extends string> = Operation<Method, Path> extends {
    body: infer Body;
    query: infer Query extends object;
} ? undefined extends Body ? [body?: Body, options?: RestOptions<Query>] : [body: Body, options?: RestOptions<Query>] : never;
