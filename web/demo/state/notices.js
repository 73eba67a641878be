/**
 * What is told in a sentence at the foot of the page, for a while: an old row of notices and an event give the new.
 */

/**
 * @typedef {object} Sentence
 * @property {string} key of a text in `messages/`
 * @property {Record<string, string | number>} [params]
 * @property {import('./place.js').Place} [place] where there is more about it
 *
 * @typedef {Sentence & {id: number}} Notice
 */

/** How many are told at once; the newest win. */
export const NOTICES_MAX = 3;

/** @type {readonly Notice[]} */
export const NO_NOTICES = Object.freeze([]);

/**
 * @param {readonly Notice[]} notices
 * @param {import('./store.js').Event} event
 * @returns {readonly Notice[]} the newest last
 */
export function reduceNotices(notices, event) {
  switch (event.type) {
    case 'page_notice':
      return withNotice(notices, event.notice);
    case 'page_notice_closed':
      return notices.filter(({ id }) => id !== event.id);
    case 'page_place':
      // Who goes anywhere on the page has seen what leads somewhere.
      return notices.some(({ place }) => place) ? notices.filter(({ place }) => !place) : notices;
    default:
      return notices;
  }
}

/**
 * @param {readonly Notice[]} notices
 * @param {Sentence} sentence what was told already is told again, not twice
 * @returns {readonly Notice[]}
 */
function withNotice(notices, sentence) {
  const told = JSON.stringify([sentence.key, sentence.params]);
  const others = notices.filter(({ key, params }) => JSON.stringify([key, params]) !== told);
  const id = (notices.at(-1)?.id ?? 0) + 1;
  return [...others, { ...sentence, id }].slice(-NOTICES_MAX);
}
