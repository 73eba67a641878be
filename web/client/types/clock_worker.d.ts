/**
 * Timers for a page whose own are slowed down (`clock.js`): gets `{id, ms}`, and says `id` when it is time;
 * `ms: null` takes one back.
 */
/** @type {Map<number, any>} */
declare const timers: Map<number, any>;
