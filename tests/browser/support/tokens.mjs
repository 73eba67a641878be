// Tokens as the app's own backend would sign them (RFC 7519, HS256).

import { createHmac } from 'node:crypto';

export const SECRET = 'a secret of production, long enough to be one';

/** @param {Record<string, unknown>} claims */
export function sign(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
}
