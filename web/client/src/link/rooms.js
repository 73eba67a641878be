/**
 * The rooms and games that this client is in. A new connection is in none: it enters them again.
 *
 * What was asked last about a room says whether to enter it again: one whose leaving still waits for the link is not
 * entered first.
 */

import { isPassing } from '../errors.js';
import { fullJitter } from './backoff.js';

/** By which command each is entered, and left. @type {Record<string, {enters: boolean, field: 'room' | 'game_session_id'}>} */
const COMMANDS = {
  room_join: { enters: true, field: 'room' },
  room_leave: { enters: false, field: 'room' },
  join_game: { enters: true, field: 'game_session_id' },
  leave_game: { enters: false, field: 'game_session_id' },
};

/**
 * @typedef {object} Room
 * @property {{type: string, fields: Record<string, any>} | null} entered by what the server has let this client in
 * @property {number} turn of the command that decided it: answers may come in another order than commands were asked in
 * @property {number} waiting how many commands about it have no answer yet
 * @property {boolean} missed whether it was time to enter it again while they had none
 * @property {() => void} cancelPause takes back what enters it after a refusal
 */

export class Rooms {
  #parts;
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  /** How many commands were asked. */
  #turns = 0;

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {() => number} parts.chance from 0 up to 1
   * @param {(type: string, fields: Record<string, any>, options: import('./requests.js').RequestOptions) => Promise<any>} parts.request
   * @param {(event: {type: 'room_left', room: string, reason: string}) => void} parts.left
   * @param {(what: string, detail: unknown) => void} parts.log
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * A command was asked. One that is refused leaves all as it was.
   *
   * @param {string} type
   * @param {Record<string, any>} fields
   * @param {Promise<any>} answer
   */
  async follow(type, fields, answer) {
    const command = COMMANDS[type];
    if (command === undefined) return;
    const name = roomOf(command.field, fields[command.field]);
    const turn = (this.#turns += 1);
    const room = this.#rooms.get(name) ?? { entered: null, turn: 0, waiting: 0, missed: false, cancelPause() {} };
    this.#rooms.set(name, room);
    room.waiting += 1;
    const done = await answer.then(() => true, () => false);
    room.waiting -= 1;
    if (done && turn > room.turn) Object.assign(room, { turn, entered: command.enters ? { type, fields } : null, missed: false });
    if (room.waiting > 0 || this.#rooms.get(name) !== room) return;
    if (room.entered === null) this.#drop(name, room);
    else if (room.missed) this.#enter(name, room);
  }

  /** @param {any} event */
  take(event) {
    if (event.type === 'room_left') this.#left(event.room);
    if (event.type === 'ready') for (const [name, room] of this.#rooms) this.#enter(name, room);
  }

  /** Whoever says goodbye is in no room any more. */
  forget() {
    for (const [name, room] of this.#rooms) this.#drop(name, room);
  }

  /** @param {string} name */
  #left(name) {
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    room.entered = null;
    if (room.waiting === 0) this.#drop(name, room);
  }

  /** @param {string} name @param {Room} room */
  #drop(name, room) {
    room.cancelPause();
    this.#rooms.delete(name);
  }

  /**
   * @param {string} name
   * @param {Room} room
   * @param {number} [refusals] how many there were
   */
  async #enter(name, room, refusals = 0) {
    const { clock, chance, request, left, log } = this.#parts;
    const { entered } = room;
    const wanted = () => this.#rooms.get(name) === room && room.entered === entered;
    room.cancelPause();
    if (entered === null || !wanted()) return;
    // What waits says whether to: once it is answered.
    room.missed = room.waiting > 0;
    if (room.missed) return;
    try {
      await request(entered.type, entered.fields, { retry: false });
    } catch (refused) {
      const error = /** @type {import('../errors.js').OtomoError} */ (refused);
      // After a break the return enters it.
      if (error.code === 'DISCONNECTED' || !wanted()) return;
      if (!isPassing(error)) {
        left({ type: 'room_left', room: name, reason: 'revoked' });
        return;
      }
      log(`${name} is not entered yet`, error);
      const waitMs = (error.retryAfterMs ?? 0) + fullJitter(refusals + 1, chance());
      room.cancelPause = clock.after(waitMs, () => this.#enter(name, room, refusals + 1));
    }
  }
}

/**
 * @param {'room' | 'game_session_id'} field
 * @param {string} name
 */
function roomOf(field, name) {
  return field === 'room' ? name : `game_${name}`;
}
