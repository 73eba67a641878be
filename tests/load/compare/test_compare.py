"""The parts of the comparison that need no server of anybody else's.

    python3 -m unittest discover -s tests/load/compare
"""

import base64
import contextlib
import hashlib
import io
import pathlib
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import costs
from client import CLOSE, TEXT, Ended, frame, read_frame
from conformance import Unfaithful, check
from process import Failed
from results import Mixed, Record, Results
from rows import rows
from servers import PLAIN, ROOT, version_of
from settings import differences, versions
from tables import circumstances, figures, markdown, notes
from verdict import verdict

MEMORY, FANOUT, JOINED, ECHO, DIRECT, *_ = rows(10_000, 5)
TITLES = {"otomo": "Otomo", "floor": "floor", "bun": "Bun", "ws": "Node ws"}
SETTINGS = {"connections": 10_000, "seconds of load": 5, "otomo": "otomo 0.1.0, sha256 1"}


def results(row, tool_share=None, **figures):
    """Of one round for each of a server's figures."""
    records = [
        Record(round=str(number), row=row.name, server=server, figure=figure, tool_share=tool_share)
        for server, rounds in figures.items()
        for number, figure in enumerate(rounds)
    ]
    return Results(SETTINGS, records)


def judged(found, row):
    return verdict(found, row, TITLES, "otomo")


class Tables(unittest.TestCase):
    def test_a_ratio_is_taken_within_its_round(self):
        # The machine is half as fast in the last round, for everybody.
        found = results(FANOUT, floor=[5, 5, 10], otomo=[6, 5.5, 12])
        self.assertEqual(found.ratio(FANOUT, "otomo", "floor"), 1.2)
        self.assertEqual(found.median(FANOUT, "otomo"), 6)

    def test_of_a_base_of_nothing_there_is_no_ratio(self):
        self.assertIsNone(results(MEMORY, floor=[0], otomo=[2]).ratio(MEMORY, "otomo", "floor"))

    def test_ours_stands_behind_the_others_with_its_aim_and_the_base_in_the_title(self):
        found = results(FANOUT, floor=[5], otomo=[5.2], ws=[9])
        self.assertEqual(
            markdown(found, [MEMORY, FANOUT], TITLES, "otomo").splitlines(),
            [
                "|  | floor | Bun | Node ws | Otomo | aim for Otomo | verdict |",
                "| --- | ---: | ---: | ---: | ---: | --- | --- |",
                f"| {FANOUT.title} (5.00 µs) | 1.00 | - | 1.80 | 1.04 | ≤ 1.05 | met |",
            ],
        )

    def test_who_failed_is_named_with_the_reason(self):
        found = results(MEMORY, otomo=[1.5], floor=[0.5])
        found.add(Record(round="0", row="memory", server="ws", failed="it does not listen"))
        self.assertIn("| 0.50 | - | - | 1.50 |", markdown(found, [MEMORY, FANOUT], TITLES, "otomo"))
        self.assertIn("- Node ws, memory: it does not listen", notes(found, [MEMORY], TITLES))

    def test_memory_is_given_in_thousands_of_bytes(self):
        self.assertEqual(MEMORY.figure({"residentKibPerConnection": 1000}), 1024)

    def test_every_row_finds_its_figures_in_what_the_tool_reports(self):
        report = {"answersPerSecond": 180_000, "toolSharePercent": 90}
        self.assertEqual((ECHO.figure(report), ECHO.tool_share(report)), (180_000, 0.9))
        self.assertIsNone(MEMORY.tool_share({"toolSharePercent": 90}))


    def test_the_versions_printed_are_those_that_were_measured(self):
        found = results(FANOUT, floor=[5, 5], otomo=[6, 6])
        found.settings = SETTINGS | {"kernel": "6.1", "versions": {"Bun": "bun 0.0.1"}}
        self.assertEqual(circumstances(found), "2 rounds, otomo 0.1.0, sha256 1, Linux 6.1\n\n- Bun: bun 0.0.1")

    def test_every_server_has_its_version_in_the_settings(self):
        kept = versions()
        self.assertEqual(list(kept), [*(server.title for server in PLAIN), "rustc"])
        self.assertTrue(all(kept.values()))
        self.assertEqual(version_of("no-such-program"), "not there")


class Costs(unittest.TestCase):
    REPORT = {
        "residentKibPerConnection": 1000,
        "nanosPerWrite": 5000,
        **{f"server{part}MicrosPer{of}": 2 for part in ("User", "System") for of in ("Connect", "Delivery", "Call")},
    }

    def setUp(self):
        self.enterContext(contextlib.redirect_stderr(io.StringIO()))

    def test_each_run_is_made_once_and_every_line_has_its_figure(self):
        asked = []
        columns = costs.measured([1_000], lambda arguments, _: asked.append(arguments) or self.REPORT)
        self.assertEqual(columns, {1_000: ["1,024", "4.00", "4.00", "5.00", "4.00", "4.00"]})
        self.assertEqual(len(asked), 5)

    def test_a_number_without_room_is_left_out_and_another_fault_is_not(self):
        def run(arguments, _):
            if "18000" in arguments:
                raise Failed(f"otomo: 18128 {costs.NO_ROOM} and this process may have 1024")
            if arguments[0] == "fanout":
                raise Failed("a connection is lost")
            return self.REPORT

        columns = costs.measured([1_000, 18_000], run)
        self.assertEqual(columns, {1_000: ["1,024", "4.00", "-", "5.00", "-", "4.00"]})

    def test_the_load_tool_says_so(self):
        self.assertIn(costs.NO_ROOM, (ROOT / "src/cli/bench/fault.rs").read_text())


