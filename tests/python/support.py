"""A real server, and people who connect to it with python-socketio's client.

The client is the asynchronous one: the other handles each packet in a thread of its own, so that nothing could be said about
their order.
"""

import asyncio
import collections
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest
import uuid

import aiohttp
import socketio

# How long something may take to come, in seconds.
PATIENCE = 20

# The ways to connect that every flow is played over.
WAYS = {
    "long polling": ["polling"],
    "a WebSocket": ["websocket"],
    "long polling, upgraded": None,
}


# The key of the app's backend.
KEY = "the key of the app's own backend"


class ServerTest(unittest.IsolatedAsyncioTestCase):
    """Tests with a server of their own, which knows the app's backend, and with people who leave in the end."""

    settings = {}

    async def asyncSetUp(self):
        # The case turns it on, and it takes longer than the tests.
        asyncio.get_running_loop().set_debug(False)
        self.server = await Server({"OTOMO_AUTH__API_KEYS": KEY} | self.settings).start()
        self.addAsyncCleanup(self.server.stop)
        self.people = []
        self.addAsyncCleanup(self.all_leave)

    async def over_each_way(self, play):
        """Plays a flow over each way to connect, with people of its own."""
        for way, transports in WAYS.items():
            with self.subTest(way):
                try:
                    await play(transports)
                finally:
                    await self.all_leave()

    async def person(self, name, transports=None, role="user"):
        """Somebody new, who has connected."""
        return await self.connected(f"{name}-{uuid.uuid4()}", transports, role)

    async def connected(self, user, transports=None, role="user"):
        """A user who has connected."""
        person = await Person.connect(self.server, user, role, transports)
        person.user = user
        self.people.append(person)
        return person

    async def all_leave(self):
        while self.people:
            await self.people.pop().leaves()

    async def backend(self, method, path, body=None, **headers):
        """What the app's backend asks of the server; the status and the answer."""
        async with aiohttp.ClientSession(headers={"X-API-Key": KEY} | headers) as session:
            async with session.request(method, f"{self.server.url}/api/server/{path}", json=body) as answer:
                return answer.status, None if answer.status == 204 else await answer.json()


class Server:
    """A server of its own, on a free port, with a database of its own."""

    def __init__(self, settings=None):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="otomo-python-"))
        self.settings = settings or {}
        self.port = 0
        self.log = open(self.home / "log", "w+", encoding="utf-8")
        self.process = None

    async def start(self, settings=None):
        """Starts it, with some settings changed, and waits until it serves. Once it has a port, it keeps it."""
        self.settings |= settings or {}
        port_file = self.home / f"port-{uuid.uuid4()}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTOMO_")}
        own = {
            "OTOMO_DATABASE__URL": f"sqlite://{self.home / 'otomo.db'}",
            "OTOMO_SERVER__LISTEN": f"127.0.0.1:{self.port}",
        }
        self.process = subprocess.Popen(
            [os.environ["OTOMO_BIN"], "serve", "--port-file", str(port_file)],
            cwd=self.home,
            env=inherited | own | self.settings,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        async with asyncio.timeout(PATIENCE):
            while not port_file.exists() or not port_file.read_text().strip():
                if self.process.poll() is not None:
                    raise RuntimeError(f"the server does not listen:\n{(self.home / 'log').read_text()}")
                await asyncio.sleep(0.02)
        self.port = int(port_file.read_text().strip().rsplit(":", 1)[-1])
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def end(self):
        """Stops it as for an update."""
        self.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(self.process.wait, PATIENCE)

    async def stop(self):
        await self.end()
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    async def token(self, user, role="user"):
        asked = {"userId": user, "role": role, "name": user}
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{self.url}/dev/token", json=asked) as answer:
                return (await answer.json())["token"]


class Person:
    """Somebody with a client: what they send, and what they have heard, in order."""

    def __init__(self, **options):
        self.client = socketio.AsyncClient(reconnection_delay=0.05, reconnection_delay_max=0.2, **options)
        self.heard = []
        self.counts = collections.Counter()
        self.ends = []
        self.last_seq = None
        self._news = asyncio.Event()
        self.client.on("*", self._take)
        self.client.on("disconnect", self._end)

    @classmethod
    async def connect(cls, server, user, role="user", transports=None, **options):
        """Connects and waits for `ready`. Comes back, if it is cut off, with the last `seq` it has."""
        person = cls(**options)
        token = await server.token(user, role)

        def auth():
            said = {"token": token}
            return said if person.last_seq is None else said | {"lastSeq": person.last_seq}

        await person.client.connect(server.url, auth=auth, transports=transports, wait_timeout=PATIENCE)
        try:
            await person.hears("ready")
        except AssertionError:
            await person.leaves()
            raise
        return person

    def _take(self, name, event=None):
        self.heard.append((name, event))
        self.counts[name] += 1
        if name == "ready" or "prev" in (event or {}):
            self.last_seq = event["seq"]
        self._news.set()

    def _end(self, reason=None):
        self.ends.append(reason)
        self._news.set()

    @property
    def transport(self):
        return self.client.transport()

    def all(self, name):
        """All events of a type that have come."""
        return [event for heard, event in self.heard if heard == name]

    async def hears(self, name, fits=lambda event: True):
        """Waits until an event has come, whenever that was."""
        await self.until(lambda: any(fits(event) for event in self.all(name)), f"the event {name}")
        return next(event for event in self.all(name) if fits(event))

    async def until(self, holds, what, patience=PATIENCE):
        """Waits until something holds that events change."""
        try:
            async with asyncio.timeout(patience):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            names = [name for name, _ in self.heard[-20:]]
            told = f"no {what}; heard {len(self.heard)}, last {names}; ends: {self.ends}"
            raise AssertionError(told) from None

    async def asks(self, name, payload=None):
        """Sends a command and gives its answer."""
        return await self.client.call(name, payload, timeout=PATIENCE)

    async def writes(self, to, body, data=None):
        message = {"toUserId": to, "clientMessageId": str(uuid.uuid4()), "body": body}
        return await self.asks("message_send", message if data is None else message | {"data": data})

    async def leaves(self):
        await self.client.disconnect()
