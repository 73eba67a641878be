export class Stores {
    /**
     * @param {object} parts
     * @param {import('../rest.js').Rest} parts.rest
     * @param {import('../clock.js').Clock} parts.clock
     * @param {(topic: string) => boolean} parts.wants what the connection listens to
     * @param {(what: string, detail: unknown) => void} parts.log
     */
    constructor({ rest, clock, wants, log }: {
        rest: import("../rest.js").Rest;
        clock: import("../clock.js").Clock;
        wants: (topic: string) => boolean;
        log: (what: string, detail: unknown) => void;
    });
    otomos: import("../store.js").Store<readonly import("./otomos.js").OtomoPerson[]>;
    unread: import("../store.js").Store<import("./unread.js").Unread>;
    typing: import("../store.js").Store<Readonly<Record<string, readonly string[]>>>;
    friends: import("../store.js").Store<import("./friends.js").Friends>;
    points: import("../store.js").Store<import("./points.js").Points>;
    /** Whether the list of otomo has come. */
    get otomosKnown(): boolean;
    /** The connection begins: what REST knows is shown before the stream is up (source document 004). */
    start(): void;
    stop(): void;
    /** @param {any} event */
    take(event: any): void;
    #private;
}
