// A proxy in front of several nodes that knows nothing of sessions: it takes each request to the node that a rule names, of
// those that run.

import { createServer, request as ask } from 'node:http';
import { connect } from 'node:net';

/** Each request goes to the next node. */
export function inTurn() {
  let turn = 0;
  return (nodes) => nodes[turn++ % nodes.length];
}

/** A session's requests never come to its own node. */
export function elsewhere() {
  const next = inTurn();
  return (nodes, url) => {
    const own = new URL(url, 'http://any').searchParams.get('sid')?.split('.')[0];
    return next(nodes.filter(({ name }) => name !== own));
  };
}

/** @param {{name: string, port: number, runs: boolean}[]} nodes @param {ReturnType<typeof inTurn>} rule */
export async function front(nodes, rule) {
  const sockets = new Set();
  const portFor = (url) => rule(nodes.filter(({ runs }) => runs), url).port;
  let endedUpgrades = 0;
  const listener = createServer((request, response) => {
    const port = portFor(request.url);
    const { method, url: path, headers } = request;
    const asked = ask({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    // A poll that is given up is given up behind this, too.
    response.on('close', () => response.writableFinished || asked.destroy());
    request.pipe(asked);
  });
  listener.on('upgrade', (request, near, first) => {
    const far = connect(portFor(request.url), '127.0.0.1');
    const lines = request.rawHeaders.flatMap((name, at, all) => (at % 2 ? [] : `${name}: ${all[at + 1]}`));
    far.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    far.write(first);
    far.on('close', () => (endedUpgrades += 1));
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  listener.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${listener.address().port}/`,
    get endedUpgrades() {
      return endedUpgrades;
    },
    close() {
      sockets.forEach((socket) => socket.destroy());
      listener.close();
    },
  };
}
