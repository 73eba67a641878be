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
 * @typedef {object} Asked what was asked last about a room
 * @property {string} type
 * @property {Record<string, any>} fields
 * @property {boolean} inside whether the server has let this client in
 * @property {() => void} endPause takes back what enters it after a refusal
 */

export class Rooms {
  #parts;
  /** @type {Map<string, Asked>} */
  #asked = new Map();

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
    const room = roomOf(command.field, fields[command.field]);
    const before = this.#asked.get(room);
    const asked = { type, fields, inside: false, endPause() {} };
    this.#asked.set(room, asked);
    const done = await answer.then(() => true, () => false);
    asked.inside = done && command.enters;
    if (asked.inside || this.#asked.get(room) !== asked) return;
    if (done || before === undefined) this.#asked.delete(room);
    else this.#asked.set(room, before);
  }

  /** @param {any} event */
  take(event) {
    if (event.type === 'room_left' && this.#asked.get(event.room)?.inside) this.#asked.delete(event.room);
    if (event.type !== 'ready') return;
    for (const [room, asked] of this.#asked) if (asked.inside) this.#enter(room, asked);
  }

  /** Whoever says goodbye is in no room any more. */
  forget() {
    for (const { endPause } of this.#asked.values()) endPause();
    this.#asked.clear();
  }

  /**
   * @param {string} room
   * @param {Asked} asked
   * @param {number} [refusals] how many there were
   */
  async #enter(room, asked, refusals = 0) {
    const { clock, chance, request, left, log } = this.#parts;
    const wanted = () => this.#asked.get(room) === asked;
    asked.endPause();
    if (!wanted()) return;
    try {
      await request(asked.type, asked.fields, { retry: false });
    } catch (refused) {
      const error = /** @type {import('../errors.js').OtomoError} */ (refused);
      // After a break the return enters it.
      if (error.code === 'DISCONNECTED' || !wanted()) return;
      if (!isPassing(error)) {
        left({ type: 'room_left', room, reason: 'revoked' });
        return;
      }
      log(`${room} is not entered yet`, error);
      const waitMs = (error.retryAfterMs ?? 0) + fullJitter(refusals + 1, chance());
      asked.endPause = clock.after(waitMs, () => this.#enter(room, asked, refusals + 1));
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
