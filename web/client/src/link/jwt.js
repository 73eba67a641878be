/**
 * What a client may read in its own token. Pure. Only the server can check it.
 */

/**
 * @param {string} token a JSON Web Token
 * @returns {Record<string, unknown> | null} its claims; null where it cannot be read
 */
export function readClaims(token) {
  try {
    const base64 = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof claims === 'object' ? claims : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} token a JSON Web Token
 * @returns {{userId: string | null, expiresAt: number | null}} nulls where it cannot be read; milliseconds since 1970
 */
export function readToken(token) {
  const { sub, exp } = readClaims(token) ?? {};
  return {
    userId: typeof sub === 'string' ? sub : null,
    expiresAt: typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : null,
  };
}
