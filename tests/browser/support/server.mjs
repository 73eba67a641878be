// The real server, on a port and a database of its own.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long the server may take to listen, or to leave, in milliseconds. */
const PATIENCE_MS = 20_000;

/** What the server finds around it: not the variables of these tests, which are no settings. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('OTOMO_')),
);

export class Server {
  #home;
  #env;
  #process = null;
  #log = '';

  constructor(home, env) {
    this.#home = home;
    this.#env = env;
  }

  /**
   * @param {Record<string, string>} [settings] beside those that tests always need
   * @param {string} [address] where it listens
   * @returns {Promise<Server>} one that listens
   */
  static async start(settings = {}, address = '127.0.0.1:0') {
    const binary = process.env.OTOMO_BIN;
    if (!binary) throw new Error('OTOMO_BIN names no binary');
    const home = await mkdtemp(join(tmpdir(), 'otomo-browser-'));
    const database = { OTOMO_DATABASE__URL: `sqlite://${join(home, 'otomo.db')}` };
    const server = new Server(home, { ...ENVIRONMENT, ...database, ...settings });
    await server.listen(binary, address);
    return server;
  }

  /** Where the page is. */
  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async listen(binary, address) {
    const portFile = join(this.#home, `port-${Date.now()}`);
    this.#process = spawn(binary, ['serve', '--port-file', portFile], {
      // The development secret belongs to the working directory.
      cwd: this.#home,
      env: { ...this.#env, OTOMO_SERVER__LISTEN: address },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.on('data', (text) => (this.#log = (this.#log + text).slice(-20_000)));
    }
    this.port = await this.#portFrom(portFile);
  }

  get runs() {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Gone without a word, as by a power cut. */
  kill() {
    return this.#end('SIGKILL');
  }

  /** Gone without a word, as by a power cut, and back on the same port and database. */
  async crashAndReturn() {
    await this.#end('SIGKILL');
    await this.listen(process.env.OTOMO_BIN, `127.0.0.1:${this.port}`);
  }

  /** The same, without the secret that development mode has made for itself. */
  async loseSecretAndReturn() {
    await this.#end('SIGKILL');
    await rm(join(this.#home, 'data/dev-secret'));
    await this.listen(process.env.OTOMO_BIN, `127.0.0.1:${this.port}`);
  }

  /** Stopped as for an update, and back on the same port and database. */
  async restart() {
    await this.#end('SIGTERM');
    await this.listen(process.env.OTOMO_BIN, `127.0.0.1:${this.port}`);
  }

  async stop() {
    await this.#end('SIGTERM');
    await rm(this.#home, { recursive: true, force: true });
  }

  /** The end of what it logged, for the message of a failed test. */
  get log() {
    return this.#log;
  }

  async #end(signal) {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await gone;
    clearTimeout(late);
  }

  /** The file appears once the server listens: a port, or an address that ends in one. */
  async #portFrom(file) {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const text = await readFile(file, 'utf8').catch(() => '');
      const port = /(\d+)\s*$/.exec(text)?.[1];
      if (port !== undefined) return Number(port);
      if (this.#process.exitCode !== null) break;
      await sleep(20);
    }
    throw new Error(`the server does not listen:\n${this.#log}`);
  }
}
