// Does what a README says, as a new user would: in a folder of its own with a clean clone, block after block.
//
//   node tests/readme/run.mjs [README.md ..]   both READMEs without a name
//
// Two things are done otherwise, and said when they are. With OTOMO_BIN the build is left out and that binary taken: it was
// built from the same sources, as the tests are. Without it everything is built as written (`scripts/test long readme`).
// And a port that is taken on this machine is replaced by a free one, wherever it stands.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Markdown } from './support/markdown.mjs';
import { matches, plan } from './support/plan.mjs';
import { Browser } from './support/scenes.mjs';
import { Service, Shell, freePort, listens } from './support/terminal.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const BUILD = /^cargo build --release$/m;

const run = promisify(execFile);

/** What a new user's terminal has: none of our settings. */
const ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OTOMO_|DATABASE_URL$|CARGO_TARGET_DIR$|RUST_LOG$)/.test(name)),
);

/** A new user with a clone, terminals and a browser. */
class Newcomer {
  #home;
  #shell;
  #browser;
  /** @type {Service[]} */
  #services = [];
  /** @type {Map<string, string>} */
  #ports = new Map();
  #printed = '';
  #text = '';
  #env = { ...ENVIRONMENT };
  skipped = [];

  static async arrive() {
    const newcomer = new Newcomer();
    newcomer.#home = await mkdtemp(join(tmpdir(), 'otomo-readme-'));
    newcomer.clone = join(newcomer.#home, 'otomo');
    await run('git', ['clone', '--quiet', ROOT, newcomer.clone]);
    const { stdout: changed } = await run('git', ['-C', ROOT, 'status', '--porcelain']);
    if (changed) console.log(`what is not committed is not in the clone:\n${changed.trimEnd()}`);
    return newcomer;
  }

  async leave() {
    await this.#browser?.close();
    try {
      await this.#stop();
    } finally {
      await this.#shell?.close();
      await rm(this.#home, { recursive: true, force: true });
    }
  }

  /** @param {string} name of a README in the clone */
  async follow(name) {
    const document = Markdown.read(join(this.clone, name));
    this.#text = document.lines.join('\n');
    const steps = plan(document);
    await this.#findPorts(steps);
    // Not before: it has the settings that the ports make necessary.
    this.#shell = new Shell(this.clone, this.#env, this.#home);
    for (const step of steps) {
      const what = step.text?.split('\n')[0] ?? step.scene ?? '';
      console.log(`${name}:${step.line}: ${step.does} ${what}`);
      await this.#take(step).catch((fault) => {
        throw new Error(`${name}:${step.line}: ${step.does} ${what}\n${fault.message}`, { cause: fault });
      });
    }
  }

  /** @param {import('./support/plan.mjs').Step} step */
  async #take(step) {
    const text = this.#mapped(step.text ?? '');
    switch (step.does) {
      case 'run':
        this.#printed = await this.#shell.run(await this.#unbuilt(text));
        break;
      case 'print':
        if (!matches(text, this.#printed)) throw new Error(`printed was\n${this.#printed}`);
        break;
      case 'serve':
        this.#services.push(await Service.start(text, this.#mapped(step.address), this.clone, this.#env));
        break;
      case 'stop':
        await this.#stop();
        break;
      case 'save':
        await mkdir(dirname(join(this.clone, step.path)), { recursive: true });
        await writeFile(join(this.clone, step.path), `${text}\n`);
        break;
      case 'page':
        this.#browser ??= await Browser.open(this.#text, (address) => this.#mapped(address));
        await this.#browser.play(step.scene);
        break;
      case 'skip':
        this.skipped.push(step);
    }
  }

  async #stop() {
    const ends = await Promise.allSettled(this.#services.splice(0).map((service) => service.end()));
    const fault = ends.find(({ status }) => status === 'rejected');
    if (fault) throw fault.reason;
  }

  /** The build, or what takes its place. */
  async #unbuilt(text) {
    const binary = process.env.OTOMO_BIN;
    if (!binary || !BUILD.test(text)) return text;
    console.log(`  not built: target/release/otomo is ${binary}`);
    await mkdir(join(this.clone, 'target/release'), { recursive: true });
    await symlink(binary, join(this.clone, 'target/release/otomo'));
    return text.replace(BUILD, ':');
  }

  /** Finds a free port for each that is taken. */
  async #findPorts(steps) {
    for (const { address } of steps.filter(({ does }) => does === 'serve')) {
      const port = address.split(':')[1];
      if (this.#ports.has(port)) continue;
      const taken = await listens(address);
      this.#ports.set(port, taken ? await freePort() : port);
      if (taken) console.log(`  port ${port} is taken: ${this.#ports.get(port)} instead`);
    }
    const own = this.#ports.get('8080');
    if (own && own !== '8080') this.#env.OTOMO_SERVER__LISTEN = `127.0.0.1:${own}`;
  }

  #mapped(text) {
    return text.replace(/\b\d{4}\b/g, (number) => this.#ports.get(number) ?? number);
  }
}

/** @type {Newcomer | undefined} */
let newcomer;
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => Promise.resolve(newcomer?.leave()).finally(() => process.exit(1)));

const names = process.argv.slice(2);
for (const name of names.length ? names : ['README.md', 'README.ja.md']) {
  const began = Date.now();
  newcomer = await Newcomer.arrive();
  try {
    await newcomer.follow(name);
  } finally {
    await newcomer.leave();
  }
  for (const { line, why, text } of newcomer.skipped) console.log(`${name}:${line}: not run (${why}): ${text.split('\n')[0]}`);
  console.log(`${name}: all of it works as written, ${((Date.now() - began) / 1000).toFixed(0)} s\n`);
}
