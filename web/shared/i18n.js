/**
 * Languages of pages: which one, and how it writes texts, times and numbers. Pure but for `Intl`.
 */

/** @typedef {'ja' | 'en'} Language */

/**
 * @param {string | null} chosen what the person chose before, if anything
 * @param {readonly string[]} wished the browser's languages, the best first
 * @returns {Language} Japanese or English: the first that both sides know, else English
 */
export function pickLanguage(chosen, wished) {
  for (const tag of [chosen ?? '', ...wished]) {
    const language = tag.toLowerCase().split('-')[0];
    if (language === 'ja' || language === 'en') return language;
  }
  return 'en';
}

/**
 * English is written with both clocks: the one of the browser's own language is meant, whatever language the page is in.
 *
 * @param {Language} language
 * @param {string} [locale] the browser's where it is not given
 * @returns {Intl.DateTimeFormatOptions} how hours are counted
 */
export function hoursOf(language, locale) {
  if (language !== 'en') return {};
  const { hourCycle } = new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions();
  return { hourCycle };
}

/** The texts and time formats of one language. */
export class Translator {
  #messages;
  #relative;
  #units;
  #clock;
  #day;
  #dayOfYear;
  #date;
  #list;
  #number;
  #signed;
  #plural;

  /**
   * @param {Language} language
   * @param {Record<string, string>} messages the page's texts in it
   */
  constructor(language, messages) {
    this.language = language;
    this.#messages = messages;
    this.#relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
    this.#units = ['minute', 'hour', 'day'].map(
      (unit) => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }),
    );
    this.#clock = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit', ...hoursOf(language) });
    this.#day = new Intl.DateTimeFormat(language, { month: 'long', day: 'numeric', weekday: 'short' });
    this.#dayOfYear = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
    this.#date = new Intl.DateTimeFormat(language, { month: 'numeric', day: 'numeric' });
    this.#number = new Intl.NumberFormat(language);
    this.#signed = new Intl.NumberFormat(language, { signDisplay: 'exceptZero' });
    this.#plural = new Intl.PluralRules(language);
    this.#list = new Intl.ListFormat(language, { type: 'unit', style: 'short' });
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [params] of a text that has a form for one thing (`key.one`), `count` says how
   *   many there are
   * @returns {string} a text, never markup
   */
  text(key, params = {}) {
    const { count } = params;
    const form = typeof count === 'number' ? this.#messages[`${key}.${this.#plural.select(count)}`] : undefined;
    const template = form ?? this.#messages[key] ?? key;
    return template.replace(/\{(\w+)\}/g, (_, name) => String(params[name] ?? ''));
  }

  /**
   * @param {number} thenMs
   * @param {number} nowMs
   * @returns {string} "3 minutes ago", "now"
   */
  ago(thenMs, nowMs) {
    if (nowMs - thenMs < 60_000) return this.#relative.format(0, 'second');
    const { unit, count } = coarse(nowMs - thenMs);
    return this.#relative.format(-count, UNITS[unit]);
  }

  /**
   * @param {number} ms
   * @returns {string} "3 minutes"
   */
  span(ms) {
    const { unit, count } = coarse(ms);
    return this.#units[unit].format(count);
  }

  /**
   * @param {number} ms a moment
   * @returns {string} "13:45"
   */
  clock(ms) {
    return this.#clock.format(ms);
  }

  /**
   * @param {number} thenMs
   * @param {number} nowMs
   * @returns {string} "today", "yesterday", "Sun, November 22", and with its year where that is another one
   */
  day(thenMs, nowMs) {
    const days = daysBetween(thenMs, nowMs);
    if (days === 0 || days === 1) return this.#relative.format(-days, 'day');
    const sameYear = new Date(thenMs).getFullYear() === new Date(nowMs).getFullYear();
    return (sameYear ? this.#day : this.#dayOfYear).format(thenMs);
  }

  /**
   * @param {number} thenMs
   * @param {number} nowMs
   * @returns {string} "13:45" of today, "yesterday", "11/22"
   */
  shortTime(thenMs, nowMs) {
    const days = daysBetween(thenMs, nowMs);
    if (days === 0) return this.clock(thenMs);
    return days === 1 ? this.#relative.format(-1, 'day') : this.#date.format(thenMs);
  }

  /**
   * @param {number} value
   * @returns {string} "1,200"
   */
  number(value) {
    return this.#number.format(value);
  }

  /**
   * @param {number} value
   * @returns {string} "+1,200", "-30"
   */
  signed(value) {
    return this.#signed.format(value);
  }

  /**
   * @param {readonly string[]} items
   * @returns {string} "Hana, Taro"
   */
  list(items) {
    return this.#list.format(items);
  }
}

/** @type {readonly Intl.RelativeTimeFormatUnit[]} */
const UNITS = ['minute', 'hour', 'day'];

/**
 * @param {number} thenMs
 * @param {number} nowMs
 * @returns {number} how many midnights lie between them, where this page is
 */
function daysBetween(thenMs, nowMs) {
  const [then, now] = [thenMs, nowMs].map((ms) => new Date(ms).setHours(0, 0, 0, 0));
  // A day may have 23 or 25 hours.
  return Math.round((now - then) / 86_400_000);
}

/**
 * @param {number} ms
 * @returns {{unit: number, count: number}} in the largest unit that fills at least once, from minutes up
 */
function coarse(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return { unit: 0, count: minutes };
  if (minutes < 1_440) return { unit: 1, count: Math.floor(minutes / 60) };
  return { unit: 2, count: Math.floor(minutes / 1_440) };
}

/**
 * @param {number} seconds
 * @returns {string} "1:05", "1:02:03"
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(s).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${tail}` : `${m}:${tail}`;
}
