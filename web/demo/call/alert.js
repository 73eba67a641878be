/**
 * A ring in a tab that nobody sees: the system tells of it, where its person has allowed that.
 *
 * It reaches whoever has the page open. An app that wants to reach people whose page is closed has its backend send a push,
 * and asks `GET /api/calls/{id}/ring` from its service worker whether it still rings.
 */

export class RingAlert {
  #titleOf;
  /** The call that was told of, and what tells of it. @type {{callId: string, notification: Notification} | null} */
  #told = null;

  /** @param {(name: string) => string} titleOf says who calls, in the language of the page */
  constructor(titleOf) {
    this.#titleOf = titleOf;
  }

  /** Whether its person has not yet said whether they want that. */
  get isOpen() {
    return 'Notification' in globalThis && Notification.permission === 'default';
  }

  /** Asks its person. To be called from within a press. */
  async ask() {
    await Notification.requestPermission();
  }

  /** @param {Pick<import('../state/client.js').Client, 'call'>} state */
  follow({ call: { phase, callId, peer, wish } }) {
    const wanted = phase === 'incoming' && wish === null && document.hidden ? callId : null;
    if (this.#told !== null && this.#told.callId !== wanted) {
      this.#told.notification.close();
      this.#told = null;
    }
    if (wanted === null || this.#told !== null) return;
    const notification = told(this.#titleOf(peer?.name ?? peer?.userId ?? ''), wanted);
    if (notification !== null) this.#told = { callId: wanted, notification };
  }
}

/**
 * @param {string} title
 * @param {string} callId
 * @returns {Notification | null} null where it may not be shown
 */
function told(title, callId) {
  if (!('Notification' in globalThis) || Notification.permission !== 'granted') return null;
  try {
    // It stays for as long as it rings; a second tab of the same person replaces it.
    const notification = new Notification(title, { tag: `call-${callId}`, requireInteraction: true });
    notification.addEventListener('click', () => window.focus());
    return notification;
  } catch (error) {
    // Browsers of phones leave that to service workers.
    console.debug('no notification:', error);
    return null;
  }
}
