/**
 * The close codes that this side uses itself. Those of the server are read in `backoff.js`.
 */
/** A goodbye. */
export const GOODBYE: 1000;
/** A link that just broke. */
export const BROKEN: 1006;
/**
 * This side leaves a link that it no longer trusts. Not 1000: that is a goodbye, and an otomo who says goodbye is
 * offline at once.
 */
export const ABANDONED: 3001;
