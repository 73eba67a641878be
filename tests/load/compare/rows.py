"""The rows of the table: what is run, which figure is taken from its report, and what it is set against."""

from collections.abc import Callable
from dataclasses import dataclass

# KB (1,000 bytes) in one KiB.
KB_OF_KIB = 1.024


@dataclass(frozen=True)
class Row:
    """One property that all servers are measured for."""

    name: str
    title: str
    # Of `otomo bench`: the scenario and its options.
    scenario: list[str]
    # From the scenario's report.
    figure: Callable[[dict], float]
    unit: str
    # What ours should reach, in the table's own terms; lower or higher is better.
    aim: float
    higher_is_better: bool = False
    # The server whose figure of the same round is 1. None: the figures stand as they are.
    base: str | None = None
    # The floor's figure comes from its own process, by these options of `otomo bench floor`; else from the floor as a server.
    floor: list[str] | None = None
    floor_figure: Callable[[dict], float] | None = None
    # Whether the figure is how many a second, and so hangs on the load tool's speed as well as on the server's.
    by_the_clock: bool = False

    def reaches(self, value):
        return value >= self.aim if self.higher_is_better else value <= self.aim

    def tool_share(self, report):
        """Share of the load tool's core that it used, 0 to 1; None unless the figure is by the clock."""
        return report["toolSharePercent"] / 100 if self.by_the_clock else None


def cpu(of, report):
    """The server's CPU of one thing, user and system, in microseconds."""
    return report[f"serverUserMicrosPer{of}"] + report[f"serverSystemMicrosPer{of}"]


def rows(connections, seconds):
    """The rows, for this many connections where there are most, and so many seconds of load each."""
    few = max(connections // 10, 1)
    all_of, some_of = ["--connections", str(connections)], ["--connections", str(few)]
    span = ["--seconds", str(seconds)]
    return [
        Row(
            name="memory",
            title=f"resident memory per idle connection at {connections:,}, KB",
            scenario=["idle", *all_of],
            figure=lambda report: report["residentKibPerConnection"] * KB_OF_KIB,
            unit="KB",
            aim=2,
        ),
        Row(
            name="fanout",
            title=f"one update to {connections:,}, wait for all: server CPU per delivery, x the kernel's send of such a frame",
            scenario=["fanout", *all_of, *span],
            figure=lambda report: cpu("Delivery", report),
            unit="µs",
            aim=1.05,
            base="floor",
            floor=[*all_of, *span],
            floor_figure=lambda report: report["nanosPerWrite"] / 1000,
        ),
        Row(
            name="joined",
            # The floor joins what a turn of its loop brings: one write() per socket, between the same ends in the same time.
            title=f"16 updates in flight to {few:,}: deliveries a second, x one joined write() per socket",
            scenario=["fanout", *some_of, "--in-flight", "16", *span],
            figure=lambda report: report["deliveriesPerSecond"],
            unit="/s",
            aim=0.95,
            higher_is_better=True,
            base="floor",
            by_the_clock=True,
        ),
        Row(
            name="echo",
            title="request and answer, 64 clients: answers a second, x floor",
            scenario=["echo", "--connections", "64", *span],
            figure=lambda report: report["answersPerSecond"],
            unit="/s",
            aim=0.90,
            higher_is_better=True,
            base="floor",
            by_the_clock=True,
        ),
        Row(
            name="direct",
            title=f"direct messages between random pairs of {few:,}: messages a second, x Bun",
            scenario=["direct", *some_of, *span],
            figure=lambda report: report["messagesPerSecond"],
            unit="/s",
            # The aim is 0.95 of uWebSockets, which is in no package registry. In the project's own measurement before this
            # comparison was written Bun had 0.85 of uWebSockets: 0.95 / 0.85 = 1.12.
            aim=1.12,
            higher_is_better=True,
            base="bun",
            by_the_clock=True,
        ),
        Row(
            name="storm",
            title=f"connection storm of {connections:,}: server CPU per connection, µs",
            scenario=["connect", *all_of],
            figure=lambda report: cpu("Connect", report),
            unit="µs",
            aim=40,
        ),
        Row(
            name="again",
            title=f"the same {connections:,} once more, after all have left: server CPU per connection, µs",
            scenario=["connect", *all_of, "--again"],
            figure=lambda report: cpu("Connect", report),
            unit="µs",
            aim=40,
        ),
    ]
