"""Runs the `otomo bench` commands of figures.toml and says what they give now.

    python3 -B tests/load/capacity/measure.py            prints what stands there, and what was measured now
    python3 -B tests/load/capacity/measure.py --write    puts that into figures.toml, too

Needs `target/release/otomo`, or another in OTOMO_BIN, and two quiet cores for a minute. What is from elsewhere (the kernel's
memory, PostgreSQL, Redis, findings) stays as it is.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Callable

from model import Figures, load

FILE = Path(__file__).with_name("figures.toml")
ROOT = Path(__file__).parents[3]

Report = dict[str, Any]


def cpu(of: str, report: Report) -> float:
    """The server's CPU of one thing, user and system, in microseconds."""
    return report[f"serverUserMicrosPer{of}"] + report[f"serverSystemMicrosPer{of}"]


def job(report: Report, figures: Figures) -> float:
    """The writer is busy all the time in a closed loop: what is neither the disk's flush nor a checkpoint is the jobs'."""
    level, measured = report["levels"][0], figures["measured"]
    checkpoint = measured["checkpoint"] / measured["checkpoint_jobs"]
    return 1e6 / level["sendsPerSecond"] - measured["flush"] / level["writesPerCommit"] - checkpoint


#: How each figure is reckoned from the report of its command; `flush` before `job`, which needs it.
TAKEN: dict[str, Callable[[Report, Figures], float]] = {
    "resident": lambda report, _: report["residentKibPerConnection"] * 1024,
    "connect": lambda report, _: cpu("Connect", report),
    "write": lambda report, _: cpu("Delivery", report),
    # Of 1,000 watchers.
    "joined": lambda report, _: cpu("Change", report) * report["changes"] / report["heard"] / 1_000,
    "flush": lambda report, _: report["commitMs"] * 1000,
    "job": job,
    "call_job": lambda report, figures: report["serverUserMicrosPerCall"] / figures["day"]["call_jobs"],
    "spread": lambda report, _: report["latencyMs"]["p99"] / report["latencyMs"]["p50"],
    "chat_rate": lambda report, _: report["levels"][0]["sendsPerSecond"],
    "chat_p50": lambda report, _: report["levels"][0]["latencyMs"]["p50"],
    "chat_p99": lambda report, _: report["levels"][0]["latencyMs"]["p99"],
    "calm_chat_p50": lambda report, _: report["levels"][0]["latencyMs"]["p50"],
    "calm_chat_p99": lambda report, _: report["levels"][0]["latencyMs"]["p99"],
    "calls_rate": lambda report, _: report["callsPerSecond"],
    "calls_p50": lambda report, _: report["latencyMs"]["p50"],
    "calm_calls_p99": lambda report, _: report["latencyMs"]["p99"],
    "storm_rate": lambda report, _: report["connectsPerSecond"],
    "fanout_rate": lambda report, _: report["deliveriesPerSecond"],
}


def commands(text: str) -> dict[str, str]:
    """The command of each figure that is from `otomo bench` alone."""
    found, raw = {}, tomllib.loads(text)
    for part in ("measured", "points"):
        before = ""
        for name, (_figure, command, _what) in raw[part].items():
            before = before if command == "the same" else command
            if before.startswith("otomo bench ") and "," not in before:
                found[name] = before
    return found


def measured(figures: Figures, asked: dict[str, str], run: Callable[[str], Report]) -> dict[str, float]:
    """What each figure is now; each command is run once."""
    reports = {command: run(command) for command in dict.fromkeys(asked.values())}
    found = {}
    for name, taken in TAKEN.items():
        found[name] = taken(reports[asked[name]], figures)
        part = "measured" if name in figures["measured"] else "points"
        figures[part][name] = found[name]
    return found


def bench(command: str) -> Report:
    """The report of a run."""
    print(command, file=sys.stderr, flush=True)
    binary = os.environ.get("OTOMO_BIN", str(ROOT / "target/release/otomo"))
    arguments = [*command.split()[1:], "--json", "--quiet"]
    # With Otomo as it is without settings.
    settings = {name: value for name, value in os.environ.items() if not name.startswith("OTOMO_")}
    done = subprocess.run([binary, *arguments], env=settings, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def spelt(figure: float) -> str:
    """Three digits of a small figure, whole numbers of a large one, as TOML has them."""
    return f"{round(figure):_}" if figure >= 100 else f"{figure:.3g}"


def written(text: str, found: dict[str, float]) -> str:
    """The file with these figures in it."""
    for name, figure in found.items():
        # Those of [within] have the same names, and come later.
        text = re.sub(rf"^{name} = \[[\d_.]+,", f"{name} = [{spelt(figure)},", text, count=1, flags=re.MULTILINE)
    return text


def main() -> None:
    text, figures = FILE.read_text(), load()
    before = figures["measured"] | figures["points"]
    found = measured(figures, commands(text), bench)
    print("| | there | now |\n| --- | --- | --- |")
    for name, figure in found.items():
        print(f"| {name} | {before[name]:_} | {spelt(figure)} |")
    if "--write" in sys.argv[1:]:
        FILE.write_text(written(text, found))


if __name__ == "__main__":
    main()
