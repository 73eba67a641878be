/**
 * What a view is, and what it works with.
 *
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {() => Promise<() => void>} look asks the server what it needs; resolves to what shows the answer, so that one
 *   that comes too late is not shown. Rejects where the server does not answer or refuses
 *
 * @typedef {object} Desk
 * @property {import('../i18n.js').Words} t
 * @property {import('../../client/src/rest.js').Rest} rest
 * @property {() => import('../figures/history.js').History} history
 * @property {() => number} now milliseconds since 1970, by the server's clock
 * @property {(deed: import('../ui/confirm.js').Deed) => void} ask has something done, once the admin is sure
 * @property {() => void} refresh looks now
 * @property {(view: string, id?: string | null) => void} go within a view its filter stays
 * @property {() => Listed} listed what the list of the open view shows: the same as details open and close beside it
 * @property {(filter: string | null) => void} filterBy notes in the address what the list shows
 *
 * @typedef {object} Listed
 * @property {string | null} filter null for what a list shows at first
 * @property {(string | null)[]} way the cursors of the pages up to the one that is shown; the first page has none
 */

export {};
