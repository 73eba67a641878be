/**
 * The rooms and games that this client is in. A new connection is in none: it enters them again.
 */

/** By which command each is entered, and left. @type {Record<string, {enters: boolean, field: 'room' | 'game_session_id'}>} */
const COMMANDS = {
  room_join: { enters: true, field: 'room' },
  room_leave: { enters: false, field: 'room' },
  join_game: { enters: true, field: 'game_session_id' },
  leave_game: { enters: false, field: 'game_session_id' },
};

/** Refusals that say "not now". */
const PASSING = new Set(['DISCONNECTED', 'TIMEOUT', 'RATE_LIMITED', 'UNAVAILABLE', 'INTERNAL_ERROR']);

export class Rooms {
  #parts;
  /** By the room that it means: how it was entered. @type {Map<string, {type: string, fields: Record<string, any>}>} */
  #entered = new Map();

  /**
   * @param {object} parts
   * @param {(type: string, fields: Record<string, any>) => Promise<any>} parts.request
   * @param {(event: {type: 'room_left', room: string, reason: string}) => void} parts.left
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * A command was answered.
   * @param {string} type
   * @param {Record<string, any>} fields
   */
  done(type, fields) {
    const command = COMMANDS[type];
    if (command === undefined) return;
    const room = roomOf(command.field, fields[command.field]);
    if (command.enters) this.#entered.set(room, { type, fields });
    else this.#entered.delete(room);
  }

  /** @param {any} event */
  take(event) {
    if (event.type === 'room_left') this.#entered.delete(event.room);
    if (event.type === 'ready') for (const room of this.#entered.keys()) this.#enter(room);
  }

  /** Whoever says goodbye is in no room any more. */
  forget() {
    this.#entered.clear();
  }

  /** @param {string} room */
  async #enter(room) {
    const { type, fields } = this.#entered.get(room) ?? {};
    if (type === undefined || fields === undefined) return;
    try {
      await this.#parts.request(type, fields);
    } catch (error) {
      const { code } = /** @type {import('../errors.js').OtomoError} */ (error);
      // After the next return, then.
      if (PASSING.has(code)) return;
      this.#parts.left({ type: 'room_left', room, reason: 'revoked' });
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
