/**
 * What an answered call hangs on, as far as one knows here: the server, who gives up somebody after a grace, and the voice
 * between the two. While either holds the call goes on; once both are gone, and the grace has passed, it is lost.
 */
export class Lifelines {
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {() => number} parts.graceMs how long the server waits for somebody whose connection broke, in milliseconds
     * @param {(at: number) => void} parts.lost hears that nothing holds any more, and since when, in milliseconds since 1970
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        graceMs: () => number;
        lost: (at: number) => void;
    });
    /** @param {boolean} here whether the server is */
    serverIs(here: boolean): void;
    /** @param {boolean} flows whether the voice does */
    voiceFlows(flows: boolean): void;
    /** Nothing is waited for any more. */
    close(): void;
    #private;
}
