/**
 * The little that signalling must read in a session description. Pure.
 */
/**
 * The id that a peer connection keeps for its whole life (the second field of `o=`, RFC 8866 section
 * 5.2). Another id from the same peer means another peer connection: the page was loaded anew.
 *
 * @param {string} sdp
 * @returns {string | null} null where there is no such line
 */
export function sessionOf(sdp: string): string | null;
