/**
 * The client, put together: the map of this folder.
 *
 * - `link/`: the connection, kept up over every break, the commands that wait for answers, and the rooms to enter again.
 * - `stores/`: what most views show, as pure functions: an old snapshot and an event give the new one.
 * - `calls/`: a call and its voice.
 * - `rest.js`, `listeners.js`, `store.js`, `clock.js`, `device.js`: small parts of their own.
 *
 * ```text
 *   server --message--> connection --> stores --> the app's listeners
 *      ^                    |             \--> views (subscribe)
 *      \--command-----------/<-- send, request, calls
 * ```
 */

import { Calls } from './calls/calls.js';
import { claimDevice } from './device.js';
import { capInCall } from './link/backoff.js';
import { Connection, IDLE } from './link/connection.js';
import { Dialer } from './link/dialer.js';
import { Position } from './link/position.js';
import { Rooms } from './link/rooms.js';
import { Tokens } from './link/tokens.js';
import { Transports } from './link/transports.js';
import { Wakeups } from './link/wakeups.js';
import { Listeners } from './listeners.js';
import { checked, chosen, TOPICS } from './options.js';
import { Rest } from './rest.js';
import { createStore, readOnly } from './store.js';
import { Stores } from './stores/stores.js';

/**
 * @typedef {import('../types/protocol.js').EventMap} EventMap
 * @typedef {import('../types/protocol.js').CommandMap} CommandMap
 * @typedef {import('../types/protocol.js').OtomoEvent} OtomoEvent
 * @typedef {import('../types/protocol.js').ActionAck} ActionAck
 */

/**
 * An event of a type that the app has made up: what is in it, the app has to look at.
 * @typedef {{type: string, [field: string]: unknown}} AppEvent
 */

/**
 * An event as listeners get it.
 * @template {string} Type
 * @typedef {Type extends keyof EventMap ? EventMap[Type] : Type extends '*' ? OtomoEvent | AppEvent : AppEvent} EventOf
 */

/**
 * The answer to a command; `never` where there is none. Commands that the app has named itself are acknowledged.
 * @template {string} Type
 * @typedef {Type extends keyof CommandMap ? ([CommandMap[Type]['answer']] extends [void] ? never : CommandMap[Type]['answer']) : ActionAck} AnswerOf
 */

/**
 * The fields of a command that is answered. The client names a message where the app does not.
 * @template {string} Type
 * @typedef {Type extends 'message_send' ? Optional<CommandMap['message_send']['fields'], 'clientMessageId'>
 *   : Type extends 'call_request' ? Optional<CommandMap['call_request']['fields'], 'callId'>
 *   : Type extends keyof CommandMap ? ([CommandMap[Type]['answer']] extends [void] ? never : CommandMap[Type]['fields'])
 *   : Record<string, any>} FieldsOf
 */

/**
 * @template Fields
 * @template {keyof Fields} Name
 * @typedef {Omit<Fields, Name> & Partial<Pick<Fields, Name>>} Optional
 */

export class Otomo {
  #connection;
  #stores;
  #tokens;
  #transports;
  #wakeups;
  #clock;
  #rooms;
  #WebSocket;
  #listeners = new Listeners();
  #link = createStore(IDLE);
  /** @type {any} */
  #hello = null;
  #clockOffset = 0;

