"""What was measured, kept as records in a file, and the tables that are made of it."""

import json
import statistics
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Record:
    """What one server did for one row in one round: a figure, or why there is none."""

    round: str
    row: str
    server: str
    figure: float | None = None
    failed: str | None = None


class Results:
    """All records of one or several runs."""

    def __init__(self, records=()):
        self.records = list(records)

    @classmethod
    def load(cls, path):
        """Those of earlier runs, if there are any."""
        if not path.exists():
            return cls()
        return cls(Record(**record) for record in json.loads(path.read_text())["records"])

    def add(self, record):
        self.records.append(record)

    def figures(self, row, server):
        """By round."""
        return {
            record.round: record.figure
            for record in self.records
            if (record.row, record.server) == (row.name, server) and record.figure is not None
        }

    def median(self, row, server):
        """The middle figure of all rounds."""
        figures = self.figures(row, server)
        return statistics.median(figures.values()) if figures else None

    def value(self, row, server):
        """What stands in the table: the figure, or the middle one of its ratios to the base in the same round, since the
        machine's speed drifts between rounds."""
        if row.base is None:
            return self.median(row, server)
        bases = self.figures(row, row.base)
        ratios = [figure / bases[round] for round, figure in self.figures(row, server).items() if bases.get(round)]
        return statistics.median(ratios) if ratios else None

    def failures(self):
        return [record for record in self.records if record.failed]

    def written(self, rows, servers):
        """As JSON: the table for programs, and the records."""
        summary = {
            "rows": [
                {
                    "row": row.name,
                    "title": row.title,
                    "unit": row.unit,
                    "base": row.base,
                    "aim": row.aim,
                    "servers": {
                        server: {"value": self.value(row, server), "median": self.median(row, server)}
                        for server in servers
                        if self.figures(row, server)
                    },
                }
                for row in rows
            ],
            "records": [asdict(record) for record in self.records],
        }
        return json.dumps(summary, indent=1) + "\n"


def markdown(results, rows, titles, ours):
    """The tables for people: ratios with the aim, and the figures that they come from."""
    measured = [row for row in rows if any(results.figures(row, server) for server in titles)]
    ratios = [
        [row.title, *(cell(results.value(row, server)) for server in titles), aim(row, results.value(row, ours))]
        for row in measured
    ]
    figures = [
        [f"{row.name}, {row.unit}", *(cell(results.median(row, server)) for server in titles)] for row in measured
    ]
    parts = [table(["", *titles.values(), f"aim for {titles[ours]}"], ratios), table(["", *titles.values()], figures)]
    if failures := results.failures():
        parts.append("\n".join(f"- {titles.get(it.server, it.server)}, {it.row}: {it.failed}" for it in failures))
    return "\n\n".join(parts)


def aim(row, value):
    sign = "≥" if row.higher_is_better else "≤"
    verdict = "" if value is None else (", met" if row.reaches(value) else ", **missed**")
    return f"{sign} {row.aim:g}{verdict}"


def cell(value):
    """Three digits of a small figure, whole numbers of a large one."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def table(head, lines):
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])
