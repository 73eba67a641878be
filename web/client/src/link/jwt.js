/**
 * What a client may read in its own token. Pure. Only the server can check it.
 */

/**
 * @param {string} token a JSON Web Token
 * @returns {{userId: string | null, expiresAt: number | null}} nulls where it cannot be read; milliseconds since 1970
 */
export function readToken(token) {
  try {
    const base64 = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const { sub, exp } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return {
      userId: typeof sub === 'string' ? sub : null,
      expiresAt: Number.isFinite(exp) ? exp * 1000 : null,
    };
  } catch {
    return { userId: null, expiresAt: null };
  }
}