  /** REST with the same token. @type {Rest} */
  rest;
  /** Calling and being called. @type {Calls} */
  calls;
  /** The connection, as people see it. */
  link = readOnly(this.#link);

  /** @param {import('./options.js').OtomoOptions} options */
  constructor(options) {
    const { token, transport, topics, startAt, storage, base, device, fetch, WebSocket, clock, random, calls, log, warn } =
      checked(options);
    const every = topics.length === TOPICS.length;
    const list = every ? '' : topics.join(',');
    this.#clock = clock;
    this.#WebSocket = WebSocket;
    this.#tokens = new Tokens(token, clock, warn);
    this.#transports = new Transports(transport, storage);
    const position = new Position({ storage, topics: list, startAt, log });
    const claimed = once(async () => device ?? claimDevice(storage));
    const way = { base, topics: list, device: claimed, fetch, WebSocket, clock, position, log };
    const dialer = new Dialer({ ...way, tokens: this.#tokens, transports: this.#transports });
    this.rest = new Rest({ base, fetch, clock, tokens: this.#tokens });
    this.#stores = new Stores({ rest: this.rest, clock, log, wants: (topic) => topics.includes(topic) });
    this.#connection = new Connection({
      clock,
      position,
      chance: random,
      log,
      tokens: this.#tokens,
      transports: this.#transports,
      dial: () => dialer.dial(),
      webSocketsComeThrough: () => dialer.webSocketsComeThrough(),
      capMs: () => this.#capMs,
      mayMove: () => !this.calls.live,
      onMessage: (message) => this.#take(message),
      onLink: (link) => this.#linked(link),
    });
    this.#rooms = new Rooms({
      clock,
      chance: random,
      request: (type, fields, more) => this.#connection.requests.request(type, fields, more),
      left: (event) => this.#take(event),
      log,
    });
    this.calls = new Calls(
      {
        clock,
        log,
        storage,
        request: (type, fields, more) => this.#connection.requests.request(type, fields, more),
        send: (type, fields) => this.#connection.send(type, fields),
        clockOffset: () => this.#clockOffset,
        graceMs: () => this.#graceMs,
        personOf: (userId) => this.otomos.get().find((otomo) => otomo.userId === userId),
      },
      calls,
    );
    this.#wakeups = new Wakeups(clock, (what) => this.#wake(what));
  }

  /** Connects, and stays connected until `stop`, or until the server says not to come back (`link`: `refused`). */
  start() {
    if (this.#connection.running) return;
    this.#clock.open();
    this.#wakeups.start();
    this.#connection.start();
    this.calls.start();
    this.#stores.start();
  }

  /** Says goodbye: to others its user has left. Requests that wait are refused with `DISCONNECTED`. */
  stop() {
    this.#stores.stop();
    this.calls.stop();
    this.#connection.stop();
    this.#rooms.forget();
    this.#idle();
  }

  /** Tries at once where it is away (unless the server asked for a pause), or proves that the link still holds. */
  nudge() {
    this.#connection.nudge();
  }

  /**
   * Goes on over another kind of wire, from where the first one ends.
   * @param {'auto' | import('./link/websocket.js').Transport} transport
   * @throws {TypeError} there is none of that kind here
   */
  useTransport(transport) {
    this.#transports.choose(chosen(transport, this.#WebSocket));
    this.#connection.rewire();
  }

  /** The newest `connected`: who we are, which limits hold; null before. @returns {EventMap['connected'] | null} */
  get hello() {
    return this.#hello;
  }

  /** How far the server's clock is ahead of this one, in milliseconds, to the second. */
  get clockOffset() {
    return this.#clockOffset;
  }

  /** For how long the server waits for somebody in a call, in milliseconds; 0 before it is known. */
  get #graceMs() {
    return this.#hello?.limits.lossGraceMs ?? 0;
  }

  /** A call that is lost here loses nothing any more by a longer wait. */
  get #capMs() {
    return this.calls.live && this.calls.store.get().lostAt === null ? capInCall(this.#graceMs) : undefined;
  }

  /** The list of otomo, in the order that people see. */
  get otomos() {
    return this.#stores.otomos;
  }

  /** Whether the list of otomo has come. */
  get otomosKnown() {
    return this.#stores.otomosKnown;
  }

  /** How much is unread, in each conversation and in all. */
  get unread() {
    return this.#stores.unread;
  }

  /** Who is typing, by conversation. */
  get typing() {
    return this.#stores.typing;
  }

  /** Which friends and conversation partners are online. */
  get friends() {
    return this.#stores.friends;
  }

  /** Points. */
  get points() {
    return this.#stores.points;
  }

  /**
   * Hears of an event, after the stores have taken it. Types of the app's own are heard too.
   *
   * @template {keyof EventMap | '*' | (string & {})} Type
   * @param {Type} type `*` for everything
   * @param {(event: EventOf<Type>) => void} listener
   * @returns {() => void} takes it off
   */
  on(type, listener) {
    return this.#listeners.on(type, listener);
  }

  /**
   * Sends a command without waiting for an answer.
   *
   * @template {keyof CommandMap} Type
   * @param {Type} type
   * @param {CommandMap[Type]['fields']} fields
   * @returns {boolean} whether it went out; false while away
   */
  send(type, fields) {
    return this.#connection.send(type, fields);
  }

  /**
   * Sends a command and waits for its answer. One that may be repeated without harm waits for the link, and is said again
   * after each return, until its time is up.
   *
   * @template {keyof CommandMap | (string & {})} Type
   * @param {Type} type
   * @param {FieldsOf<Type>} fields
   * @param {import('./link/requests.js').RequestOptions} [options]
   * @returns {Promise<AnswerOf<Type>>}
   * @throws {import('./errors.js').OtomoError}
   */
  request(type, fields, options) {
    const answer = this.#connection.requests.request(type, fields, options);
    this.#rooms.follow(type, fields, answer);
    return answer;
  }

  /** @param {import('./link/connection.js').Link} link */
  #linked(link) {
    if (link.phase === 'refused') this.#idle();
    if (link.phase === 'away' || link.phase === 'refused') this.calls.cutOff();
    this.#link.set(link);
  }

  /** Nothing is to be kept up any more: nobody need be woken. */
  #idle() {
    this.#wakeups.stop();
    this.#clock.close();
  }

  /** @param {any} message */
  #take(message) {
    if (message.type === 'connected') {
      this.#hello = message;
      this.#clockOffset = message.timestamp * 1000 - this.#clock.now();
    }
    this.#rooms.take(message);
    this.#stores.take(message);
    this.calls.take(message);
    this.#listeners.tell(message);
  }

  /** @param {import('./link/wakeups.js').Wakeup} what */
  #wake(what) {
    if (what === 'woke' || what === 'online') this.#connection.wake();
    else this.#connection.nudge();
  }
}

/**
 * @template T
 * @param {() => T} make
 * @returns {() => T} makes it the first time
 */
function once(make) {
  /** @type {{made: T} | null} */
  let kept = null;
  return () => (kept ??= { made: make() }).made;
}
