/** @typedef {object} CallOptions */
export {};
