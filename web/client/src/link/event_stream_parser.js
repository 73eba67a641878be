/**
 * Reads `text/event-stream` (HTML standard, section 9.2.6) as far as the server writes it: `data:` lines and comments.
 */

/**
 * @typedef {object} Told
 * @property {(data: string) => void} onData a whole event's data
 * @property {() => void} onComment a line that is only a sign of life
 */

export class EventStreamParser {
  #told;
  #rest = '';
  /** @type {string[]} */
  #data = [];

  /** @param {Told} told */
  constructor(told) {
    this.#told = told;
  }

  /** @param {string} text the next part of the stream, cut anywhere */
  push(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  /** @param {string} line */
  #line(line) {
    if (line === '') {
      if (this.#data.length > 0) this.#told.onData(this.#data.splice(0).join('\n'));
    } else if (line.startsWith(':')) {
      this.#told.onComment();
    } else if (line.startsWith('data:')) {
      this.#data.push(line.slice(line[5] === ' ' ? 6 : 5));
    }
  }
}
