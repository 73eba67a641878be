// The plain protocol (README.md) on npm `ws`.

import { WebSocket, WebSocketServer } from 'ws';

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
/** Who has said which number it is. */
const numbered = new Map();
/** Bytes that came as text go out as text, without being decoded. */
const AS_TEXT = { binary: false };

function numberIn(message) {
  return Number.parseInt(message.toString('latin1', 1), 10);
}

server.on('connection', (socket) => {
  let number;
  socket.on('message', (message) => {
    switch (String.fromCharCode(message[0])) {
      case 'i':
        number = numberIn(message);
        numbered.set(number, socket);
        socket.send(message, AS_TEXT);
        break;
      case 'b':
        for (const other of server.clients) {
          if (other.readyState === WebSocket.OPEN) other.send(message, AS_TEXT);
        }
        break;
      case 'e':
        socket.send(message, AS_TEXT);
        break;
      case 'd':
        numbered.get(numberIn(message))?.send(message, AS_TEXT);
        break;
    }
  });
  socket.on('close', () => {
    if (numbered.get(number) === socket) numbered.delete(number);
  });
  // A connection that breaks is closed, and nobody else minds.
  socket.on('error', () => {});
});

server.on('listening', () => console.log(`listening ${server.address().port}`));
