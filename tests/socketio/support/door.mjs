// A door to the server that lets HTTP through at once, and WebSockets when they are told to come in.

import { connect, createServer } from 'node:net';

/** @param {import('../../browser/support/server.mjs').Server} server */
export async function door(server) {
  const open = new Set();
  const held = [];
  let letIn = false;
  const pass = (near, first) => {
    const far = connect(server.port, '127.0.0.1');
    far.write(first);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      open.add(from);
      from.on('close', () => to.destroy() && open.delete(from));
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  };
  const listener = createServer((near) => {
    near.once('data', (first) => {
      near.pause();
      if (letIn || !first.includes('transport=websocket')) pass(near, first);
      else held.push(() => pass(near, first));
    });
    near.on('error', () => near.destroy());
  });
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${listener.address().port}/`,
    /** WebSockets may come in, those that wait first. */
    letWebSocketsIn() {
      letIn = true;
      held.splice(0).forEach((enter) => enter());
    },
    /** Ends what goes through it. */
    cut() {
      open.forEach((socket) => socket.destroy());
    },
    close() {
      this.cut();
      listener.close();
    },
  };
}
