"""A cell, simulated: whether the load that the model reckons for it runs, and what more of it does.

What a job and a round cost is the model's; that they queue, and for how long, is found out here. People do things at random times (Poisson, seeded); a node's writer takes what
waits, up to a batch, and is busy for it; PostgreSQL and Redis serve as many at a time as they can; a worker joins the status
updates that wait into one round over its connections, in steps between which single people get theirs. What comes out is
when each thing was done.

    person ──> writer of a node (commits in batches) ──> Redis, if there are nodes ──> workers ──> done
                       └── one of PostgreSQL's cores
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Callable, Iterable

from model import Cell, load, most_connections

MICRO = 1e-6

#: Seconds that a worker works at a round before it looks for something else to do.
STEP = 0.005


@dataclass
class Result:
    """When things began, and how long they took, in seconds: a status until everybody has it, a message until its people do."""

    statuses: list[tuple[float, float]] = field(default_factory=list)
    messages: list[tuple[float, float]] = field(default_factory=list)

    def late(self, times: list[tuple[float, float]], since: float, until: float) -> float:
        """The 99th percentile of those begun between two times."""
        took = sorted(took for began, took in times if since <= began < until)
        return took[min(len(took) - 1, len(took) * 99 // 100)] if took else 0.0


class Simulation:
    """One run."""

    def __init__(self, cell: Cell, seed: int) -> None:
        self.cell, self.dice = cell, random.Random(seed)
        self.now = 0.0
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.number = 0
        self.result = Result()
        self.redis_free = 0.0
        self.postgres_free = cell.figures["machine"]["postgres_cores"] if cell.nodes > 1 else cell.nodes
        self.postgres_waiting: deque[Writer] = deque()
        self.writers = [Writer(self) for _ in range(cell.nodes)]
        self.workers = [[Worker(self) for _ in range(cell.workers)] for _ in range(cell.nodes)]

    def run(self, seconds: float) -> Result:
        """Lets people act for so long, and sees what is done by then. What is not done counts as done at the end: it took
        at least as long."""
        starts: list[tuple[float, Callable[[], None]]] = [
            (self.cell.rate("status"), self.status),
            (self.cell.rate("message"), self.message),
            (self.cell.rate("call") * self.cell.figures["day"]["call_frames"], self.call_frame),
            (self.cell.rate("call") * self.cell.figures["day"]["call_jobs"], self.plain_job),
            (self.cell.rate("session"), self.session),
        ]
        for rate, what in starts:
            self.again_and_again(rate, what, seconds)
        while self.events and self.events[0][0] <= seconds:
            self.now, _, happens = heapq.heappop(self.events)
            happens()
        self.now = seconds
        for worker in (worker for node in self.workers for worker in node):
            worker.give_up()
        for writer in self.writers:
            writer.give_up()
        return self.result

    def after(self, delay: float, happens: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.events, (self.now + delay, self.number, happens))

    def again_and_again(self, rate: float, what: Callable[[], None], until: float) -> None:
        def once() -> None:
            what()
            plan()

        def plan() -> None:
            pause = self.dice.expovariate(rate) if rate else until
            if self.now + pause < until:
                self.after(pause, once)

        plan()

    # What people do.

    def status(self) -> None:
        began = self.now
        missing = len(self.workers) * len(self.workers[0])

        def seen() -> None:
            nonlocal missing
            missing -= 1
            if missing == 0:
                self.result.statuses.append((began, self.now - began))

        def stored() -> None:
            def told() -> None:
                for worker in (worker for node in self.workers for worker in node):
                    worker.take_status(seen)

            self.tell(len(self.workers) - 1, told)

        self.writer().add(stored)

    def message(self) -> None:
        began = self.now

        def done() -> None:
            self.result.messages.append((began, self.now - began))

        def stored() -> None:
            # The other's copy is the last: the sender's own, and the answer, go out on this node.
            apart = self.dice.random() < 1 - 1 / self.cell.nodes
            self.worker().take_frame(None)
            self.worker().take_frame(None)
            self.tell(1 if apart else 0, lambda: self.worker().take_frame(done))

        self.writer().add(stored)

    def call_frame(self) -> None:
        apart = self.dice.random() < 1 - 1 / self.cell.nodes
        self.tell(1 if apart else 0, lambda: self.worker().take_frame(None))

    def plain_job(self) -> None:
        self.writer().add(lambda: None)

    def session(self) -> None:
        self.worker().take_session()
        for _ in range(self.cell.figures["day"]["session_jobs"]):
            self.plain_job()

    # Who does it.

    def writer(self) -> "Writer":
        return self.dice.choice(self.writers)

    def worker(self) -> "Worker":
        return self.dice.choice(self.dice.choice(self.workers))

    def tell(self, copies: int, told: Callable[[], None]) -> None:
        """Through Redis to so many other nodes; at once if there are none to tell."""
        if copies == 0:
            return told()
        cost = self.cell.figures["backplane"]
        work = (cost["publish"] + cost["copy"] * copies) * MICRO
        self.redis_free = max(self.redis_free, self.now) + work
        self.after(self.redis_free - self.now + cost["hear"] * MICRO, told)


class Writer:
    """A node's writer: commits what waits, in batches, on one of PostgreSQL's cores."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.waiting: deque[Callable[[], None]] = deque()
        self.busy = False

    def add(self, stored: Callable[[], None]) -> None:
        self.waiting.append(stored)
        if not self.busy:
            self.busy = True
            self.simulation.postgres_waiting.append(self)
            self.begin_those_who_can()

    def begin_those_who_can(self) -> None:
        simulation = self.simulation
        while simulation.postgres_waiting and simulation.postgres_free:
            simulation.postgres_free -= 1
            simulation.postgres_waiting.popleft().begin()

    def begin(self) -> None:
        store = self.simulation.cell.figures["store"]
        batch = [self.waiting.popleft() for _ in range(min(len(self.waiting), store["batch"]))]
        took = store["flush"] + len(batch) * self.simulation.cell.job

        def committed() -> None:
            self.simulation.postgres_free += 1
            for stored in batch:
                stored()
            self.busy = bool(self.waiting)
            if self.busy:
                self.simulation.postgres_waiting.append(self)
            self.begin_those_who_can()

        self.simulation.after(took * MICRO, committed)

    def give_up(self) -> None:
        while self.waiting:
            self.waiting.popleft()()


