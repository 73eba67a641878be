"""What was measured, kept as records in a file."""

import json
import statistics
from dataclasses import asdict, dataclass

from settings import differences


class Mixed(Exception):
    """Results of other settings are in the file."""


@dataclass(frozen=True)
class Record:
    """What one server did for one row in one round: a figure, or why there is none."""

    round: str
    row: str
    server: str
    figure: float | None = None
    # Share of the load tool's core that it used, 0 to 1.
    tool_share: float | None = None
    failed: str | None = None


class Results:
    """All records of one or several runs with the same settings."""

    def __init__(self, settings, records=()):
        self.settings = settings
        self.records = list(records)

    @classmethod
    def load(cls, path):
        """Those of earlier runs."""
        kept = json.loads(path.read_text())
        return cls(kept["settings"], [Record(**record) for record in kept["records"]])

    @classmethod
    def to_add_to(cls, path, settings):
        """Those of earlier runs, if there are any, to add more with these settings. Raises `Mixed` if theirs are others."""
        if not path.exists():
            return cls(settings)
        found = cls.load(path)
        if differing := differences(found.settings, settings):
            raise Mixed(f"{path} holds other results; remove it or name another file:\n  " + "\n  ".join(differing))
        return found

    def add(self, record):
        self.records.append(record)

    def of(self, row, server):
        """The records with figures, by round."""
        return {
            record.round: record
            for record in self.records
            if (record.row, record.server) == (row.name, server) and record.figure is not None
        }

    def median(self, row, server):
        """The middle figure of all rounds."""
        return middle(record.figure for record in self.of(row, server).values())

    def tool_share(self, row, server):
        """The middle one of the load tool's shares of its core."""
        return middle(record.tool_share for record in self.of(row, server).values() if record.tool_share is not None)

    def ratio(self, row, server, base):
        """The middle one of its ratios to a base in the same round, since the machine's speed drifts between rounds."""
        bases = self.of(row, base)
        found = self.of(row, server).items()
        # Of nothing there are no ratios.
        return middle(it.figure / bases[round].figure for round, it in found if round in bases and bases[round].figure)

    def servers(self, row):
        """Those with figures."""
        return {record.server for record in self.records if record.row == row.name and record.figure is not None}

    def rounds(self):
        """How often every row was measured that was: the fewest of all."""
        rounds = {}
        for record in self.records:
            if record.figure is not None:
                rounds.setdefault(record.row, set()).add(record.round)
        return min(map(len, rounds.values()), default=0)

    def failures(self):
        return [record for record in self.records if record.failed]

    def written(self):
        """As JSON."""
        return json.dumps({"settings": self.settings, "records": [asdict(it) for it in self.records]}, indent=1) + "\n"


def middle(figures):
    figures = list(figures)
    return statistics.median(figures) if figures else None
