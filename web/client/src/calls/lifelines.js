/**
 * What an answered call hangs on, as far as one knows here: the server, who gives up somebody after a grace, and the voice
 * between the two. While either holds the call goes on; once both are gone, and the grace has passed, it is lost.
 */

export class Lifelines {
  #parts;
  /** Since when the server is away; null while it is there. @type {number | null} */
  #serverGone = null;
  /** Since when the voice does not flow; null while it does. @type {number | null} */
  #voiceGone;
  /** Whether the server has been away for longer than it waits itself. */
  #overdue = false;
  #cancel = () => {};

  /**
   * @param {object} parts
   * @param {import('../clock.js').Clock} parts.clock
   * @param {() => number} parts.graceMs how long the server waits for somebody whose connection broke, in milliseconds
   * @param {(at: number) => void} parts.lost hears that nothing holds any more, and since when, in milliseconds since 1970
   */
  constructor(parts) {
    this.#parts = parts;
    this.#voiceGone = parts.clock.now();
  }

  /** @param {boolean} here whether the server is */
  serverIs(here) {
    if (here) {
      this.#reset();
    } else if (this.#serverGone === null) {
      const { clock, graceMs } = this.#parts;
      this.#serverGone = clock.now();
      this.#cancel = clock.after(graceMs(), () => {
        this.#overdue = true;
        this.#look();
      });
    }
  }

  /** @param {boolean} flows whether the voice does */
  voiceFlows(flows) {
    if (flows) this.#voiceGone = null;
    else this.#voiceGone ??= this.#parts.clock.now();
    this.#look();
  }

  /** Nothing is waited for any more. */
  close() {
    this.#reset();
  }

  /** The server is there, as far as one knows. */
  #reset() {
    this.#cancel();
    this.#serverGone = null;
    this.#overdue = false;
  }

  #look() {
    if (!this.#overdue || this.#serverGone === null || this.#voiceGone === null) return;
    this.#parts.lost(Math.max(this.#serverGone, this.#voiceGone));
  }
}
