// A network that can be taken away from a page.

import { connect, createServer } from 'node:net';

/**
 * How connections that are open end when the network goes: `closed`, as a proxy does that stops; `reset`, as one that dies.
 * @typedef {'closed' | 'reset'} Break
 */

/**
 * A door to the server that can be shut, also on connections that are open already: offline mode leaves those alone.
 *
 * @param {import('./server.mjs').Server} server
 */
export async function tunnel(server) {
  /** @type {Set<Pair>} */
  const pairs = new Set();
  let shut = false;
  const listener = createServer((near) => {
    if (shut) return near.destroy();
    const pair = new Pair(near, connect(server.port, '127.0.0.1'));
    pairs.add(pair);
    pair.onend = () => pairs.delete(pair);
    return undefined;
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    door: `http://127.0.0.1:${listener.address().port}/`,
    /** @param {boolean} [wanted] @param {Break} [how] */
    shut(wanted = true, how = 'closed') {
      shut = wanted;
      if (shut) pairs.forEach((pair) => pair.end(how));
    },
    close() {
      this.shut();
      listener.close();
    },
  };
}

/** One connection through the tunnel. */
class Pair {
  #sockets;
  onend = () => {};

  constructor(near, far) {
    this.#sockets = [near, far];
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on('error', () => this.end('closed'));
      from.on('close', () => this.end('closed'));
      from.pipe(to);
    }
  }

  /** @param {Break} how */
  end(how) {
    for (const socket of this.#sockets) how === 'reset' ? socket.resetAndDestroy() : socket.destroy();
    this.onend();
  }
}

/**
 * Turns the network of a page off and on, for its browser as for its tunnel. Voices, which go beside the server, go on.
 *
 * @param {import('playwright-core').Page} page
 * @param {Awaited<ReturnType<typeof tunnel>>} way
 * @param {Break} [how]
 */
export async function network(page, way, how) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  const free = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  return async (offline) => {
    way.shut(offline, how);
    await devtools.send('Network.emulateNetworkConditions', { offline, ...free });
  };
}
