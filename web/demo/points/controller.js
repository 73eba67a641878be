/**
 * Drives the account: loads the transactions. What is shown is decided by `state/points.js`; the balance is the client's.
 */

import { Refresher } from '../../shared/refresher.js';
import { changePoints } from '../backend.js';
import { tell } from '../teller.js';

/** How many transactions are loaded at a time. */
const PAGE = 20;

/** What may have changed the account. */
const SIGNS = new Set(['ready', 'sp_update', 'sp_daily_recovery', 'page_points_reload']);

export class PointsController {
  #store;
  #session;
  #newest = new Refresher(() => this.#load());

  /**
   * @param {import('../state/store.js').Store} store
   * @param {Pick<import('../session.js').Session, 'otomo'>} session
   */
  constructor(store, session) {
    this.#store = store;
    this.#session = session;
  }

  /**
   * @param {import('../state/store.js').State} state
   * @param {import('../state/store.js').Event} event
   */
  follow({ link }, { type }) {
    if (link.phase === 'live' && SIGNS.has(type)) this.refresh();
  }

  /** Loads the newest transactions. */
  refresh() {
    return this.#newest.refresh();
  }

  /** Loads older transactions behind those that are here. */
  async older() {
    const { cursor, loading } = this.#store.state.points;
    if (cursor === null || loading) return;
    this.#store.dispatch({ type: 'page_points_loading' });
    await this.#dispatch(async () => {
      const page = await this.#session.otomo.rest.get('/api/points/transactions', { query: { limit: PAGE, cursor } });
      return { type: 'page_points_older', ...page };
    });
  }

  /**
   * For trials in development mode: gets points as if the app granted them, or uses some.
   * @param {number} amount negative to use
   */
  async change(amount) {
    const userId = this.#store.state.me?.userId ?? '';
    try {
      await changePoints(userId, amount);
    } catch (error) {
      console.warn('no points:', error);
      tell(this.#store, { key: 'notice.notNow' });
    }
  }

  #load() {
    return this.#dispatch(async () => {
      const page = await this.#session.otomo.rest.get('/api/points/transactions', { query: { limit: PAGE } });
      return { type: 'page_points', ...page };
    });
  }

  /** @param {() => Promise<import('../state/store.js').Event>} load */
  async #dispatch(load) {
    const { me } = this.#store.state;
    const event = await load().catch((error) => {
      console.warn('no points:', error);
      return { type: 'page_points_failed' };
    });
    if (this.#store.state.me?.userId === me?.userId) this.#store.dispatch(event);
  }
}