class Worker:
    """A delivery core with its connections."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.statuses: list[Callable[[], None]] = []
        self.frames: list[Callable[[], None] | None] = []
        self.sessions = 0
        #: Who is told at the end of the round that is under way, and how long that still takes.
        self.round: list[Callable[[], None]] = []
        self.left = 0.0
        self.busy = False

    def take_status(self, seen: Callable[[], None]) -> None:
        self.statuses.append(seen)
        self.go_on()

    def take_frame(self, done: Callable[[], None] | None) -> None:
        self.frames.append(done)
        self.go_on()

    def take_session(self) -> None:
        self.sessions += 1
        self.go_on()

    def go_on(self) -> None:
        if self.busy:
            return
        figures, per_worker = self.simulation.cell.figures, self.simulation.cell.per_worker
        cost = figures["delivery"]
        if not self.round and self.statuses:
            self.round, self.statuses = self.statuses, []
            self.left = per_worker * (cost["write"] + cost["joined"] * len(self.round)) * MICRO
        done, sessions = self.frames, self.sessions
        if not (self.round or done or sessions):
            return
        self.frames, self.sessions = [], 0
        step = min(self.left, STEP) if self.round else 0.0
        self.left -= step
        single = len(done) * cost["write"] + sessions * figures["connection"]["connect"]
        self.busy = True
        self.simulation.after(step + single * MICRO, lambda: self.finish(done))

    def finish(self, done: list[Callable[[], None] | None]) -> None:
        self.busy = False
        tell(done)
        if self.round and self.left <= 0:
            seen, self.round = self.round, []
            tell(seen)
        self.go_on()

    def give_up(self) -> None:
        tell([*self.round, *self.frames, *self.statuses])


def tell(done: Iterable[Callable[[], None] | None]) -> None:
    for call in done:
        if call:
            call()


@dataclass(frozen=True)
class Verdict:
    """Whether a cell keeps up with its load: 99th percentiles in seconds."""

    #: Of statuses, early in the run and later.
    early: float
    late: float
    #: Of messages.
    messages: float
    within: float

    @property
    def keeps_up(self) -> bool:
        """A status takes no longer than it may, and does not come to take longer."""
        return max(self.early, self.late) <= self.within


def judge(cell: Cell, seed: int, seconds: float = 24.0) -> Verdict:
    """Runs a cell and compares the second quarter of the time with the third. The first fills the queues; what is begun in the
    last may be under way at the end."""
    result = Simulation(cell, seed).run(seconds)
    quarter = seconds / 4
    return Verdict(
        early=result.late(result.statuses, quarter, 2 * quarter),
        late=result.late(result.statuses, 2 * quarter, 3 * quarter),
        messages=result.late(result.messages, quarter, 3 * quarter),
        within=cell.figures["aim"]["status_within"],
    )


def main() -> None:
    print("| nodes | connections | of what is reckoned | a status to everybody, p99: early, later | a message, p99 | |")
    print("| --- | --- | --- | --- | --- | --- |")
    for nodes in (1, 2, 4, 8):
        cell = most_connections(load(), nodes)
        for factor in (0.5, 1.0, 1.3):
            tried = replace(cell, connections=int(cell.connections * factor))
            verdict = judge(tried, seed=1)
            times = [f"{time * 1000:,.0f} ms" for time in (verdict.early, verdict.late, verdict.messages)]
            word = "keeps up" if verdict.keeps_up else "does not"
            print(f"| {nodes} | {tried.connections:,} | x {factor} | {times[0]}, {times[1]} | {times[2]} | {word} |")


if __name__ == "__main__":
    main()
