/**
 * The token, and where the next one comes from.
 *
 * Whoever finds it wanting says why; those who ask at the same time share one call of the app's function.
 */

import { OtomoError } from '../errors.js';
import { readToken } from './jwt.js';

/**
 * Why a token is asked for: the first one of a connection; the one in use runs out in a moment; it has run out;
 * REST did not take it.
 * @typedef {'connect' | 'expiring' | 'expired' | 'unauthorized'} TokenReason
 */

/** @typedef {string | ((why: TokenReason) => string | null | undefined | Promise<string | null | undefined>)} TokenSource */

/** How long the app may take to get one, in milliseconds. */
export const TOKEN_MS = 30_000;

export class Tokens {
  #source;
  #clock;
  /** @type {string | null} */
  #token;
  /** Why the next one must be a new one. @type {TokenReason | null} */
  #wanting = null;
  /** @type {Promise<string> | null} */
  #asking = null;

  /**
   * @param {TokenSource} source
   * @param {import('../clock.js').Clock} clock
   */
  constructor(source, clock) {
    this.#source = source;
    this.#clock = clock;
    this.#token = typeof source === 'string' ? source : null;
  }

  /** The one in use; null before there is one. */
  get current() {
    return this.#token;
  }

  /**
   * @returns {Promise<string>} the one in use, or a new one where that is known not to do
   * @throws {OtomoError} `NO_TOKEN`
   */
  get() {
    if (this.#wanting !== null) return this.renew(this.#wanting);
    if (this.#token === null) return this.renew('connect');
    if (typeof this.#source === 'string') return Promise.resolve(this.#token);
    const { expiresAt } = readToken(this.#token);
    const over = expiresAt !== null && expiresAt <= this.#clock.now();
    return over ? this.renew('expired') : Promise.resolve(this.#token);
  }

  /** The one in use does not do: whoever needs one next gets another. @param {TokenReason} why */
  spend(why) {
    this.#wanting = why;
  }

  /** Somebody starts afresh: a function is asked again, and a fixed token tried again. */
  forget() {
    this.#wanting = null;
    if (typeof this.#source !== 'string') this.#token = null;
  }

  /**
   * @param {TokenReason} why
   * @returns {Promise<string>} a new one
   * @throws {OtomoError} `NO_TOKEN`; with `context.final` where asking again leads nowhere
   */
  renew(why) {
    this.#asking ??= this.#ask(why).finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** @param {TokenReason} why */
  async #ask(why) {
    const source = this.#source;
    if (typeof source === 'string') {
      throw new OtomoError('NO_TOKEN', 'the fixed token is not good any more', { why, final: true });
    }
    const token = await this.#inTime(async () => source(why)).catch((error) => {
      const final = error instanceof OtomoError && error.code === 'UNAUTHORIZED';
      throw new OtomoError('NO_TOKEN', `the token function failed: ${error}`, { why, final }, error);
    });
    // An app whose person has signed out has none to give.
    if (!token) throw new OtomoError('NO_TOKEN', 'the token function gave none', { why, final: true });
    this.#token = token;
    this.#wanting = null;
    return token;
  }

  /**
   * @template T
   * @param {() => Promise<T>} ask
   * @returns {Promise<T>}
   */
  #inTime(ask) {
    return new Promise((resolve, reject) => {
      const end = this.#clock.after(TOKEN_MS, () => reject(new Error(`no answer in ${TOKEN_MS} ms`)));
      ask().then(resolve, reject).finally(end);
    });
  }
}
