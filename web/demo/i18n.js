/**
 * The texts of this page in each language.
 */

import { Translator as Base } from '../shared/i18n.js';
import en from './messages/en.js';
import ja from './messages/ja.js';

/** @typedef {import('../shared/i18n.js').Language} Language */

/** @type {Record<Language, Record<string, string>>} */
export const MESSAGES = { ja, en };

/** The texts, times and numbers of one language. */
export class Translator extends Base {
  /** @param {Language} language */
  constructor(language) {
    super(language, MESSAGES[language]);
  }
}
