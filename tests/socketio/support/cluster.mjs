// Several nodes on a PostgreSQL and a Redis of their own.

import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Server } from '../../browser/support/server.mjs';

const SECRET = 'what the nodes of these tests share, and no others';

/** Runs what it is told after a folder of its own, and ends it and removes the folder once nobody listens any more. */
const KEEPER = `folder=$(mktemp -d) && cd "$folder" || exit 1
trap '' INT TERM HUP
sh -c "$1" </dev/null >log 2>&1 &
cat >/dev/null
kill -INT $!; wait; cd /; rm -rf "$folder"`;

function freePort() {
  return new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address();
      listener.close(() => resolve(port));
    });
  });
}

/** PostgreSQL does not run as root; Debian's package has made a user for it. */
const AS_POSTGRES = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];

function kept(script, as = []) {
  const [program, ...more] = [...as, 'sh', '-c', KEEPER, 'keeper', script];
  const keeper = spawn(program, more, { cwd: '/', stdio: ['pipe', 'ignore', 'inherit'] });
  const gone = new Promise((resolve) => keeper.once('exit', resolve));
  return () => {
    keeper.stdin.end();
    return gone;
  };
}

/** Where Debian keeps the programs of PostgreSQL, of the newest version. */
function postgresTools() {
  const home = '/usr/lib/postgresql';
  const versions = existsSync(home) ? readdirSync(home).sort() : [];
  return versions.length ? join(home, versions.at(-1), 'bin') : '';
}

async function until(holds, what) {
  const deadline = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what} does not start`);
    await sleep(20);
  }
}

function works(program, ...more) {
  try {
    execFileSync(program, more, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export class Cluster {
  /** @param {number} size @param {Record<string, string>} [settings] */
  static async start(size, settings = {}) {
    const cluster = new Cluster();
    try {
      await cluster.#begin(size, settings);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** @type {(Server & {name: string})[]} */
  nodes = [];
  #ends = [];

  async #begin(size, settings) {
    const [postgres, redis] = [await freePort(), await freePort()];
    const tools = postgresTools();
    this.#ends.push(
      kept(
        `${join(tools, 'initdb')} -A trust -U postgres --no-sync data && exec ${join(tools, 'postgres')} -D data -p ${postgres} \
-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`,
        AS_POSTGRES,
      ),
      kept(`exec redis-server --port ${redis} --bind 127.0.0.1 --save ''`),
    );
    await until(() => works(join(tools, 'pg_isready'), '-q', '-h', '127.0.0.1', '-p', `${postgres}`), 'PostgreSQL');
    await until(() => works('redis-cli', '-p', `${redis}`, 'ping'), 'Redis');
    for (let number = 1; number <= size; number += 1) {
      const [name, port] = [`n${number}`, await freePort()];
      const own = {
        OTOMO_DATABASE__URL: `postgres://postgres@127.0.0.1:${postgres}/postgres`,
        OTOMO_REDIS__URL: `redis://127.0.0.1:${redis}`,
        OTOMO_CLUSTER__NODE: name,
        OTOMO_CLUSTER__ADVERTISE: `http://127.0.0.1:${port}`,
        OTOMO_CLUSTER__SECRET: SECRET,
        OTOMO_AUTH__HS256_SECRET: SECRET,
      };
      const node = await Server.start({ ...own, ...settings }, `127.0.0.1:${port}`);
      this.nodes.push(Object.assign(node, { name, tokenOf }));
    }
  }

  async stop() {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all(this.#ends.map((end) => end()));
  }
}

/** A token as the app would make it. */
function tokenOf(userId, role) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: userId, role, name: userId, exp })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}
