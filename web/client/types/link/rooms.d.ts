/**
 * @typedef {object} Room
 * @property {{type: string, fields: Record<string, any>} | null} entered by what the server has let this client in
 * @property {number} turn of the command that decided it: answers may come in another order than commands were asked in
 * @property {number} waiting how many commands about it have no answer yet
 * @property {boolean} missed whether it was time to enter it again while they had none
 * @property {() => void} cancelPause takes back what enters it after a refusal
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
export type Room = {
    /**
     * by what the server has let this client in
     */
    entered: {
        type: string;
        fields: Record<string, any>;
    } | null;
    /**
     * of the command that decided it: answers may come in another order than commands were asked in
     */
    turn: number;
    /**
     * how many commands about it have no answer yet
     */
    waiting: number;
    /**
     * whether it was time to enter it again while they had none
     */
    missed: boolean;
    /**
     * takes back what enters it after a refusal
     */
    cancelPause: () => void;
};
