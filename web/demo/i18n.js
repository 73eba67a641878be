/**
 * The texts of this page in each language.
 */

import { Translator } from '../shared/i18n.js';
import en from './messages/en.js';
import ja from './messages/ja.js';

/** @typedef {import('../shared/i18n.js').Language} Language */

export { Translator };

/** @type {Record<Language, Record<string, string>>} */
export const MESSAGES = { ja, en };

/**
 * The texts, times and numbers of one language.
 *
 * @param {Language} language
 */
export function translatorOf(language) {
  return new Translator(language, MESSAGES[language]);
}
