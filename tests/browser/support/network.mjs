// A network that can be taken away from a page.

import { connect, createServer } from 'node:net';

/**
 * A door to the server that can be shut, also on connections that are open already: offline mode leaves those alone.
 *
 * @param {import('./server.mjs').Server} server
 */
export async function tunnel(server) {
  const open = new Set();
  let shut = false;
  const listener = createServer((near) => {
    if (shut) return near.destroy();
    const far = connect(server.port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      open.add(from);
      from.on('close', () => to.destroy() && open.delete(from));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    door: `http://127.0.0.1:${listener.address().port}/`,
    /** @param {boolean} [wanted] */
    shut(wanted = true) {
      shut = wanted;
      if (shut) open.forEach((socket) => socket.destroy());
    },
    close() {
      this.shut();
      listener.close();
    },
  };
}

/**
 * Turns the network of a page off and on, for its browser as for its tunnel.
 *
 * @param {import('playwright-core').Page} page
 * @param {Awaited<ReturnType<typeof tunnel>>} way
 */
export async function network(page, way) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  const free = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
  return async (offline) => {
    way.shut(offline);
    await devtools.send('Network.emulateNetworkConditions', { offline, ...free });
  };
}
