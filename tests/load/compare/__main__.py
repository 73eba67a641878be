"""Measures Otomo and other broadcast servers one after another, each on one core, with the load tool on the other.

    python3 tests/load/compare               all servers, all rows, three rounds: eleven minutes on two quiet cores
    python3 tests/load/compare --markdown    measures nothing: the table for web/docs/performance.md, of what was measured before
    python3 tests/load/compare --short       does it work at all? A few seconds, what npm alone installs

Needs `target/release/otomo`, or another in OTOMO_BIN; installs the other servers in `target/peers` and beside their manifests.
Every round measures every server once before the next begins, and ratios are taken within a round: the machine's speed drifts.
Results are kept as they come, and added to those that are there if they are of the same settings.
"""

import argparse
import pathlib
import sys
import time

import bench
import conformance
import tables
from process import Failed, raise_limits, serving
from results import Mixed, Record, Results
from rows import rows
from servers import BUILT, NAMES, OURS, PLAIN, QUICK, TITLES, NotInstalled
from settings import settings

# Not in that table, and slow: only where it is asked for.
EXTRA = ["again"]


def arguments():
    names = [row.name for row in rows(1, 1)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=one_of(NAMES), help=f"servers, separated by commas, of {', '.join(NAMES)}")
    parser.add_argument("--rows", type=one_of(names), help=f"of {', '.join(names)} [all but {', '.join(EXTRA)}]")
    parser.add_argument("--rounds", type=int, help="how often all is measured [3]")
    parser.add_argument("--connections", type=int, help="where there are most [10000]")
    parser.add_argument("--seconds", type=int, help="of load in each measurement [2]")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--short", action="store_true", help="small numbers for all of these, few servers, all rows")
    ways.add_argument("--markdown", action="store_true", help="print the table of what is there, and measure nothing")
    parser.add_argument("--results", type=pathlib.Path, help="a JSON file [target/peers/results.json; with --short: none]")
    options = parser.parse_args()
    usual = [name for name in names if name not in EXTRA]
    small = {"only": QUICK, "rows": names, "rounds": 1, "connections": 200, "seconds": 1}
    large = {"only": NAMES, "rows": usual, "rounds": 3, "connections": 10_000, "seconds": 2}
    large["results"] = BUILT / "results.json"
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


def faithful(servers):
    """Those of the servers that can be had here and speak the protocol, and a record of each that does not, with the reason."""
    able, failures = [], []
    for server in servers:
        try:
            server.install()
            with serving(server) as (_, port):
                conformance.check(port, server.transport)
        except (NotInstalled, Failed, OSError, conformance.Unfaithful) as fault:
            progress(f"{server.name}: {fault}")
            failures.append(Record(round="", row="conformance", server=server.name, failed=str(fault)))
        else:
            progress(f"{server.name}: speaks the protocol ({server.versions()})")
            able.append(server)
    return able, failures


def measure(round_name, row, server):
    name = server if server == OURS else server.name
    try:
        figure, share = bench.measured(row, server)
        progress(f"{row.name} {name}: {figure:.4g} {row.unit}" + (f", the tool {share:.2f} of its core" if share else ""))
        return Record(round_name, row.name, name, figure=figure, tool_share=share)
    except (Failed, OSError, KeyError) as fault:
        progress(f"{row.name} {name}: {type(fault).__name__}: {fault}")
        return Record(round_name, row.name, name, failed=f"{type(fault).__name__}: {fault}")


def print_tables(results):
    table = rows(results.settings["connections"], results.settings["seconds of load"])
    table = [row for row in table if row.name not in EXTRA]
    print(tables.markdown(results, table, TITLES, OURS))
    print("\n" + tables.circumstances(results) + "\n")
    print(tables.notes(results, table, TITLES))


def main():
    options = arguments()
    if options.markdown:
        if not options.results.exists():
            progress(f"{options.results} is not there: nothing has been measured")
            return 2
        print_tables(Results.load(options.results))
        return 0
    raise_limits()
    wanted = settings(options.connections, options.seconds)
    try:
        results = Results.to_add_to(options.results, wanted) if options.results else Results(wanted)
    except Mixed as fault:
        progress(fault)
        return 2
    servers, failures = faithful([server for server in PLAIN if server.name in options.only])
    servers = ([OURS] if OURS in options.only else []) + servers
    table = [row for row in rows(options.connections, options.seconds) if row.name in options.rows]
    began = int(time.time())
    new = Results(wanted, failures)
    for number in range(options.rounds):
        for row in table:
            for server in servers:
                record = measure(f"{began}.{number}", row, server)
                new.add(record)
                results.add(record)
                if options.results:
                    options.results.parent.mkdir(parents=True, exist_ok=True)
                    options.results.write_text(results.written())
    if options.short:
        # Figures of so few connections say nothing.
        print(f"{len(new.records)} measured, {len(new.failures())} failed")
    else:
        print_tables(results)
        print("\n" + tables.figures(results, table, TITLES))
        print("\n".join(f"- {it.server}: {it.failed}" for it in failures))
    return 1 if new.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
