/**
 * Loads something whenever it is wanted: one request at a time, so that no older answer comes last, and once more where
 * it was wanted meanwhile.
 */

export class Refresher {
  #load;
  #wanted = false;
  /** @type {Promise<void> | null} */
  #loading = null;

  /** @param {() => Promise<void>} load what fails is its own to tell */
  constructor(load) {
    this.#load = load;
  }

  /** @returns {Promise<void>} once what is wanted by now has been loaded */
  refresh() {
    this.#wanted = true;
    this.#loading ??= this.#run().finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #run() {
    while (this.#wanted) {
      this.#wanted = false;
      await this.#load();
    }
  }
}
