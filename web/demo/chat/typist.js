/**
 * Sends `typing-start` as often as the server asks for, and `typing-stop` when it is over.
 */

/** How often to say so before the server has told, in milliseconds. */
const RESEND_MS = 4_000;

export class Typist {
  #session;
  #now;
  #resendMs = RESEND_MS;
  /** Where and when it was said last; null if that is over. @type {{conversationId: string, at: number} | null} */
  #said = null;

  /**
   * @param {Pick<import('../session.js').Session, 'client'>} session
   * @param {() => number} [now] milliseconds
   */
  constructor(session, now = Date.now) {
    this.#session = session;
    this.#now = now;
  }

  /**
   * @param {import('../state/store.js').State} _
   * @param {import('../state/store.js').Event} event
   */
  follow(_, event) {
    if (event.type === 'connected') {
      this.#resendMs = event.typing.resendMs;
      this.#said = null;
    }
    if (event.type === 'page_place') this.#stop();
    // The message itself ends it, at the server as here.
    if (event.type === 'page_send') this.#said = null;
  }

  /**
   * The text of a message has changed.
   *
   * @param {string} conversationId
   * @param {string} text
   */
  typed(conversationId, text) {
    if (text.trim() === '') {
      this.#stop();
      return;
    }
    const said = this.#said;
    if (said?.conversationId === conversationId && this.#now() - said.at < this.#resendMs) return;
    if (this.#session.client?.send('typing-start', { conversationId })) this.#said = { conversationId, at: this.#now() };
  }

  #stop() {
    if (this.#said === null) return;
    this.#session.client?.send('typing-stop', { conversationId: this.#said.conversationId });
    this.#said = null;
  }
}
