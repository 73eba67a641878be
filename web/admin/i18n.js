/**
 * The languages of this page: its texts, and how it writes figures.
 */

import { hoursOf, Translator } from '../shared/i18n.js';
import en from './messages/en.js';
import ja from './messages/ja.js';

/** @typedef {import('../shared/i18n.js').Language} Language */

/** @type {Record<Language, Record<string, string>>} */
export const MESSAGES = { ja, en };

/** Codes of the client itself: for these there is no sentence of the server. */
const OWN_CODES = ['DISCONNECTED', 'TIMEOUT'];

/** The texts of one language, its figures, and the words of the server in it. */
export class Words extends Translator {
  #messages;
  #small;
  #second;
  #moment;

  /** @param {Language} language */
  constructor(language) {
    super(language, MESSAGES[language]);
    this.#messages = MESSAGES[language];
    this.#small = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
    const hours = hoursOf(language);
    this.#second = new Intl.DateTimeFormat(language, { timeStyle: 'medium', ...hours });
    this.#moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium', ...hours });
  }

  /**
   * A word of the server in this language; as it is, where a newer server has a word that this page does not know.
   *
   * @param {string} room the texts' first part
   * @param {string} word
   */
  word(room, word) {
    return this.#messages[`${room}.${word}`] ?? word;
  }

  /**
   * @param {unknown} error
   * @returns {string} the sentence of the server, where it has one
   */
  fault(error) {
    const { code, message } = /** @type {{code?: string, message?: string}} */ (error);
    if (code === undefined || message === undefined) return this.text('fault.unknown', { error: String(error) });
    if (OWN_CODES.includes(code)) return this.text(`fault.${code}`);
    return this.text('fault.told', { message, code });
  }

  /** @param {number | null} value "12.3", "12,345"; a dash for what cannot be told */
  figure(value) {
    if (value === null) return '–';
    return Math.abs(value) < 100 ? this.#small.format(value) : this.number(Math.round(value));
  }

  /** @param {number | null} ms "1.23 ms", "2.1 s" */
  took(ms) {
    if (ms === null) return '–';
    return ms < 1_000 ? `${this.figure(ms)} ms` : `${this.figure(ms / 1_000)} s`;
  }

  /** @param {number | null} bytes "1.5 MiB" */
  size(bytes) {
    if (bytes === null) return '–';
    const unit = UNITS.findLast(([, size]) => bytes >= size);
    const [name, size] = unit ?? ['B', 1];
    return `${this.figure(bytes / size)} ${name}`;
  }

  /** @param {string | number | null} at a moment: "13:45:06" of today, else with its date */
  time(at) {
    if (at === null) return '–';
    const date = new Date(at);
    const today = date.toDateString() === new Date().toDateString();
    return (today ? this.#second : this.#moment).format(date);
  }

  /** @param {number} ms "12 s", "3 minutes" */
  span(ms) {
    return ms < 60_000 ? this.text('time.seconds', { count: Math.max(0, Math.floor(ms / 1_000)) }) : super.span(ms);
  }
}

/** @type {readonly [string, number][]} */
const UNITS = [
  ['KiB', 1_024],
  ['MiB', 1_048_576],
  ['GiB', 1_073_741_824],
];
