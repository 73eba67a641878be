/**
 * The server's REST, asked with the same token as the connection.
 *
 * A token that is not taken (401) is renewed once, and the request made again; whoever else finds it wanting at the
 * same time waits for the same new one.
 */

import { OtomoError, refusalOf } from './errors.js';
import { within } from './within.js';

/** How long a request may take by default, in milliseconds. */
export const REST_MS = 15_000;

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
  #parts;

  /**
   * @param {object} parts
   * @param {string} parts.base where the server is, without a slash at the end
   * @param {typeof globalThis.fetch} parts.fetch
   * @param {import('./clock.js').Clock} parts.clock
   * @param {import('./link/tokens.js').Tokens} parts.tokens
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * @template {string} Path
   * @param {Known<'get', Path>} path from the server's root, as `/api/me`
   * @param {RestOptions<Operation<'get', Path>['query']>} [options]
   * @returns {Promise<Operation<'get', Path>['answer']>} what the answer holds; null where it holds nothing
   * @throws {OtomoError}
   */
  get(path, options) {
    return this.#ask('GET', path, undefined, options);
  }

  /**
   * @template {string} Path
   * @param {Known<'post', Path>} path
   * @param {Given<'post', Path>} given the body, and options
   * @returns {Promise<Operation<'post', Path>['answer']>}
   * @throws {OtomoError}
   */
  post(path, ...[body, options]) {
    return this.#ask('POST', path, body, options);
  }

  /**
   * @template {string} Path
   * @param {Known<'put', Path>} path
   * @param {Given<'put', Path>} given the body, and options
   * @returns {Promise<Operation<'put', Path>['answer']>}
   * @throws {OtomoError}
   */
  put(path, ...[body, options]) {
    return this.#ask('PUT', path, body, options);
  }

  /**
   * @template {string} Path
   * @param {Known<'delete', Path>} path
   * @param {RestOptions<Operation<'delete', Path>['query']>} [options]
   * @returns {Promise<Operation<'delete', Path>['answer']>}
   * @throws {OtomoError}
   */
  delete(path, options) {
    return this.#ask('DELETE', path, undefined, options);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {RestOptions<any>} [options]
   * @returns {Promise<any>}
   */
  #ask(method, path, body, options = {}) {
    const { clock, tokens } = this.#parts;
    const { timeoutMs = REST_MS, signal: theirs } = options;
    // Over all that it waits for: a token, the answer, and both once more.
    const answered = async (/** @type {AbortSignal} */ signal) => {
      const ask = (/** @type {string} */ token) => this.#fetch(method, path, body, options, token, signal);
      const token = await tokens.get();
      const first = await ask(token);
      if (first.response.status !== 401) return answerOf(first);
      // Somebody else may have got a new one meanwhile.
      const other = tokens.current === token ? null : tokens.current;
      const next = other ?? (await tokens.renew('unauthorized').catch(() => null));
      if (next === null) throw refusalOf(first.response, first.text);
      return answerOf(await ask(next));
    };
    return within(clock, timeoutMs, answered, { what: `${method} ${path}`, signal: theirs });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {RestOptions<any>} options
   * @param {string} token
   * @param {AbortSignal} signal
   * @returns {Promise<Answered>}
   */
  async #fetch(method, path, body, { query, headers, idempotencyKey }, token, signal) {
    const { base, fetch } = this.#parts;
    try {
      const response = await fetch(`${base}${path}${queryOf(query)}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
      // A body may stall as well as what comes before it.
      return { response, text: await response.text() };
    } catch (error) {
      throw new OtomoError('DISCONNECTED', `${method} ${path}: ${error}`, {}, error);
    }
  }
}

/** @param {RestOptions['query']} query */
function queryOf(query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** @param {Answered} answered */
function answerOf({ response, text }) {
  if (!response.ok) throw refusalOf(response, text);
  try {
    return text === '' ? null : JSON.parse(text);
  } catch (error) {
    // Something on the way has answered for the server, as the portals of hotels do.
    const refusal = new OtomoError('UNAVAILABLE', `status ${response.status}, but no JSON`, {}, error);
    refusal.status = response.status;
    throw refusal;
  }
}