class Verdicts(unittest.TestCase):
    def test_an_aim_is_met_or_missed(self):
        for row, otomo, expected in [
            (MEMORY, 1.9, "met"),
            (MEMORY, 3.5, "**missed**"),
            (JOINED, 0.96, "met"),
            (JOINED, 0.9, "**missed**"),
        ]:
            self.assertEqual(judged(results(row, floor=[1], otomo=[otomo]), row), expected)

    def test_without_the_base_nothing_is_judged(self):
        self.assertEqual(judged(results(FANOUT, otomo=[6]), FANOUT), "not judged: no floor in the same round")
        self.assertEqual(judged(results(DIRECT, otomo=[6]), DIRECT), "not judged: no Bun in the same round")
        self.assertEqual(judged(results(FANOUT, floor=[6]), FANOUT), "not measured")

    def test_a_base_that_somebody_is_ahead_of_is_no_floor(self):
        for row, floor, bun, otomo in [(ECHO, 150, 160, 149), (FANOUT, 5, 4.7, 5.1)]:
            found = results(row, floor=[floor] * 3, bun=[bun, bun, floor], otomo=[otomo] * 3)
            self.assertRegex(judged(found, row), r"^not judged: base is no floor \(Bun has (1.07|0.94) of it\)$")
            text = markdown(found, [row], TITLES, "otomo")
            self.assertIn("base is no floor", text)
            self.assertNotIn("| 1.00 |", text, "no ratio is printed")
            self.assertIn("the floor is none, Bun has", notes(found, [row], TITLES))

    def test_ours_reaches_its_aim_where_it_is_ahead_of_all_and_of_the_base(self):
        for row, floor, bun, otomo, by in [(ECHO, 150, 155, 165, "1.10"), (FANOUT, 5, 4.9, 4.5, "0.90")]:
            found = results(row, floor=[floor] * 3, bun=[bun] * 3, otomo=[otomo] * 3)
            self.assertEqual(judged(found, row), f"met: ahead of the base ({by} of it)")

    def test_no_more_than_noise_ahead_of_a_floor_it_is_one(self):
        found = results(ECHO, floor=[100] * 3, bun=[102] * 3, otomo=[91] * 3)
        self.assertEqual(judged(found, ECHO), "met")

    def test_the_floor_is_looked_at_where_it_is_not_the_base(self):
        found = results(DIRECT, floor=[100], bun=[110], otomo=[130])
        self.assertEqual(judged(found, DIRECT), "met")
        self.assertIn("direct: the floor is none, Otomo has 1.30 of it", notes(found, [DIRECT], TITLES))

    def test_what_a_busy_load_tool_held_back_is_marked_and_not_met_but_it_may_be_missed(self):
        found = results(ECHO, floor=[100], otomo=[95], tool_share=0.95)
        self.assertEqual(judged(found, ECHO), "not judged: with floor the load tool used 0.95 of its core")
        self.assertIn("| 0.95ᵗ |", markdown(found, [ECHO], TITLES, "otomo"))
        self.assertIn("echo: ᵗ the load tool used 0.8 of its core", notes(found, [ECHO], TITLES))
        self.assertIn("| echo, the tool's core | 0.95 | 0.95 | - | - |", figures(found, [ECHO], TITLES))
        self.assertEqual(judged(results(ECHO, floor=[100], otomo=[80], tool_share=0.95), ECHO), "**missed**")
        self.assertEqual(judged(results(ECHO, floor=[100], otomo=[95], tool_share=0.7), ECHO), "met")


class Kept(unittest.TestCase):
    def test_records_are_kept_and_added_to(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.json"
            self.assertEqual(Results.to_add_to(path, SETTINGS).records, [])
            found = results(FANOUT, floor=[5], otomo=[6])
            path.write_text(found.written())
            self.assertEqual(Results.to_add_to(path, dict(SETTINGS)).records, found.records)
            self.assertEqual(Results.load(path).settings, SETTINGS)

    def test_what_was_measured_otherwise_is_not_mixed_with_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.json"
            path.write_text(results(FANOUT, floor=[5]).written())
            for change in [{"seconds of load": 1}, {"connections": 200}, {"otomo": "otomo 0.1.0, sha256 2"}]:
                with self.assertRaisesRegex(Mixed, f"{list(change)[0]}: .* there, .* now"):
                    Results.to_add_to(path, SETTINGS | change)

    def test_each_setting_that_differs_is_named(self):
        self.assertEqual(differences({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}), ["b: 2 there, 3 now", "c: None there, 4 now"])
        was, now = ({"versions": {"Bun": bun, "ws": "ws 8"}} for bun in ("bun 1.0", "bun 1.1"))
        self.assertEqual(differences(was, now), ["Bun: bun 1.0 there, bun 1.1 now"])


# Starts a process that starts another, and says the ids of both. Then it is up to a signal.
STARTER = """
import subprocess, sys, time
from process import cores, start
script = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
child = start([sys.executable, "-c", script], cores(), stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
time.sleep(600)
"""


class Orphans(unittest.TestCase):
    def test_whatever_ends_it_nothing_that_it_started_is_left(self):
        for how in [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]:
            with self.subTest(how.name):
                starter = subprocess.Popen(
                    [sys.executable, "-B", "-c", STARTER],
                    cwd=pathlib.Path(__file__).parent,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
                with starter:
                    started = [int(pid) for pid in starter.stdout.readline().split()]
                    self.assertTrue(all(map(runs, started)) and len(started) == 2)
                    starter.send_signal(how)
                    starter.wait()
                    deadline = time.monotonic() + 10
                    while any(map(runs, started)) and time.monotonic() < deadline:
                        time.sleep(0.01)
                    self.assertFalse([pid for pid in started if runs(pid)])


def runs(pid):
    """Whether there is such a process, and it has not ended."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


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
