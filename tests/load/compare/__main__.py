"""Measures Otomo and other broadcast servers one after another, each on one core, with the load tool on the other.

    python3 tests/load/compare             all servers, all rows, three rounds: half an hour on two quiet cores
    python3 tests/load/compare --short     does it work at all? A few seconds, what npm alone installs

Needs `target/release/otomo`, or another in OTOMO_BIN; installs the other servers in `target/peers` and beside their manifests.
Every round measures every server once before the next begins, and ratios are taken within a round: the machine's speed drifts.
"""

import argparse
import pathlib
import sys
import time

import bench
import conformance
from process import Failed, raise_limits, serving
from results import Record, Results, markdown
from rows import rows
from servers import NAMES, OURS, PLAIN, QUICK, TITLES, NotInstalled


def arguments():
    names = [row.name for row in rows(1, 1)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=one_of(NAMES), help=f"servers, separated by commas, of {', '.join(NAMES)}")
    parser.add_argument("--rows", type=one_of(names), default=names, help=f"of {', '.join(names)}")
    parser.add_argument("--rounds", type=int, help="how often all is measured [3]")
    parser.add_argument("--connections", type=int, help="where there are most [10000]")
    parser.add_argument("--seconds", type=int, help="of load in each measurement [4]")
    parser.add_argument("--short", action="store_true", help="small numbers for all of these, and few servers")
    parser.add_argument("--results", type=pathlib.Path, help="a JSON file; what is measured is added to what is there")
    options = parser.parse_args()
    small = {"only": QUICK, "rounds": 1, "connections": 200, "seconds": 1}
    large = {"only": NAMES, "rounds": 3, "connections": 10_000, "seconds": 4}
    for option, default in (small if options.short else large).items():
        if getattr(options, option) is None:
            setattr(options, option, default)
    return options


def one_of(names):
    def parse(text):
        wanted = text.split(",")
        if unknown := set(wanted) - set(names):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return wanted

    return parse


def progress(text):
    print(text, file=sys.stderr, flush=True)


def faithful(servers, results):
    """Those of the servers that can be had here and speak the protocol; why the others do not is noted."""
    for server in servers:
        try:
            server.install()
            with serving(server) as (_, port):
                conformance.check(port, server.transport)
        except (NotInstalled, Failed, OSError, conformance.Unfaithful) as fault:
            progress(f"{server.name}: {fault}")
            results.add(Record(round="", row="conformance", server=server.name, failed=str(fault)))
        else:
            progress(f"{server.name}: speaks the protocol ({server.versions()})")
            yield server


def measure(round_name, row, server, results):
    name = server if server == OURS else server.name
    try:
        record = Record(round_name, row.name, name, figure=bench.figure(row, server))
        progress(f"{row.name} {name}: {record.figure:.4g} {row.unit}")
    except (Failed, OSError, KeyError) as fault:
        record = Record(round_name, row.name, name, failed=f"{type(fault).__name__}: {fault}")
        progress(f"{row.name} {name}: {record.failed}")
    results.add(record)


def main():
    options = arguments()
    raise_limits()
    table = rows(options.connections, options.seconds)
    results = Results.load(options.results) if options.results else Results()
    before = len(results.failures())
    servers = list(faithful([server for server in PLAIN if server.name in options.only], results))
    servers = ([OURS] if OURS in options.only else []) + servers
    began = int(time.time())
    for number in range(options.rounds):
        for row in table:
            if row.name not in options.rows:
                continue
            for server in servers:
                measure(f"{began}.{number}", row, server, results)
    if options.results:
        options.results.write_text(results.written(table, NAMES))
    if options.short:
        # Figures of so few connections say nothing.
        print(f"{len(results.records)} measured, {len(results.failures())} failed")
        return 1 if results.failures() else 0
    print(markdown(results, table, TITLES, OURS))
    print("\n".join(["", *(f"- {server.title}: {server.versions()}" for server in servers if server != OURS)]))
    return 1 if len(results.failures()) > before else 0


if __name__ == "__main__":
    sys.exit(main())
