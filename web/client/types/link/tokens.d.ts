/**
 * Why a token is asked for: the first one of a connection; the one in use runs out in a moment; it has run out;
 * REST did not take it.
 * @typedef {'connect' | 'expiring' | 'expired' | 'unauthorized'} TokenReason
 */
/** @typedef {string | ((why: TokenReason) => string | null | undefined | Promise<string | null | undefined>)} TokenSource */
/** How long the app may take to get one, in milliseconds. */
export const TOKEN_MS: 30000;
export class Tokens {
    /**
     * @param {TokenSource} source
     * @param {import('../clock.js').Clock} clock
     * @param {(what: string, detail: unknown) => void} [warn] hears of what was asked for a token and gave none that will do
     */
    constructor(source: TokenSource, clock: import("../clock.js").Clock, warn?: (what: string, detail: unknown) => void);
    /** The one in use; null before there is one. */
    get current(): string | null;
    /**
     * @returns {Promise<string>} the one in use, or a new one where that is known not to do
     * @throws {OtomoError} `NO_TOKEN`
     */
    get(): Promise<string>;
    /** The one in use does not do: whoever needs one next gets another. @param {TokenReason} why */
    spend(why: TokenReason): void;
    /** Somebody starts afresh: a function is asked again, whoever it still owes an answer; a fixed token is tried again. */
    forget(): void;
    /**
     * @param {TokenReason} why
     * @returns {Promise<string>} a new one
     * @throws {OtomoError} `NO_TOKEN`; with `context.final` where asking again leads nowhere
     */
    renew(why: TokenReason): Promise<string>;
    #private;
}
/**
 * Why a token is asked for: the first one of a connection; the one in use runs out in a moment; it has run out;
 * REST did not take it.
 */
export type TokenReason = "connect" | "expiring" | "expired" | "unauthorized";
export type TokenSource = string | ((why: TokenReason) => string | null | undefined | Promise<string | null | undefined>);
