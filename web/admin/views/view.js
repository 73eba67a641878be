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
 * @property {(view: string, id?: string | null) => void} go
 */

export {};
