/**
 * What a page may read in its own token. Pure. Only the server can check it.
 */

/**
 * @param {string} token a JSON Web Token
 * @returns {{userId: string, role: string, name: string | null, avatar: string | null} | null} null
 *   where it cannot be read
 */
export function readToken(token) {
  try {
    const base64 = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof claims.sub !== 'string' || typeof claims.role !== 'string') return null;
    return { userId: claims.sub, role: claims.role, name: claims.name ?? null, avatar: claims.avatar ?? null };
  } catch {
    return null;
  }
}
