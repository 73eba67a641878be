"""The Autobahn test suite, sections 1 to 7, 9 and 10, against a server that echoes over the frames of the product.

The suite is of Python 2.7: PYTHON2 names one. It is installed into target/autobahn without its accelerator, which it can do
without. What it finds is in target/autobahn/reports/index.html.
"""

import collections
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
TARGET = ROOT / "target" / "autobahn"
SITE = TARGET / "site"
REPORTS = TARGET / "reports"

PYTHON2 = os.environ.get("PYTHON2", "python2.7")
ECHO = "transport::frames::echo::an_echo_for_the_autobahn_test_suite"
SECTIONS = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]

# How long the echo may take to be built and to listen, in seconds.
PATIENCE = 1800

# What the suite says of a case that the RFC allows. INFORMATIONAL: it prescribes nothing there.
ALLOWED = {"OK", "NON-STRICT", "INFORMATIONAL"}


def install():
    if (SITE / "autobahntestsuite").exists():
        return
    pip = [PYTHON2, "-m", "pip", "install", "--quiet", "--no-deps", "--target", SITE]
    subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
    # A namespace that only an installed package would have.
    (SITE / "zope" / "__init__.py").touch()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def echo(port):
    """The server, once it listens."""
    command = ["cargo", "test", "--quiet", "--locked", "--lib", "--", "--ignored", "--exact", ECHO]
    environment = {**os.environ, "OTOMO_ECHO_ADDRESS": f"127.0.0.1:{port}"}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, process_group=0)
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server
        except OSError:
            time.sleep(0.2)
    sys.exit("the echo does not listen")


def suite(port):
    specification = {
        "outdir": str(REPORTS),
        "servers": [{"agent": "otomo", "url": f"ws://127.0.0.1:{port}"}],
        "cases": SECTIONS,
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    path = TARGET / "specification.json"
    path.write_text(json.dumps(specification))
    command = [PYTHON2, "-m", "autobahntestsuite.wstest", "-m", "fuzzingclient", "-s", path]
    environment = {**os.environ, "PYTHONPATH": str(SITE)}
    subprocess.run(command, cwd=TARGET, env=environment, check=True)


def judge():
    cases = json.loads((REPORTS / "index.json").read_text())["otomo"]
    counts = collections.Counter()
    failed = []
    for number, case in cases.items():
        outcomes = {case["behavior"], case["behaviorClose"]}
        counts[case["behavior"]] += 1
        if not outcomes <= ALLOWED:
            failed.append(number)
    print(f"{len(cases)} cases: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common()))
    if failed or not cases:
        sys.exit(f"failed: {' '.join(failed)}; see {REPORTS / 'index.html'}")


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    install()
    port = free_port()
    server = echo(port)
    try:
        suite(port)
    finally:
        os.killpg(server.pid, 15)
        server.wait()
    judge()


main()
