"""A real server with people, friends, conversations, points, a room and a call in it, so that requests find something."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import uuid

import requests

# How long something may take to come, in seconds.
PATIENCE = 30

# The key of the app's backend.
KEY = "the key of the app's own backend"

# Thousands of requests a minute are what this is about.
SETTINGS = {
    "OTOMO_AUTH__API_KEYS": KEY,
    "OTOMO_AUTH__HS256_SECRET": "a secret that is only of this test, and long enough",
    "OTOMO_LIMITS__MESSAGES_PER_MINUTE": "none",
    "OTOMO_LIMITS__FRIEND_REQUESTS_PER_MINUTE": "none",
    "OTOMO_LIMITS__COMMANDS_PER_SECOND": "none",
    "OTOMO_LIMITS__CALLS_PER_MINUTE": "none",
}


class World:
    """The server, and who is there."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="otomo-rest-"))
        self.log = open(self.home / "log", "w+", encoding="utf-8")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OTOMO_")}
        own = {"OTOMO_DATABASE__URL": f"sqlite://{self.home / 'otomo.db'}", "OTOMO_SERVER__LISTEN": "127.0.0.1:0"}
        self.environment = inherited | own | SETTINGS
        self.streams = contextlib.ExitStack()
        port_file = self.home / "port"
        self.process = self.run("serve", "--port-file", str(port_file))
        try:
            until("the server listens", lambda: port_file.exists() and port_file.read_text().strip())
            self.url = f"http://127.0.0.1:{port_file.read_text().strip().rsplit(':', 1)[-1]}"
            self.known = self.fill()
        except BaseException:
            self.stop()
            raise

    def run(self, *arguments):
        binary = os.environ["OTOMO_BIN"]
        return subprocess.Popen([binary, *arguments], cwd=self.home, env=self.environment, stdout=self.log, stderr=self.log)

    def stop(self):
        self.streams.close()
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()
        shutil.rmtree(self.home)

    def panicked(self):
        """What the log has of panics."""
        self.log.flush()
        lines = (self.home / "log").read_text(encoding="utf-8").splitlines()
        return [line for line in lines if "panicked" in line]

    def token(self, user, role):
        command = [os.environ["OTOMO_BIN"], "token", "--sub", user, "--role", role]
        printed = subprocess.run(command, cwd=self.home, env=self.environment, check=True, capture_output=True, text=True)
        return {"Authorization": f"Bearer {printed.stdout.strip()}"}

    def ask(self, who, method, path, body=None, **headers):
        """The answer to a request that is to be done."""
        answer = requests.request(method, self.url + path, json=body, headers=who | headers, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def listens(self, who, device):
        """Somebody has a stream open, and with it a session."""
        stream = requests.get(f"{self.url}/sse?device={device}", headers=who, stream=True, timeout=PATIENCE)
        self.streams.callback(stream.close)
        stream.raise_for_status()

    def fill(self):
        """Has something happen in every system, and says what is known of it, by the paths' variables."""
        backend = self.backend = {"X-API-Key": KEY}
        for user, role in [("taro", "user"), ("yumi", "user"), ("hana", "otomo"), ("boss", "admin")]:
            self.ask(backend, "PUT", f"/api/server/users/{user}", {"role": role, "name": user})
        self.taro, self.hana = self.token("taro", "user"), self.token("hana", "otomo")
        self.boss, yumi = self.token("boss", "admin"), self.token("yumi", "user")
        self.ask(self.taro, "PUT", "/api/friends/yumi")
        self.ask(yumi, "PUT", "/api/friends/taro")
        direct = self.ask(self.taro, "POST", "/api/conversations", {"kind": "direct", "userId": "yumi"})
        group = self.ask(self.taro, "POST", "/api/conversations", {"kind": "group", "members": ["yumi", "hana"]})
        conversations = [direct["conversationId"], group["conversationId"]]
        for number in range(3):
            message = {"clientMessageId": f"m{number}", "body": "こんにちは"}
            self.ask(yumi, "POST", f"/api/conversations/{conversations[0]}/messages", message)
        order = {"amount": 500, "transaction_type": "purchase"}
        self.ask(backend, "POST", "/api/server/points/taro/grant", order, **{"Idempotency-Key": "first"})
        self.ask(backend, "PUT", "/api/server/rooms/lobby/members/taro", {})
        call = self.call()
        people = ["taro", "yumi", "hana", "nobody"]
        return {
            "/api/conversations/": {"id": conversations, "user": people},
            "/calls/": {"id": [call]},
            "/sessions/": {"id": [str(uuid.uuid4())]},
            "/rooms/": {"room": ["lobby"], "user": people},
            "": {"id": people, "user": people},
        }

    def call(self):
        """A call that is accepted."""
        self.listens(self.taro, "phone")
        self.listens(self.hana, "desk")
        until("hana can be called", lambda: self.ask(self.taro, "GET", "/api/otomo/hana")["status"] == "online")
        call = str(uuid.uuid4())
        asked = {"type": "call_request", "toUserId": "hana", "callId": call}
        self.ask(self.taro, "POST", "/api/commands?device=phone", asked)
        self.ask(self.hana, "POST", "/api/commands?device=desk", {"type": "call_accept", "callId": call})
        return call


def until(what, is_so):
    """Waits for something, for as long as patience lasts."""
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"not within {PATIENCE} s: {what}")
        time.sleep(0.02)
