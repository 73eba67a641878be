"""A cell, simulated event by event: whether the load that the model reckons for it runs, what breaks when there is more, and how
long it takes until all are back after a node or the whole site was lost.

Nothing here is reckoned by `model.py`: people act at random times, each thing takes as long as the dice say about what was
measured, and how long anybody waits comes of the queues (`engine.py`). `points.py` holds it to what was measured of a real
server.

    person ──> writer of a node (commits in batches) ──> Redis, if there are nodes ──> workers ──> network card ──> done
                       └── one of PostgreSQL's cores
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Callable

from engine import Bulk, Clock, Dice, Station, Then, Times, Worker, Writer, percentile
from model import Cell, Figures, cells_for, load, most_connections

MICRO = 1e-6
HOUR = 3600

#: Connections that come back are let in in so many groups at most: the figures are the same, and the run ends sooner.
GROUPS = 5_000


class Node:
    """A machine: a network card, a core for each worker, and one for the writer."""

    def __init__(self, cluster: "Cluster", connections: float, cores: int) -> None:
        clock, dice = cluster.clock, cluster.dice
        self.card = Station(clock)
        lists = Bulk(self.card)
        own = [Station(clock) for _ in range(cores)]
        # On a single core all share it.
        working = own[:-1] or own
        costs = {**cluster.costs, "connections": connections / len(working)}
        self.workers = [Worker(clock, dice, core, self.card, lists, costs) for core in working]
        self.writer = Writer(clock, dice, cluster.postgres or own[-1], cluster.store)


class Cluster:
    """Nodes that share a PostgreSQL and a Redis, or one with SQLite."""

    def __init__(self, figures: Figures, connections: float, nodes: int, seed: int = 1, cores: int | None = None) -> None:
        self.figures, self.connections = figures, connections
        measured, machine, server = (figures[part] for part in ("measured", "machine", "server"))
        self.clock, self.dice = Clock(), Dice(seed, measured["spread"])
        self.redis = Station(self.clock) if nodes > 1 else None
        self.postgres = Station(self.clock, machine["postgres_cores"]) if nodes > 1 else None
        self.listed = connections * figures["day"]["otomo_share"] * measured["listed_bytes"]
        self.costs = {
            "write": measured["write"] * MICRO,
            "joined": measured["joined"] * MICRO,
            "frame": figures["day"]["frame_bytes"] / machine["network"],
        }
        self.store = {
            "job": measured["postgres" if nodes > 1 else "job"] * MICRO,
            "flush": measured["flush"] * MICRO,
            "checkpoint": measured["checkpoint"] * MICRO,
            "checkpoint_jobs": measured["checkpoint_jobs"],
            "batch": server["batch"],
        }
        self.nodes = [Node(self, connections / nodes, cores or machine["cores"]) for _ in range(nodes)]
        self.statuses: Times = []
        self.messages: Times = []
        self.unsaid = 0

    # What people do. Each is done when `done` is called.

    def status(self, done: Then = None) -> None:
        """An otomo changes their status: done when everybody has it."""
        missing = sum(len(node.workers) for node in self.nodes)

        def told() -> None:
            nonlocal missing
            missing -= 1
            if missing == 0 and done:
                done()

        def everywhere() -> None:
            for node in self.nodes:
                for worker in node.workers:
                    worker.tell_all(told)

        self.node().writer.add(lambda: self.through_redis(len(self.nodes) - 1, everywhere))

    def message(self, done: Then = None) -> None:
        """Somebody writes: done when the other has it. The answer and the sender's own copy go out on their node."""
        node = self.node()

        def stored() -> None:
            self.worker(node).tell()
            self.worker(node).tell()
            self.to_somebody(node, done)

        node.writer.add(stored)

    def to_somebody(self, sender: Node, done: Then = None) -> None:
        """A frame from somebody on the sender's node to somebody on any: through Redis, if that is another."""
        other = self.node()
        self.through_redis(int(other is not sender), lambda: self.worker(other).tell(done))

    def call_job(self, done: Then = None) -> None:
        """One of the jobs of a call."""
        measured = self.figures["measured"]
        self.node().writer.add(done, measured["call_job"] / measured["job"])

    def job(self, done: Then = None) -> None:
        self.node().writer.add(done)

    def session(self, ready: Then = None, count: int = 1) -> None:
        """So many clients connect, and are told the list of otomo."""
        measured = self.figures["measured"]
        work = (measured["connect"] + self.listed * measured["listed_byte"]) * MICRO
        carried = self.listed / self.figures["machine"]["network"]
        self.worker(self.node()).let_in(work, carried, ready, count)

    def node(self) -> Node:
        return self.dice.random.choice(self.nodes)

    def worker(self, node: Node) -> Worker:
        return self.dice.random.choice(node.workers)

    def through_redis(self, copies: int, told: Callable[[], None]) -> None:
        """To so many other nodes; at once if there are none to tell."""
        if not self.redis or copies == 0:
            return told()
        measured = self.figures["measured"]
        work = self.dice.time((measured["publish"] + measured["copy"] * copies) * MICRO)
        self.redis.take(work, lambda: self.clock.after(measured["hear"] * MICRO, told))

    # How a day goes.

    def live(self, until: float) -> None:
        """Has people act at random times, as often as the day says."""
        day, people = self.figures["day"], self.connections / HOUR
        changes = people * day["otomo_share"] * day["status_changes"]
        self.often(changes, until, lambda: self.status(self.timed(self.statuses)))
        self.often(people * day["messages"], until, lambda: self.message(self.timed(self.messages)))
        self.often(people * day["calls"] * day["call_frames"], until, lambda: self.to_somebody(self.node()))
        self.often(people * day["calls"] * day["call_jobs"], until, self.call_job)
        self.often(self.connections / day["session"], until, self.session)
        self.often(self.connections / day["session"] * day["session_jobs"], until, self.job)

    def often(self, rate: float, until: float, what: Callable[[], None]) -> None:
        def once() -> None:
            what()
            plan()

        def plan() -> None:
            pause = self.dice.pause(rate)
            if self.clock.now + pause < until:
                self.clock.after(pause, once)

        if rate > 0:
            plan()

    def timed(self, times: Times) -> Callable[[], None]:
        """Notes when something began and how long it took; what never ends is noted as not done."""
        began = self.clock.now
        self.unsaid += 1

        def done() -> None:
            self.unsaid -= 1
            times.append((began, self.clock.now - began))

        return done


