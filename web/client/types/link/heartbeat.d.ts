export class Heartbeat {
    /**
     * @param {object} parts
     * @param {import('../clock.js').Clock} parts.clock
     * @param {() => boolean} parts.beat asks; false where nothing can be sent
     * @param {() => void} parts.lost
     */
    constructor(parts: {
        clock: import("../clock.js").Clock;
        beat: () => boolean;
        lost: () => void;
    });
    /** @param {{intervalMs: number, timeoutMs: number}} settings as the server says */
    start({ intervalMs, timeoutMs }: {
        intervalMs: number;
        timeoutMs: number;
    }): void;
    stop(): void;
    /** The other side said something, whatever it was. */
    heard(): void;
    /** Asks now. @param {number} [limitMs] how long an answer may take, if not as long as the server says */
    probe(limitMs?: number): void;
    #private;
}
