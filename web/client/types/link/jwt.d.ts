/**
 * What a client may read in its own token. Pure. Only the server can check it.
 */
/**
 * @param {string} token a JSON Web Token
 * @returns {Record<string, unknown> | null} its claims; null where it cannot be read
 */
export function readClaims(token: string): Record<string, unknown> | null;
/**
 * @param {string} token a JSON Web Token
 * @returns {{userId: string | null, expiresAt: number | null}} nulls where it cannot be read; milliseconds since 1970
 */
export function readToken(token: string): {
    userId: string | null;
    expiresAt: number | null;
};
