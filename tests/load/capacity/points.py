"""Holds the simulation to what was measured of a real server: python3 -B tests/load/capacity/points.py

Each of [points] in figures.toml is a run of `otomo bench`, which is played here with the simulation's own parts on as many
cores. The costs that go in ([measured]) are from other figures, most of them CPU; what comes out is what queues make of them.
How far it may be from what was measured stands in [within], with the reason. Exit code 1 if a point is farther than that.
"""

from __future__ import annotations

import copy
import sys
from typing import Callable

from engine import Times, percentile
from model import Figures, load
from simulation import Cluster

SECONDS = 4.0

#: Messages gather for so long before the tool takes them in `connect` and `fanout` (tests/load/README.md).
GATHER = 0.001


def bench(figures: Figures, connections: int, cores: int) -> Cluster:
    """A server that nobody uses but the bench."""
    return Cluster(figures, connections, 1, cores=cores)


def closed(
    cluster: Cluster, count: int, act: Callable[[Callable[[], None]], None], gather: float = 0.0
) -> Times:
    """So many do it over and over, each again when it is done, and the tool has seen that, so many seconds later."""
    times: Times = []

    def again() -> None:
        timed = cluster.timed(times)

        def done() -> None:
            timed()
            cluster.clock.after(gather, again)

        act(done)

    for _ in range(count):
        again()
    cluster.clock.run(SECONDS)
    return times


def opened(cluster: Cluster, rate: int, act: Callable[[Callable[[], None]], None]) -> Times:
    """It is done so often in a second, by an even clock, as `--rate` has it."""
    times: Times = []
    for number in range(int(rate * SECONDS)):
        cluster.clock.after(number / rate, lambda: act(cluster.timed(times)))
    cluster.clock.run(SECONDS)
    return times


def call(cluster: Cluster, rung: Times, done: Callable[[], None]) -> None:
    """A call is so many jobs one after another, each with what the two are told of it; it rings after the first."""
    day = cluster.figures["day"]
    frames = round(day["call_frames"] / day["call_jobs"])
    rings = cluster.timed(rung)

    def step(left: int) -> None:
        def stored() -> None:
            worker = cluster.worker(cluster.nodes[0])
            for _ in range(frames - 1):
                worker.tell()
            worker.tell(told)

        def told() -> None:
            if left == day["call_jobs"]:
                rings()
            if left > 1:
                step(left - 1)
            else:
                done()

        cluster.call_job(stored)

    step(day["call_jobs"])


def simulated(figures: Figures) -> dict[str, float]:
    """The points, as the simulation has them."""
    alone = copy.deepcopy(figures)
    alone["day"]["otomo_share"] = 0.0
    points = {}

    def percentiles(name: str, times: Times, *which: int) -> None:
        for share in which:
            points[f"{name}_p{share}"] = percentile(times, share) * 1000

    cluster = bench(alone, 256, cores=2)
    times = closed(cluster, 256, cluster.message)
    points["chat_rate"] = len(times) / SECONDS
    percentiles("chat", times, 50, 99)
    cluster = bench(alone, 256, cores=2)
    percentiles("calm_chat", opened(cluster, 5_000, cluster.message), 50, 99)

    rung: Times = []
    cluster = bench(alone, 256, cores=2)
    times = closed(cluster, 128, lambda done: call(cluster, rung, done))
    points["calls_rate"] = len(times) / SECONDS
    percentiles("calls", rung, 50)
    rung = []
    cluster = bench(alone, 256, cores=2)
    opened(cluster, 500, lambda done: call(cluster, rung, done))
    percentiles("calm_calls", rung, 99)

    cluster = bench(alone, 10_000, cores=1)
    points["storm_rate"] = len(closed(cluster, 64, cluster.session, GATHER)) / SECONDS
    cluster = bench(alone, 10_000, cores=1)
    points["fanout_rate"] = 10_000 * len(closed(cluster, 1, cluster.status, GATHER)) / SECONDS
    return points


def holds(figures: Figures, name: str, value: float) -> bool:
    """Whether a simulated point is as near to what was measured as it must be, above or below."""
    within = figures["within"][name]
    return 1 / within <= value / figures["points"][name] <= within


def main() -> int:
    figures = load()
    points = simulated(figures)
    print("| | measured | simulated | x | at most |\n| --- | --- | --- | --- | --- |")
    for name, value in points.items():
        measured, within = figures["points"][name], figures["within"][name]
        print(f"| {name} | {measured:,g} | {value:,.4g} | {value / measured:.2f} | {within:g} |")
    return 0 if all(holds(figures, name, value) for name, value in points.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
