// What may lie between a client and its server.

import http from 'node:http';
import net from 'node:net';

/** @param {import('node:net').Server} listener */
async function listening(listener) {
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${listener.address().port}`;
}

/**
 * A line that can be cut, shut, or lose what the server says.
 * @param {{port: number}} server
 */
export async function line(server) {
  const sockets = new Set();
  const state = { shut: false, deaf: false };
  const listener = net.createServer((near) => {
    if (state.shut) return near.destroy();
    const far = net.connect(server.port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (bytes) => state.deaf || near.write(bytes));
    return undefined;
  });
  const url = await listening(listener);
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    url,
    state,
    cut,
    close() {
      cut();
      listener.close();
    },
  };
}

/**
 * A proxy that passes HTTP on, streams too, and refuses every upgrade. With `state.twice` what streams bring comes twice.
 * @param {{port: number}} server
 */
export async function proxyWithoutUpgrades(server) {
  const state = { refused: 0, twice: false };
  const listener = http.createServer((request, response) => {
    const { method, url: path, headers } = request;
    const onward = http.request({ host: '127.0.0.1', port: server.port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      const streams = answer.headers['content-type'] === 'text/event-stream';
      answer.on('data', (bytes) => {
        response.write(bytes);
        if (streams && state.twice) response.write(bytes);
      });
      answer.on('end', () => response.end());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  listener.on('upgrade', (_, socket) => {
    state.refused += 1;
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  const url = await listening(listener);
  return {
    url,
    state,
    close() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}
