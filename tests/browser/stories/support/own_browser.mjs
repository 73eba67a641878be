// A browser of one person alone, as it is on their machine: it can be put to sleep, and what is behind is slowed down.
//
// Not launched by Playwright, whose browsers never slow anything down and tell every page that it is in front: what these
// stories are about. Chromium's own defaults hold here.

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium } from 'playwright-core';

import { CHROMIUM, FLAGS } from '../../support/browser.mjs';

/** How long Chromium may take to begin, in milliseconds. */
const PATIENCE_MS = 30_000;

export class OwnBrowser {
  #home;
  #process;
  /** @type {import('playwright-core').Browser | null} null until it answers */
  #driver = null;

  /** @param {string} home @param {import('node:child_process').ChildProcess} process */
  constructor(home, process) {
    this.#home = home;
    this.#process = process;
  }

  static async open() {
    const home = await mkdtemp(join(tmpdir(), 'otomo-browser-'));
    const flags = [...FLAGS, '--remote-debugging-port=0', `--user-data-dir=${home}`, '--accept-lang=ja-JP', '--window-size=1100,780'];
    // A process group of its own: all of the browser sleeps, not one process of it.
    const child = spawn(CHROMIUM, [...flags, 'about:blank'], { stdio: 'ignore', detached: true });
    const browser = new OwnBrowser(home, child);
    try {
      await browser.#connect();
    } catch (error) {
      await browser.close();
      throw error;
    }
    return browser;
  }

  async #connect() {
    this.#driver = await chromium.connectOverCDP(await this.#endpoint(), { noDefaults: true, timeout: PATIENCE_MS });
  }

  /** @returns {Promise<import('playwright-core').Page>} a new tab, in front */
  page() {
    return this.#driver.contexts()[0].newPage();
  }

  /** The lid is closed: nothing of it runs any more, and nobody is told. */
  sleep() {
    process.kill(-this.#process.pid, 'SIGSTOP');
  }

  wake() {
    process.kill(-this.#process.pid, 'SIGCONT');
  }

  /**
   * All packets get lost, also those of voices, and nobody is told: the page goes on, but not the process of the browser that
   * has all its sockets.
   */
  async losePackets() {
    process.kill(await this.#networkService(), 'SIGSTOP');
  }

  async findPackets() {
    process.kill(await this.#networkService(), 'SIGCONT');
  }

  async close() {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    process.kill(-this.#process.pid, 'SIGKILL');
    await gone;
    await this.#driver?.close();
    await rm(this.#home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  /** @returns {Promise<number>} the process that has the sockets */
  async #networkService() {
    for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
      const read = (name) => readFile(join('/proc', pid, name), 'utf8').catch(() => '');
      const mine = (await read('cmdline')).includes(`--user-data-dir=${this.#home}`);
      if (mine && (await read('cmdline')).includes('network.mojom.NetworkService')) return Number(pid);
    }
    throw new Error('no network service');
  }

  async #endpoint() {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      // Written in two steps: the port, and the path in the line below.
      const written = await readFile(join(this.#home, 'DevToolsActivePort'), 'utf8').catch(() => '');
      const [port, path] = written.split('\n');
      if (path) return `http://127.0.0.1:${port}`;
      await sleep(50);
    }
    throw new Error('Chromium did not begin');
  }
}
