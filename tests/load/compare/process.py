"""Servers as processes of one core each, and load tools on the other."""

import contextlib
import functools
import os
import pathlib
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time

# How long a server may take until it listens, and to end, in seconds.
PATIENCE = 30

READY = re.compile(rb"^listening (\d+)$", re.MULTILINE)


class Failed(Exception):
    """Why a process gave no figures."""


def cores():
    """The one for servers and the one for the load tool; the same if there is no other."""
    ours = sorted(os.sched_getaffinity(0))
    return ours[0], ours[min(1, len(ours) - 1)]


def raise_limits():
    """As many descriptors as this user may have, for this process and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def start(command, pinned_to, **more):
    """Starts a process that runs on these cores alone, with Otomo as it is without settings. It is a group of its own, with all
    that it starts in turn; to be ended with `end`. If this process ends before, the group is killed (keeper.py)."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("OTOMO_")}
    pin = functools.partial(os.sched_setaffinity, 0, pinned_to)
    tell = keeper()
    process = subprocess.Popen(command, env=settings, preexec_fn=pin, process_group=0, **more)
    tell(f"+{process.pid}")
    return process


def end(process):
    """Ends a process and all that it has started, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    keeper()(f"-{process.pid}")


@functools.cache
def keeper():
    """Starts the process that outlives this one, and gives the way to tell it something."""
    script = pathlib.Path(__file__).with_name("keeper.py")
    # In a session of its own, so that what ends this process at the terminal does not end it too.
    process = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, text=True, start_new_session=True)

    def tell(line):
        process.stdin.write(line + "\n")
        process.stdin.flush()

    return tell


@contextlib.contextmanager
def serving(server):
    """Runs a server of its own, on a free port; gives its process id and its port."""
    with tempfile.TemporaryFile() as complaints:
        process = start([*server.command, port_argument(server)], {cores()[0]}, stdout=subprocess.PIPE, stderr=complaints)
        try:
            yield process.pid, port_of(process, complaints)
        finally:
            stop(process)


def port_argument(server):
    """Port 0: a free one."""
    return "127.0.0.1:0" if server.name == "floor" else "0"


def port_of(process, complaints):
    """The port that a server says it listens on."""
    said = b""
    deadline = time.monotonic() + PATIENCE
    while not (ready := READY.search(said)):
        left = deadline - time.monotonic()
        readable, _, _ = select.select([process.stdout], [], [], max(left, 0))
        more = os.read(process.stdout.fileno(), 4096) if readable else b""
        if not more:
            raise Failed(f"it does not listen: {last_words(complaints)}")
        said += more
    return int(ready[1])


def last_words(complaints):
    complaints.seek(0)
    text = complaints.read().decode(errors="replace").strip()
    return text.splitlines()[-1][:300] if text else "without a word"


def stop(process):
    """Ends a server, kindly at first."""
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    end(process)
    process.stdout.close()
