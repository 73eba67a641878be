"""Runs `otomo bench` against a server and gives its report."""

import json
import subprocess

from process import Failed, cores, end, serving, start
from servers import OURS, otomo_binary

# How long one run may take, in seconds.
PATIENCE = 300


def measured(row, server):
    """What `server` does for `row`: the figure, and the share of its core that the load tool used, if that is known. The server
    is `OURS` or one of `servers.PLAIN`. Raises `Failed`."""
    if server == OURS:
        said = report([*row.scenario, "--pin"], cores())
    elif server.name == "floor" and row.floor:
        return row.floor_figure(report(["floor", *row.floor, "--pin"], cores())), None
    else:
        with serving(server) as (pid, port):
            target = ["--speaks", "plain", "--transport", server.transport, "--url", url(server, port), "--pid", str(pid)]
            said = report([*row.scenario, *target], cores()[1:])
    figure = row.figure(said)
    if row.by_the_clock and not figure:
        raise Failed("nothing came while it was counted: the machine is too busy")
    return figure, row.tool_share(said)


def url(server, port):
    path = "socket.io/" if server.transport == "socketio" else ""
    return f"ws://127.0.0.1:{port}/{path}"


def report(arguments, pinned_to):
    """The report of a run of the load tool on these cores."""
    command = [otomo_binary(), "bench", *arguments, "--json", "--quiet"]
    tool = start(command, pinned_to, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said, complaints = tool.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done in {PATIENCE} s") from None
    finally:
        end(tool)
    if tool.returncode:
        raise Failed(" ".join(complaints.split())[:300] or f"exit code {tool.returncode}")
    return json.loads(said)
