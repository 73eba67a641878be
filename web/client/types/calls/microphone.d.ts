export class Microphone {
    /** @param {() => Promise<MediaStream>} [capture] where the voice comes from; its tracks are stopped with the call */
    constructor(capture?: () => Promise<MediaStream>);
    /** Whether it is open, or being opened. */
    get held(): boolean;
    /**
     * Opens it, or gives what is open already. The browser may ask the person first.
     *
     * @returns {Promise<MediaStream>}
     * @throws {OtomoError} `MICROPHONE`: no permission, no device, or a page without https
     */
    open(): Promise<MediaStream>;
    /** @param {boolean} muted */
    mute(muted: boolean): Promise<void>;
    /** Lets go of the device. */
    close(): Promise<void>;
    #private;
}
