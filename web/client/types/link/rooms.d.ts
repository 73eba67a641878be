/**
 * @typedef {object} Asked what was asked last about a room
 * @property {string} type
 * @property {Record<string, any>} fields
 * @property {boolean} inside whether the server has let this client in
 * @property {() => void} endPause takes back what enters it after a refusal
 */
export class Rooms {
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {() => number} parts.chance from 0 up to 1
     * @param {(type: string, fields: Record<string, any>, options: import('./requests.js').RequestOptions) => Promise<any>} parts.request
     * @param {(event: {type: 'room_left', room: string, reason: string}) => void} parts.left
     * @param {(what: string, detail: unknown) => void} parts.log
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        chance: () => number;
        request: (type: string, fields: Record<string, any>, options: import("./requests.js").RequestOptions) => Promise<any>;
        left: (event: {
            type: "room_left";
            room: string;
            reason: string;
        }) => void;
        log: (what: string, detail: unknown) => void;
    });
    /**
     * A command was asked. One that is refused leaves all as it was.
     *
     * @param {string} type
     * @param {Record<string, any>} fields
     * @param {Promise<any>} answer
     */
    follow(type: string, fields: Record<string, any>, answer: Promise<any>): Promise<void>;
    /** @param {any} event */
    take(event: any): void;
    /** Whoever says goodbye is in no room any more. */
    forget(): void;
    #private;
}
/**
 * what was asked last about a room
 */
export type Asked = {
    type: string;
    fields: Record<string, any>;
    /**
     * whether the server has let this client in
     */
    inside: boolean;
    /**
     * takes back what enters it after a refusal
     */
    endPause: () => void;
};
