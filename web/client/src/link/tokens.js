/**
 * The token, and where the next one comes from.
 *
 * Whoever finds it wanting says why; those who ask at the same time share one call of the app's function.
 */

import { OtomoError } from '../errors.js';
import { within } from '../within.js';
import { readToken } from './jwt.js';

/**
 * Why a token is asked for: the first one of a connection; the one in use runs out in a moment; it has run out;
 * REST did not take it.
 * @typedef {'connect' | 'expiring' | 'expired' | 'unauthorized'} TokenReason
 */

/** @typedef {string | ((why: TokenReason) => string | null | undefined | Promise<string | null | undefined>)} TokenSource */

/** How long the app may take to get one, in milliseconds. */
export const TOKEN_MS = 30_000;

/** Three parts of what may stand in a header and in a subprotocol. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export class Tokens {
  #source;
  #clock;
  #warn;
  /** @type {string | null} */
  #token;
  /** Why the next one must be a new one. @type {TokenReason | null} */
  #wanting = null;
  /** What all who ask now wait for. @type {Promise<string> | null} */
  #asking = null;

  /**
   * @param {TokenSource} source
   * @param {import('../clock.js').Clock} clock
   * @param {(what: string, detail: unknown) => void} [warn] hears of what was asked for a token and gave none that will do
   */
  constructor(source, clock, warn = () => {}) {
    this.#source = source;
    this.#clock = clock;
    this.#warn = warn;
    this.#token = typeof source === 'string' ? source.trim() : null;
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
    if (typeof this.#source === 'string') return JWT.test(this.#token) ? Promise.resolve(this.#token) : this.renew('connect');
    const { expiresAt } = readToken(this.#token);
    const over = expiresAt !== null && expiresAt <= this.#clock.now();
    return over ? this.renew('expired') : Promise.resolve(this.#token);
  }

  /** The one in use does not do: whoever needs one next gets another. @param {TokenReason} why */
  spend(why) {
    this.#wanting = why;
  }

  /** Somebody starts afresh: a function is asked again, whoever it still owes an answer; a fixed token is tried again. */
  forget() {
    this.#wanting = null;
    this.#asking = null;
    if (typeof this.#source !== 'string') this.#token = null;
  }

  /**
   * @param {TokenReason} why
   * @returns {Promise<string>} a new one
   * @throws {OtomoError} `NO_TOKEN`; with `context.final` where asking again leads nowhere
   */
  renew(why) {
    if (this.#asking !== null) return this.#asking;
    const asking = this.#ask(why);
    this.#asking = asking;
    asking.then((token) => this.#settle(asking, token), () => this.#settle(asking, null));
    return asking;
  }

  /**
   * One that was forgotten meanwhile gives its token to those who wait for it, and to nobody else.
   *
   * @param {Promise<string>} asking
   * @param {string | null} token
   */
  #settle(asking, token) {
    if (this.#asking !== asking) return;
    this.#asking = null;
    if (token === null) return;
    this.#token = token;
    this.#wanting = null;
  }

  /** @param {TokenReason} why */
  async #ask(why) {
    const source = this.#source;
    if (typeof source === 'string') {
      if (!JWT.test(source.trim())) throw this.#unfit('the fixed token is no JSON Web Token', { why, final: true });
      throw new OtomoError('NO_TOKEN', 'the fixed token is not good any more', { why, final: true });
    }
    const token = await within(this.#clock, TOKEN_MS, () => source(why), { what: 'a token' }).catch((error) => {
      if (!(error instanceof OtomoError && error.code === 'UNAUTHORIZED')) {
        throw this.#unfit(`the token function failed: ${error}`, { why, final: false }, error);
      }
      throw new OtomoError('NO_TOKEN', `the token function failed: ${error}`, { why, final: true }, error);
    });
    // An app whose person has signed out has none to give.
    if (!token) throw new OtomoError('NO_TOKEN', 'the token function gave none', { why, final: true });
    // A backend may end it with a line break; the page that something on the way answers with is no token at all.
    const trimmed = typeof token === 'string' ? token.trim() : '';
    if (JWT.test(trimmed)) return trimmed;
    const given = typeof token === 'string' ? `a text of ${token.length} characters` : `something of the type ${typeof token}`;
    throw this.#unfit(`the token function gave ${given}, which is no JSON Web Token`, { why, final: false });
  }

  /**
   * What nobody would look for: an app's own sign-in does not do what it should. What was given is not said: it may be secret.
   *
   * @param {string} message
   * @param {{why: TokenReason, final: boolean}} context
   * @param {unknown} [cause]
   */
  #unfit(message, context, cause) {
    const error = new OtomoError('NO_TOKEN', message, context, cause);
    this.#warn('no token', error);
    return error;
  }
}
