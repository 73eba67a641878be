/**
 * Requests over HTTP, with the token of whoever this page is. Answers and refusals are JSON, as for commands.
 */

import { Refused, refusalFrom } from './refused.js';

/** @typedef {Record<string, string>} Headers */

export class Rest {
  #token;

  /** @param {() => string} token asked anew for each request */
  constructor(token) {
    this.#token = token;
  }

  /**
   * @param {string} path
   * @returns {Promise<any>}
   * @throws {Refused}
   */
  get(path) {
    return this.#ask('GET', path);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @param {Headers} [headers]
   * @returns {Promise<any>}
   * @throws {Refused}
   */
  post(path, body, headers) {
    return this.#ask('POST', path, body, headers);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   * @throws {Refused}
   */
  put(path, body) {
    return this.#ask('PUT', path, body);
  }

  /**
   * @param {string} path
   * @returns {Promise<any>}
   * @throws {Refused}
   */
  delete(path) {
    return this.#ask('DELETE', path);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Headers} [headers]
   */
  async #ask(method, path, body, headers = {}) {
    const own = { authorization: `Bearer ${this.#token()}`, 'content-type': 'application/json' };
    const request = { method, headers: { ...own, ...headers }, body: JSON.stringify(body) };
    const answer = await fetch(path, request).catch((error) => {
      throw new Refused('DISCONNECTED', String(error));
    });
    if (!answer.ok) throw await refusalFrom(answer);
    return answer.status === 204 ? null : answer.json();
  }
}
