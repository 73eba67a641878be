"""What Otomo costs with few connections and with many: for each of them, for each delivery, for each call.

    python3 tests/load/compare/costs.py [number of connections]...      [1000 10000 18000]

Needs `target/release/otomo`, or another in OTOMO_BIN. Server and load tool have a core each. A connection is a descriptor of
each: a number for which the load tool says that `ulimit -Hn` does not allow it is left out, and said.
"""

import sys

import bench
from process import Failed, cores, raise_limits
from rows import KB_OF_KIB, cpu
from settings import otomo_version
from tables import cell, table

USUAL = [1_000, 10_000, 18_000]
SECONDS = ["--seconds", "3"]
# Calls a second: so many at each size, fewer than any machine can do.
CALLS = "200"
# How the load tool says that it may not have enough descriptors (src/cli/bench/fault.rs).
NO_ROOM = "descriptors are needed"

# What is said, how `otomo bench` is asked for so many connections, and where it stands in the report.
LINES = [
    ("memory of an idle connection, KB", lambda count: idle(count), lambda it: it["residentKibPerConnection"] * KB_OF_KIB),
    ("CPU of a connection that comes, µs", lambda count: idle(count), lambda it: cpu("Connect", it)),
    ("CPU of a delivery, one update at a time, µs", lambda count: fanout(count), lambda it: cpu("Delivery", it)),
    ("the kernel's send of such a frame, µs", lambda count: floor(count), lambda it: it["nanosPerWrite"] / 1000),
    ("CPU of a delivery, 16 in flight, µs", lambda count: fanout(count, "--in-flight", "16"), lambda it: cpu("Delivery", it)),
    (f"CPU of a call, {CALLS} a second among all, µs", lambda count: calls(count), lambda it: cpu("Call", it)),
]


def idle(count):
    return ["idle", "--connections", str(count)]


def fanout(count, *more):
    return ["fanout", "--connections", str(count), *SECONDS, *more]


def floor(count):
    return ["floor", "--connections", str(count), *SECONDS]


def calls(count):
    """Half of all are callers, half are otomo."""
    return ["calls", "--pairs", str(count // 2), "--rate", CALLS, *SECONDS]


class NoRoom(Exception):
    """There may not be so many descriptors."""


def measured(counts, run=bench.report):
    """The lines of the table for each number of connections that there is room for."""
    found = {}
    # One size after another, and at each all that is asked for there.
    for count in counts:
        try:
            found[count] = reports(count, run)
        except NoRoom as fault:
            progress(f"{count:,} connections are left out: {fault}")
    return {
        count: [cell(report and figure(report)) for report, (_, _, figure) in zip(of, LINES)] for count, of in found.items()
    }


def reports(count, run):
    """For each line, the report that its figure is from, or None. What is asked for twice is run once."""
    done = {}
    for _, asked, _ in LINES:
        arguments = tuple(asked(count))
        if arguments not in done:
            progress(" ".join(arguments))
            done[arguments] = report(arguments, run)
    return [done[tuple(asked(count))] for _, asked, _ in LINES]


def report(arguments, run):
    try:
        return run([*arguments, "--pin"], cores())
    except Failed as fault:
        if NO_ROOM in str(fault):
            raise NoRoom(fault) from fault
        progress(f"  {fault}")
        return None


def progress(text):
    print(text, file=sys.stderr, flush=True)


def main():
    counts = [int(count) for count in sys.argv[1:]] or USUAL
    raise_limits()
    columns = measured(counts)
    lines = [[title, *(column[at] for column in columns.values())] for at, (title, _, _) in enumerate(LINES)]
    print(table([otomo_version(), *(f"{count:,}" for count in columns)], lines))
    return 1 if any("-" in line for line in lines) or not columns else 0


if __name__ == "__main__":
    sys.exit(main())
