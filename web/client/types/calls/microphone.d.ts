/**
 * Opens a microphone of this machine.
 *
 * @param {string} [deviceId] as `enumerateDevices` names it; the browser's choice by default
 * @returns {Promise<MediaStream>}
 */
export function captureVoice(deviceId?: string): Promise<MediaStream>;
/**
 * @param {import('./voice.js').CallOptions} options
 * @returns {Capture} where the voice comes from by default
 */
export function defaultCapture({ microphone }: import("./voice.js").CallOptions): Capture;
/** @typedef {() => Promise<MediaStream>} Capture opens a microphone; the browser may ask the person first */
export class Microphone {
    /**
     * @param {Capture} capture where the voice comes from; its tracks are stopped with the call
     * @param {() => void} [onLost] it ended by itself: unplugged, or taken back by the browser
     */
    constructor(capture: Capture, onLost?: () => void);
    /**
     * Opens it, or gives what is open already.
     *
     * @returns {Promise<MediaStream>}
     * @throws {OtomoError} `MICROPHONE`: no permission, no device, or a page without https; `ABORTED`: it was closed meanwhile
     */
    open(): Promise<MediaStream>;
    /**
     * Another one, from now on. Where one is open, or was lost, the new one is opened; if that fails, the one before stays. Of
     * several that are being opened, the one that was chosen last is held.
     *
     * @param {Capture} capture
     * @returns {Promise<MediaStream | null>} what is held now; null where none is open
     * @throws {OtomoError} as `open`
     */
    use(capture: Capture): Promise<MediaStream | null>;
    /** @param {boolean} muted also what is opened later */
    mute(muted: boolean): void;
    /** Lets go of the device, for good. */
    close(): void;
    #private;
}
/**
 * opens a microphone; the browser may ask the person first
 */
export type Capture = () => Promise<MediaStream>;
