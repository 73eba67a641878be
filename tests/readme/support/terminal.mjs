// The terminals of a new user: one in which commands are typed, others in which something serves.

import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long something may take to listen, or to end after Ctrl-C, in milliseconds. */
const PATIENCE_MS = 30_000;

/** How long a block may take, in milliseconds: a release build is the longest of them. */
const BLOCK_PATIENCE_MS = 30 * 60_000;

/** A shell that stays: what a block exports, later blocks have. The first command that fails ends it. */
export class Shell {
  #process;
  #folder;
  #out = '';
  #err = '';
  #blocks = 0;

  /** @param {string} cwd @param {NodeJS.ProcessEnv} env @param {string} folder for what it needs itself */
  constructor(cwd, env, folder) {
    this.#folder = folder;
    // A group of its own: what it has begun ends with it.
    this.#process = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail'], { cwd, env, detached: true });
    this.#process.stdout.on('data', (text) => (this.#out += text));
    this.#process.stderr.on('data', (text) => (this.#err += text));
  }

  /**
   * @param {string} text a block
   * @returns {Promise<string>} what it prints on standard output
   * @throws {Error} if a command of it ends with another status than 0
   */
  async run(text) {
    this.#out = this.#err = '';
    const file = join(this.#folder, `block-${++this.#blocks}.sh`);
    const end = `end-of-block-${this.#blocks}`;
    await writeFile(file, `${text}\n`);
    this.#process.stdin.write(`source '${file}' < /dev/null\nprintf '\\n${end}\\n'\n`);
    const deadline = Date.now() + BLOCK_PATIENCE_MS;
    while (!this.#out.endsWith(`\n${end}\n`)) {
      if (Date.now() > deadline) throw new Error(`does not end\n${this.#out}${this.#err}`);
      if (this.#process.exitCode !== null)
        throw new Error(`ends with ${this.#process.exitCode}\n${this.#out}${this.#err}`);
      await sleep(20);
    }
    return this.#out.slice(0, -end.length - 2);
  }

  /** Ends it, and whatever is under way in it. */
  async close() {
    const shell = this.#process;
    if (shell.exitCode !== null || shell.signalCode !== null) return;
    const closed = new Promise((resolve) => shell.once('close', resolve));
    process.kill(-shell.pid, 'SIGKILL');
    await closed;
  }
}

/** Something that serves, in a terminal of its own. */
export class Service {
  #process;
  #log = '';

  constructor(text, cwd, env) {
    // A group of its own, as a terminal makes one, so that Ctrl-C reaches all of it.
    this.#process = spawn('bash', ['--noprofile', '--norc', '-ec', text], { cwd, env, detached: true });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.on('data', (more) => (this.#log = (this.#log + more).slice(-10_000)));
  }

  /**
   * @param {string} text @param {string} address where it listens @param {string} cwd @param {NodeJS.ProcessEnv} env
   * @returns {Promise<Service>} once it listens
   */
  static async start(text, address, cwd, env) {
    const service = new Service(text, cwd, env);
    const deadline = Date.now() + PATIENCE_MS;
    while (!(await listens(address))) {
      if (service.#process.exitCode !== null || Date.now() > deadline) {
        await service.end();
        throw new Error(`nothing listens on ${address}\n${service.#log}`);
      }
      await sleep(50);
    }
    return service;
  }

  /** Ctrl-C, and the wait for its end. @returns {Promise<string>} what it said @throws {Error} if it has to be killed */
  async end() {
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      process.kill(-child.pid, 'SIGINT');
      const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), PATIENCE_MS);
      await gone;
      clearTimeout(late);
      if (child.signalCode === 'SIGKILL') throw new Error(`does not end after Ctrl-C\n${this.#log}`);
    }
    return this.#log;
  }
}

/** @param {string} address like 127.0.0.1:8080 @returns {Promise<boolean>} whether somebody listens there */
export function listens(address) {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** @returns {Promise<string>} a port that nobody listens on */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}
