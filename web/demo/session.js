/**
 * One person's stay at this page: an identity, its token, and the connection that both are for.
 */

import { borrowIdentity } from './identity.js';
import { Connection } from './net/connection.js';
import { openWire } from './net/wire.js';
import { savedIdentity, savedInbox, savedUnsent, saveIdentity } from './saved.js';

/** What this page wants to hear of. A position in the stream belongs to one such choice. */
const TOPICS = 'otomo,calls,chat,friends,points';

/** The close code for a token that is not, or no longer, the server's own. */
const BAD_TOKEN = 4001;

export class Session {
  #store;
  #device;
  /** A lent identity survives a server that lost its secret: it may borrow again, once. */
  #borrowedAgain = false;

  /**
   * @param {import('./state/store.js').Store} store
   * @param {string} device
   */
  constructor(store, device) {
    this.#store = store;
    this.#device = device;
    this.connection = new Connection({
      open: () => this.#open(),
      token: () => this.#token(),
      renewToken: () => this.#renewToken(),
      seq: () => store.state.inbox.seq,
      onMessage: (message) => store.dispatch(message),
      onLink: (link) => {
        store.dispatch({ type: 'page_link', link });
        if (link.code === BAD_TOKEN) this.#borrowAgain();
      },
    });
  }

  /** Goes on as whoever this tab was before it was loaded anew. */
  restore() {
    const identity = savedIdentity();
    if (identity !== null) this.enter(identity);
  }

  /** @param {import('./identity.js').Identity} identity */
  enter(identity) {
    saveIdentity(identity);
    const { userId } = identity;
    this.#store.dispatch({
      type: 'page_identity',
      identity,
      inbox: savedInbox(userId),
      unsent: savedUnsent(userId),
    });
    this.connection.start();
  }

  /** @param {import('./identity.js').Identity} identity the same person, with something new about them */
  keep(identity) {
    saveIdentity(identity);
    this.#store.dispatch({ type: 'page_kept', identity });
  }

  /** Says goodbye to the server and forgets who this was. */
  leave() {
    this.connection.stop();
    saveIdentity(null);
    this.#store.dispatch({ type: 'page_identity', identity: null });
  }

  /**
   * Goes on over the other kind of wire, from where the first one ends.
   * @param {import('./net/wire.js').Transport} transport
   */
  useTransport(transport) {
    this.#store.dispatch({ type: 'page_transport', transport });
    this.connection.rewire();
  }

  #open() {
    const { transport, inbox } = this.#store.state;
    const way = { device: this.#device, topics: TOPICS, lastSeq: inbox.seq, token: () => this.#token() };
    return openWire(transport, way);
  }

  #token() {
    return this.#store.state.me?.token ?? '';
  }

  /** @returns {Promise<boolean>} whether there is a new token */
  async #renewToken() {
    const { me } = this.#store.state;
    if (!me?.lent) return false;
    try {
      const { token } = await borrowIdentity(me);
      if (this.#store.state.me?.userId !== me.userId) return false;
      this.keep({ ...this.#store.state.me, token });
      return true;
    } catch (error) {
      console.warn('no new token:', error);
      return false;
    }
  }

  async #borrowAgain() {
    if (this.#borrowedAgain || !(await this.#renewToken())) return;
    this.#borrowedAgain = true;
    this.connection.start();
  }
}
