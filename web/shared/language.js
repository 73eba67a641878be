/**
 * The language that a person chose, for every page and every tab.
 */

const LANGUAGE = 'otomo.language';

/** @returns {string | null} null where nobody has chosen */
export function savedLanguage() {
  return localStorage.getItem(LANGUAGE);
}

/** @param {string} language */
export function saveLanguage(language) {
  localStorage.setItem(LANGUAGE, language);
}
