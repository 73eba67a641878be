"""The parts of the comparison that need no server of anybody else's.

    python3 -m unittest discover -s tests/load/compare
"""

import base64
import hashlib
import pathlib
import socketserver
import tempfile
import threading
import unittest

from client import CLOSE, TEXT, Ended, frame, read_frame
from conformance import Unfaithful, check
from results import Record, Results, markdown
from rows import rows

MEMORY, FANOUT, JOINED, *_ = rows(10_000, 5)
TITLES = {"otomo": "Otomo", "floor": "floor", "ws": "Node ws"}


def results(row, **figures):
    """Of one round for each of a server's figures."""
    records = [
        Record(round=str(number), row=row.name, server=server, figure=figure)
        for server, rounds in figures.items()
        for number, figure in enumerate(rounds)
    ]
    return Results(records)


class Tables(unittest.TestCase):
    def test_a_ratio_is_taken_within_its_round(self):
        # The machine is half as fast in the last round, for everybody.
        found = results(FANOUT, floor=[5, 5, 10], otomo=[6, 5.5, 12])
        self.assertEqual(found.value(FANOUT, "otomo"), 1.2)
        self.assertEqual(found.median(FANOUT, "otomo"), 6)

    def test_without_the_base_there_is_no_ratio(self):
        self.assertIsNone(results(FANOUT, otomo=[6]).value(FANOUT, "otomo"))
        self.assertEqual(results(MEMORY, otomo=[3.5]).value(MEMORY, "otomo"), 3.5)

    def test_a_missed_aim_is_said(self):
        for row, otomo, verdict in [
            (MEMORY, 1.9, "≤ 2, met"),
            (MEMORY, 3.5, "≤ 2, **missed**"),
            (JOINED, 0.96, "≥ 0.95, met"),
            (JOINED, 0.9, "≥ 0.95, **missed**"),
        ]:
            found = results(row, floor=[1], otomo=[otomo])
            self.assertIn(f"| {verdict} |", markdown(found, [row], TITLES, "otomo"))

    def test_who_failed_is_named_with_the_reason(self):
        found = results(MEMORY, otomo=[1.5], floor=[0.5])
        found.add(Record(round="0", row="memory", server="ws", failed="it does not listen"))
        text = markdown(found, [MEMORY, FANOUT], TITLES, "otomo")
        self.assertIn("| 1.50 | 0.50 | - |", text)
        self.assertIn("- Node ws, memory: it does not listen", text)
        self.assertNotIn(FANOUT.title, text)

    def test_records_are_kept(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.json"
            self.assertEqual(Results.load(path).records, [])
            found = results(FANOUT, floor=[5], otomo=[6])
            path.write_text(found.written([FANOUT], TITLES))
            self.assertEqual(Results.load(path).records, found.records)


class Conformance(unittest.TestCase):
    def test_a_faithful_server_is_let_in(self):
        with PlainServer(None) as server:
            check(server.server_address[1])

    def test_each_fault_is_noticed(self):
        for fault, rule in {
            "not to the sender": "the sender too",
            "to a wrong one": "to whom it is for",
            "in capitals": "an echo comes back",
            "twice": "nothing comes unasked",
            "newest first": "in order",
        }.items():
            with self.subTest(fault), PlainServer(fault) as server, self.assertRaisesRegex(Unfaithful, rule):
                check(server.server_address[1], patience=3)


class PlainServer(socketserver.ThreadingTCPServer):
    """The plain protocol, with one fault or none."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, fault):
        super().__init__(("127.0.0.1", 0), Connection)
        self.fault = fault
        self.lock = threading.Lock()
        self.everybody = {}
        self.held = []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def tell(self, sender, text):
        match text[0], self.fault:
            case "b", "newest first" if text.startswith("b 0"):
                self.held.append(text)
            case "b", fault:
                for number, connection in self.everybody.items():
                    if fault != "not to the sender" or number != sender.number:
                        for one in [text, *self.held]:
                            connection.tell(one)
                self.held.clear()
            case "d", fault:
                number = int(text[1:].split()[0])
                to = 1 if fault == "to a wrong one" else number
                if to in self.everybody:
                    self.everybody[to].tell(text)
            case "e", "in capitals":
                sender.tell(text.upper())
            case "e", "twice":
                sender.tell(text)
                sender.tell(text)
            case _:
                sender.tell(text)


class Connection(socketserver.StreamRequestHandler):
    number = None

    def handle(self):
        head = {}
        while line := self.rfile.readline().strip():
            name, _, value = line.decode().partition(": ")
            head[name.lower()] = value
        digest = hashlib.sha1((head["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        accept = base64.b64encode(digest).decode()
        self.wfile.write(f"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        try:
            while (message := read_frame(self.rfile))[0] != CLOSE:
                self.obey(message[1].decode())
        except (Ended, OSError):
            # It is gone, as far as this server minds.
            pass
        with self.server.lock:
            self.server.everybody.pop(self.number, None)

    def obey(self, text):
        with self.server.lock:
            if text[0] == "i":
                self.number = int(text[1:])
                self.server.everybody[self.number] = self
            self.server.tell(self, text)

    def tell(self, text):
        self.wfile.write(frame(TEXT, text.encode()))


if __name__ == "__main__":
    unittest.main()
