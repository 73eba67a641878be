/**
 * Everything that the views show, as one snapshot; an old snapshot and an event give the new one.
 *
 * Events are the server's messages as they come, and the page's own, whose types begin with `page_`.
 * Nothing else changes what is shown, so a view is a function of the snapshot.
 */

import { NO_CHAT, reduceChat } from './chat/chat.js';
import { NO_CLIENT } from './client.js';
import { NO_FRIENDS, reduceFriends } from './friends.js';
import { EMPTY_INBOX, reduceInbox } from './inbox.js';
import { NO_NOTICES, reduceNotices } from './notices.js';
import { HOME } from './place.js';
import { NO_POINTS, reducePoints } from './points.js';

/**
 * A message of the server, or of the page itself.
 * @typedef {{type: string, [field: string]: any}} Event
 */

/**
 * What an otomo chose for themselves; during a call others see `busy` all the same.
 * @typedef {{status: 'online' | 'break', until: number | null}} Choice
 */

/**
 * @typedef {object} Own what this page itself keeps
 * @property {import('./place.js').Place} place
 * @property {import('../../client/src/link/websocket.js').Transport} transport what carries the connection, or carried it
 *   last; what was chosen, until that carries it
 * @property {import('../identity.js').Identity | null} me
 * @property {Choice | null} choice null until it is known
 * @property {import('./inbox.js').Inbox} inbox
 * @property {import('./chat/chat.js').Chat} chat
 * @property {import('./friends.js').Friends} friends
 * @property {import('./points.js').Points} points
 * @property {readonly import('./notices.js').Notice[]} notices what to tell in a sentence each
 * @property {boolean} soundBlocked whether the browser waits for a touch before it plays the peer's voice
 *
 * @typedef {Own & import('./client.js').Client} State
 */

/** @type {State} */
export const START = {
  ...NO_CLIENT,
  place: HOME,
  transport: 'websocket',
  me: null,
  choice: null,
  inbox: EMPTY_INBOX,
  chat: NO_CHAT,
  friends: NO_FRIENDS,
  points: NO_POINTS,
  notices: NO_NOTICES,
  soundBlocked: false,
};

/**
 * @param {State} state
 * @param {Event} event
 * @param {number} now this page's clock, milliseconds
 * @returns {State}
 */
export function reduce(state, event, now) {
  // Another person, or nobody: nothing of the one before may stay.
  if (event.type === 'page_identity') {
    const { place, transport } = state;
    const { identity: me, inbox = EMPTY_INBOX, unsent = NO_CHAT.unsent } = event;
    return { ...START, place, transport, me, inbox, chat: { ...NO_CHAT, unsent } };
  }
  return {
    ...state,
    ...(event.type === 'page_client' ? event.client : {}),
    place: event.type === 'page_place' ? event.place : state.place,
    transport: reduceTransport(state.transport, event),
    me: event.type === 'page_kept' ? event.identity : state.me,
    choice: reduceChoice(state, event),
    inbox: reduceInbox(state.inbox, event),
    chat: reduceChat(state.chat, event, { me: state.me?.userId, now }),
    friends: reduceFriends(state.friends, event),
    points: reducePoints(state.points, event),
    notices: reduceNotices(state.notices, event),
    soundBlocked: event.type === 'page_sound' ? event.blocked : state.soundBlocked,
  };
}

/**
 * @param {State['transport']} transport
 * @param {Event} event
 * @returns {State['transport']}
 */
function reduceTransport(transport, event) {
  switch (event.type) {
    case 'page_transport':
      return event.transport;
    case 'page_client':
      return event.client.link.transport ?? transport;
    default:
      return transport;
  }
}

/**
 * An answer says what is chosen. Without one (after a reload, or a change by an admin or the server) the
 * otomo's own public status tells, unless a call hides the choice.
 *
 * @param {State} state
 * @param {Event} event
 * @returns {Choice | null}
 */
function reduceChoice({ choice, me }, event) {
  switch (event.type) {
    case 'otomo_status_set_ack':
      return { status: event.status, until: event.until ?? null };
    case 'otomo_status_update':
      return event.userId === me?.userId ? shown(choice, event.status) : choice;
    case 'otomo_status_snapshot': {
      const own = event.otomos.find((/** @type {{userId: string}} */ { userId }) => userId === me?.userId);
      return own ? shown(choice, own.status) : choice;
    }
    default:
      return choice;
  }
}

/**
 * @param {Choice | null} choice
 * @param {import('./client.js').Status} status
 * @returns {Choice | null}
 */
function shown(choice, status) {
  if ((status !== 'online' && status !== 'break') || choice?.status === status) return choice;
  return { status, until: null };
}

/**
 * Holds the newest snapshot and tells whoever watches.
 */
export class Store {
  /** @type {State} */
  #state = START;
  /** @type {((state: State, event: Event) => void)[]} */
  #watchers = [];
  /** Events that wait while watchers are told of one before them. @type {Event[]} */
  #waiting = [];
  #telling = false;
  #now;

  /** @param {() => number} [now] this page's clock, milliseconds */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /** The newest snapshot. */
  get state() {
    return this.#state;
  }

  /**
   * Takes an event and tells all watchers. One that a watcher dispatches waits for its turn, so that all
   * of them see the same events in the same order, each with the state that it led to.
   *
   * @param {Event} event
   */
  dispatch(event) {
    this.#waiting.push(event);
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        this.#state = reduce(this.#state, next, this.#now());
        for (const watcher of this.#watchers) watcher(this.#state, next);
      }
    } finally {
      this.#telling = false;
    }
  }

  /** @param {(state: State, event: Event) => void} watcher called after every event */
  watch(watcher) {
    this.#watchers.push(watcher);
  }
}
