// The plain protocol (README.md) on npm `socket.io`: each text is the one argument of an event `message`.

import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });
/** Who has said which number it is. */
const numbered = new Map();

// What Socket.IO's page on performance advises: the request that opened a connection is not kept with it.
io.engine.on('connection', (raw) => {
  raw.request = null;
});

io.on('connection', (socket) => {
  let number;
  socket.on('message', (text) => {
    switch (text[0]) {
      case 'i':
        number = Number(text.slice(1));
        numbered.set(number, socket);
        socket.emit('message', text);
        break;
      case 'b':
        io.emit('message', text);
        break;
      case 'e':
        socket.emit('message', text);
        break;
      case 'd':
        numbered.get(Number.parseInt(text.slice(1), 10))?.emit('message', text);
        break;
    }
  });
  socket.on('disconnect', () => {
    if (numbered.get(number) === socket) numbered.delete(number);
  });
});

http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 }, () => {
  console.log(`listening ${http.address().port}`);
});
