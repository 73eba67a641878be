"""The plain protocol (../README.md) on python-socketio and uvicorn: each text is the one argument of an event `message`."""

import re
import sys

import socketio
import uvicorn

sio = socketio.AsyncServer(async_mode="asgi", transports=["websocket"])
# Who has said which number it is.
numbered = {}
NUMBER = re.compile(r"\d+")


@sio.event
async def message(sid, text):
    match text[0]:
        case "i":
            number = int(text[1:])
            numbered[number] = sid
            await sio.save_session(sid, {"number": number})
            await sio.emit("message", text, to=sid)
        case "b":
            await sio.emit("message", text)
        case "e":
            await sio.emit("message", text, to=sid)
        case "d":
            number = int(NUMBER.match(text, 1).group())
            if to := numbered.get(number):
                await sio.emit("message", text, to=to)


@sio.event
async def disconnect(sid, _reason):
    number = (await sio.get_session(sid)).get("number")
    if numbered.get(number) == sid:
        del numbered[number]


class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"listening {port}", flush=True)


Server(
    uvicorn.Config(
        socketio.ASGIApp(sio),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        backlog=4096,
        ws_per_message_deflate=False,
        log_level="warning",
    )
).run()
