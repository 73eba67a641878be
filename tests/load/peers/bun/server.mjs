// The plain protocol (../README.md) on Bun's own server, which wraps uWebSockets: broadcasts go through its
// publish/subscribe, which joins what waits for a socket into one write.

/** Who has said which number it is. */
const numbered = new Map();

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch(request, server) {
    if (server.upgrade(request, { data: { number: undefined } })) return;
    return new Response('a WebSocket is wanted', { status: 426 });
  },
  websocket: {
    open(socket) {
      socket.subscribe('all');
    },
    message(socket, text) {
      switch (text[0]) {
        case 'i':
          socket.data.number = Number(text.slice(1));
          numbered.set(socket.data.number, socket);
          socket.sendText(text);
          break;
        case 'b':
          server.publish('all', text);
          break;
        case 'e':
          socket.sendText(text);
          break;
        case 'd':
          numbered.get(Number.parseInt(text.slice(1), 10))?.sendText(text);
          break;
      }
    },
    close(socket) {
      if (numbered.get(socket.data.number) === socket) numbered.delete(socket.data.number);
    },
  },
});

console.log(`listening ${server.port}`);
