/**
 * What the server did not do, and why: one shape for commands and for REST.
 */

/** A command that the server refused, or (`DISCONNECTED`) whose answer the link did not live to see. */
export class Refused extends Error {
  /**
   * @param {string} code of the server's catalogue
   * @param {string} message for programmers
   * @param {Record<string, any>} [context]
   */
  constructor(code, message, context = {}) {
    super(message);
    this.name = 'Refused';
    this.code = code;
    this.context = context;
  }
}

/**
 * @param {Response} answer of the server, or of something on the way that is no server of ours
 * @returns {Promise<Refused>}
 */
export async function refusalFrom(answer) {
  const body = await answer.json().catch(() => null);
  const { code = 'UNAVAILABLE', message = `status ${answer.status}`, context } = body?.error ?? {};
  return new Refused(code, message, context);
}
