/**
 * One person's stay at this page: an identity, and the client that connects it. Another person is another client.
 */

import { claimDevice } from '../client/src/device.js';
import { createOtomo, OtomoError } from '../client/src/index.js';
import { borrowIdentity } from './identity.js';
import { savedIdentity, savedInbox, savedTransport, savedUnsent, saveIdentity, saveTransport } from './saved.js';
import { seen, watchClient } from './state/client.js';

/** What this page wants to hear of. */
const TOPICS = ['otomo', 'calls', 'chat', 'friends', 'points'];

/** The close code for a token that is not, or no longer, the server's own. */
const BAD_TOKEN = 4001;

/**
 * @typedef {import('./identity.js').Identity} Identity
 * @typedef {import('../client/src/index.js').Otomo} Otomo
 * @typedef {import('../client/src/link/websocket.js').Transport} Transport
 */

export class Session {
  #store;
  #microphone;
  /** The tab's, whoever it is. */
  #device = claimDevice(sessionStorage);
  /** @type {Otomo | null} */
  #otomo = null;
  #unwatch = () => {};
  /** A lent identity survives a server that lost its secret: it may borrow again, once. */
  #borrowedAgain = false;

  /**
   * @param {import('./state/store.js').Store} store
   * @param {() => Promise<MediaStream>} microphone
   */
  constructor(store, microphone) {
    this.#store = store;
    this.#microphone = microphone;
  }

  /**
   * The client of whoever is here.
   * @throws {OtomoError} `DISCONNECTED` where nobody is
   */
  get otomo() {
    if (this.#otomo === null) throw new OtomoError('DISCONNECTED', 'nobody is here');
    return this.#otomo;
  }

  /** The same, where that is no mistake. @returns {Otomo | null} */
  get client() {
    return this.#otomo;
  }

  /** Goes on as whoever this tab was before it was loaded anew. */
  restore() {
    const identity = savedIdentity();
    if (identity !== null) this.enter(identity);
  }

  /** @param {Identity} identity */
  enter(identity) {
    saveIdentity(identity);
    const { userId } = identity;
    const [inbox, unsent] = [savedInbox(userId), savedUnsent(userId)];
    this.#store.dispatch({ type: 'page_identity', identity, inbox, unsent });
    this.#connect(identity);
  }

  /** @param {Identity} identity the same person, with something new about them */
  keep(identity) {
    saveIdentity(identity);
    this.#store.dispatch({ type: 'page_kept', identity });
  }

  /** Says goodbye to the server and forgets who this was. */
  leave() {
    this.#unwatch();
    this.#otomo?.stop();
    this.#otomo = null;
    saveIdentity(null);
    this.#store.dispatch({ type: 'page_identity', identity: null });
  }

  /**
   * Goes on over the other kind of wire, from where the first one ends.
   * @param {Transport} transport
   */
  useTransport(transport) {
    saveTransport(transport);
    this.#store.dispatch({ type: 'page_transport', transport });
    this.#otomo?.useTransport(transport);
  }

  /** @param {Identity} identity */
  #connect({ token, lent }) {
    const otomo = createOtomo({
      // Who pasted a token has no other; the development server lends the next one too.
      token: lent ? (why) => this.#token(why) : token,
      transport: savedTransport(),
      device: this.#device,
      topics: TOPICS,
      startAt: 'oldest',
      calls: { microphone: this.#microphone },
    });
    this.#otomo = otomo;
    const tell = () => this.#store.dispatch({ type: 'page_client', client: seen(otomo) });
    const unwatch = watchClient(otomo, tell);
    const unhear = otomo.on('*', (message) => this.#store.dispatch(message));
    const unlink = otomo.link.subscribe(() => this.#refused(otomo.link.get()));
    this.#unwatch = () => [unwatch, unhear, unlink].forEach((end) => end());
    otomo.start();
  }

  /** @param {string} why */
  async #token(why) {
    const { me } = this.#store.state;
    if (me === null) throw new OtomoError('UNAUTHORIZED', 'nobody is here');
    return why === 'connect' ? me.token : this.#borrow(me);
  }

  /** @param {Identity} me */
  async #borrow(me) {
    const { token } = await borrowIdentity(me);
    const now = this.#store.state.me;
    if (now?.userId !== me.userId) throw new OtomoError('UNAUTHORIZED', 'somebody else is here by now');
    this.keep({ ...now, token });
    return token;
  }

  /** @param {import('../client/src/link/connection.js').Link} link */
  async #refused({ phase, closing }) {
    const { me } = this.#store.state;
    if (phase !== 'refused' || closing?.code !== BAD_TOKEN || !me?.lent || this.#borrowedAgain) return;
    this.#borrowedAgain = true;
    try {
      await this.#borrow(me);
      this.#otomo?.start();
    } catch (error) {
      console.warn('no new token:', error);
    }
  }
}
