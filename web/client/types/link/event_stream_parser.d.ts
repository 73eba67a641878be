/**
 * Reads `text/event-stream` (HTML standard, section 9.2.6) as far as the server writes it: `data:` lines and comments.
 */
/**
 * @typedef {object} Told
 * @property {(data: string) => void} onData a whole event's data
 * @property {() => void} onComment a line that is only a sign of life
 */
export class EventStreamParser {
    /** @param {Told} told */
    constructor(told: Told);
    /** @param {string} text the next part of the stream, cut anywhere */
    push(text: string): void;
    #private;
}
export type Told = {
    /**
     * a whole event's data
     */
    onData: (data: string) => void;
    /**
     * a line that is only a sign of life
     */
    onComment: () => void;
};