@dataclass(frozen=True)
class Verdict:
    """How a cell does: 99th percentiles in seconds, and what is the fullest of all that is too full; of `delivery's rounds` that
    is the time of a status in a worker, of the time that it may take."""

    statuses: float
    messages: float
    broken: str | None
    loads: dict[str, float] = field(default_factory=dict)


def judge(figures: Figures, connections: float, nodes: int, seed: int = 1, seconds: float = 20.0) -> Verdict:
    """Runs a cell. The first quarter of the time fills the queues and does not count."""
    cluster = Cluster(figures, connections, nodes, seed)
    cluster.live(seconds)
    cluster.clock.run(seconds)
    aim, machine, measured = figures["aim"], figures["machine"], figures["measured"]
    loads = {
        "PostgreSQL": cluster.postgres.load(seconds) if cluster.postgres else 0.0,
        "Redis": cluster.redis.load(seconds) if cluster.redis else 0.0,
        "network": max(node.card.load(seconds) for node in cluster.nodes),
        "store's writer": max(node.writer.asked / seconds for node in cluster.nodes),
        "memory": connections / nodes * (measured["resident"] + measured["kernel"]) / machine["memory"],
        "descriptors": connections / nodes / machine["descriptors"],
    }
    # What is not done by now is let end, so that it counts with all its time.
    cluster.clock.run(seconds + 10 * aim["status_within"])
    statuses, messages = percentile(cluster.statuses, 99, seconds / 4), percentile(cluster.messages, 99, seconds / 4)
    walked = [it for node in cluster.nodes for worker in node.workers for it in worker.walked]
    loads["delivery's rounds"] = percentile(walked, 99, seconds / 4) / aim["status_within"]
    what, full = max(loads.items(), key=lambda item: item[1])
    broken = what if full > 1 else None
    if not broken and (statuses > aim["status_within"] or messages > aim["message_within"] or cluster.unsaid):
        broken = "the time of all together"
    return Verdict(statuses, messages, broken, loads)


def grouped(people: int, most: int) -> list[int]:
    """All of them, in so many groups at most, each as large as any other or larger by one."""
    groups = max(1, min(people, most))
    each, over = divmod(people, groups)
    return [each + 1] * over + [each] * (groups - over)


def back_after(figures: Figures, connections: float, nodes: int, lost: str, seed: int = 1) -> tuple[float, float]:
    """Seconds until all are back when a `node` or the whole `site` was lost, and the 99th percentile of statuses meanwhile.

    A node that stops says how long its clients should wait, and the others go on; of a site that breaks all try until it is back,
    and by then wait for the longest that a client does.
    """
    server = figures["server"]
    is_node = lost == "node" and nodes > 1
    coming = connections / nodes if is_node else connections
    cluster = Cluster(figures, connections, nodes - 1 if is_node else nodes, seed)
    spread = server["spread"] if is_node else server["patience"]
    if is_node:
        cluster.live(inf)
    groups = grouped(int(coming), GROUPS)
    missing, last = len(groups), 0.0

    def ready() -> None:
        nonlocal missing, last
        missing, last = missing - 1, cluster.clock.now

    for count in groups:
        cluster.clock.after(cluster.dice.random.uniform(0, spread), partial(cluster.session, ready, count))
    until = 0.0
    while missing:
        until += spread
        cluster.clock.run(until)
    return last, percentile([it for it in cluster.statuses if it[0] <= last], 99)


def main() -> None:
    figures = load()
    reserve = figures["aim"]["reserve"]
    print("With the reserve (a quarter more people than listed):\n")
    print("| connections | cells x nodes | a status, p99 | a message, p99 | |\n| --- | --- | --- | --- | --- |")
    for size in (1_000, 10_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000):
        cells, cell = cells_for(figures, size)
        verdict = judge(figures, cell.connections * reserve, cell.nodes)
        word = "holds" if not verdict.broken else f"does not: {verdict.broken}"
        times = f"{verdict.statuses * 1000:,.0f} ms | {verdict.messages * 1000:,.0f} ms"
        print(f"| {size:,} | {cells} x {cell.nodes} | {times} | {word} |", flush=True)
    print("\nThe most that a cell carries: with the reserve, and with more than that:\n")
    print("| nodes | connections | x reserve: a status, a message, p99 | | x 1.3 of that | reckoned to break first |")
    print("| --- | --- | --- | --- | --- | --- |")
    for nodes in (1, 2, 4, 8):
        print(most_row(figures, most_connections(figures, nodes)), flush=True)


def most_row(figures: Figures, cell: Cell) -> str:
    full = cell.connections * figures["aim"]["reserve"]
    held, more = (judge(figures, full * factor, cell.nodes) for factor in (1.0, 1.3))
    times = f"{held.statuses * 1000:,.0f} ms, {held.messages * 1000:,.0f} ms"
    word = "holds" if not held.broken else f"does not: {held.broken}"
    return f"| {cell.nodes} | {cell.connections:,} | {times} | {word} | {more.broken or 'holds'} | {cell.first()[0]} |"


if __name__ == "__main__":
    main()
