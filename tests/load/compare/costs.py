"""What Otomo costs with few connections and with many: for each of them, for each delivery, for each call.

    python3 tests/load/compare/costs.py [number of connections]...      [1000 10000 18000]

Needs `target/release/otomo`, or another in OTOMO_BIN. Server and load tool have a core each. A connection is a descriptor of
each: what `ulimit -Hn` does not allow is left out, and said.
"""

import resource
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


def measured(counts):
    """The lines of the table. What is asked for twice is run once."""
    reports = {}

    def report(arguments):
        key = tuple(arguments)
        if key not in reports:
            print(" ".join(arguments), file=sys.stderr, flush=True)
            try:
                reports[key] = bench.report([*arguments, "--pin"], cores())
            except Failed as fault:
                print(f"  {fault}", file=sys.stderr, flush=True)
                reports[key] = None
        return reports[key]

    # One size after another, and at each all that is asked for there.
    found = {count: [report(asked(count)) for _, asked, _ in LINES] for count in counts}
    for at, (title, _, figure) in enumerate(LINES):
        yield [title, *(cell(it[at] and figure(it[at])) for it in found.values())]


def main():
    wanted = [int(count) for count in sys.argv[1:]] or USUAL
    raise_limits()
    # Beside connections: senders, database, logs; as `otomo bench` reckons.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    counts = [count for count in wanted if count + 160 <= most]
    for count in sorted(set(wanted) - set(counts)):
        print(f"{count:,} connections need more than the {most:,} descriptors of `ulimit -Hn`", file=sys.stderr)
    lines = list(measured(counts))
    print(table([otomo_version(), *(f"{count:,}" for count in counts)], lines))
    return 1 if any("-" in line for line in lines) or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
