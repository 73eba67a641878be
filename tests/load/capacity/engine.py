"""What the simulation is made of: a clock, chance, and things that serve one after another."""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from typing import Callable, Optional

Then = Optional[Callable[[], None]]

#: When each of several things began, and how long it took, in seconds.
Times = list[tuple[float, float]]

#: Where the 99th percentile of a normal distribution is, in standard deviations.
P99 = 2.326


def percentile(times: Times, share: int, since: float = 0.0) -> float:
    """What so many of a hundred took at most, of those that began since then; 0 if there are none."""
    took = sorted(took for began, took in times if began >= since)
    return took[len(took) * share // 100] if took else 0.0


class Clock:
    """Lets things happen in their order."""

    def __init__(self) -> None:
        self.now = 0.0
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.number = 0

    def after(self, delay: float, happens: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.events, (self.now + delay, self.number, happens))

    def run(self, until: float) -> None:
        while self.events and self.events[0][0] <= until:
            self.now, _, happens = heapq.heappop(self.events)
            happens()
        self.now = until


class Dice:
    """Chance, the same for the same seed. Times are lognormal: never negative, with a long tail."""

    def __init__(self, seed: int, spread: float) -> None:
        """`spread`: the 99th percentile, as so many times the median."""
        self.random = random.Random(seed)
        self.sigma = math.log(spread) / P99

    def time(self, mean: float, count: float = 1.0) -> float:
        """How long so many things take, one after another, each so long in the mean."""
        if mean * count <= 0:
            return 0.0
        # The sum of many is spread less than each.
        variance = (math.exp(self.sigma**2) - 1) / count
        sigma = math.sqrt(math.log(1 + variance))
        return mean * count * self.random.lognormvariate(-sigma**2 / 2, sigma)

    def pause(self, rate: float) -> float:
        """Until the next of what happens at random so often in a second."""
        return self.random.expovariate(rate)


class Station:
    """Serves whoever comes in their order, so many at a time: a core, a network card, Redis, PostgreSQL."""

    def __init__(self, clock: Clock, servers: int = 1) -> None:
        self.clock, self.servers = clock, servers
        self.free = [0.0] * servers
        self.asked = 0.0

    def take(self, work: float, then: Then = None) -> None:
        """So much work; `then` when it is done."""
        begins = max(self.clock.now, heapq.heappop(self.free))
        heapq.heappush(self.free, begins + work)
        self.asked += work
        if then:
            self.clock.after(begins + work - self.clock.now, then)

    def load(self, seconds: float) -> float:
        """How much it was asked to do, of what it could have done in that time. Above 1 it is ever further behind."""
        return self.asked / (seconds * self.servers)


class Bulk:
    """What is long and may be cut: it goes through a station piece by piece, so that what is short waits for a piece at most.
    So the kernel shares a network card among sockets."""

    #: Seconds of a piece.
    PIECE = 0.005

    def __init__(self, station: Station) -> None:
        self.station = station
        self.waiting: deque[tuple[float, Then]] = deque()
        self.busy = False

    def take(self, work: float, then: Then = None) -> None:
        self.waiting.append((work, then))
        if not self.busy:
            self.next()

    def next(self) -> None:
        self.busy = bool(self.waiting)
        if not self.busy:
            return
        left, then = self.waiting.popleft()
        piece = min(left, self.PIECE)

        def done() -> None:
            if left > piece:
                self.waiting.appendleft((left - piece, then))
            elif then:
                then()
            self.next()

        self.station.take(piece, done)


class Writer:
    """Commits what waits, in batches: its time for each job, and then the disk's for all.

    The jobs take `core` (of its node, or one of PostgreSQL's); the flush is waited for.
    """

    def __init__(self, clock: Clock, dice: Dice, core: Station, store: dict) -> None:
        """`store`: `job`, `flush`, `batch`, `checkpoint_jobs`, `checkpoint`, in seconds and jobs."""
        self.clock, self.dice, self.core, self.store = clock, dice, core, store
        self.waiting: deque[tuple[float, Then]] = deque()
        self.busy, self.since_checkpoint = False, 0.0
        #: All the work that it was asked for, with the checkpoints that come of it.
        self.asked = 0.0

    def add(self, stored: Then = None, share: float = 1.0) -> None:
        """One job, or what takes that share of one."""
        self.waiting.append((share, stored))
        self.asked += share * (self.store["job"] + self.store["checkpoint"] / self.store["checkpoint_jobs"])
        if not self.busy:
            self.begin()

    def begin(self) -> None:
        self.busy = True
        store = self.store
        batch = [self.waiting.popleft() for _ in range(min(len(self.waiting), store["batch"]))]
        wait = self.dice.time(store["flush"])
        jobs = sum(share for share, _ in batch)
        self.since_checkpoint += jobs
        if self.since_checkpoint >= store["checkpoint_jobs"]:
            self.since_checkpoint = 0.0
            wait += self.dice.time(store["checkpoint"])

        def committed() -> None:
            for _, stored in batch:
                if stored:
                    stored()
            self.busy = False
            if self.waiting:
                self.begin()

        work = self.dice.time(store["job"], jobs)
        self.core.take(work, lambda: self.clock.after(wait, committed))


class Worker:
    """A delivery core with its connections. Status updates that wait are joined into one round over all of them; between steps
    of it single people get what is theirs."""

    #: Seconds that it works at a round before it looks for something else to do.
    STEP = 0.005

    def __init__(self, clock: Clock, dice: Dice, core: Station, card: Station, lists: Bulk, costs: dict) -> None:
        """`lists`: what clients are told first goes through the card by it. `costs`: `connections`, and seconds for `write`,
        `joined` and for the card to carry a `frame`."""
        self.clock, self.dice, self.core = clock, dice, core
        self.card, self.lists, self.costs = card, lists, costs
        #: With when they came.
        self.statuses: list[tuple[float, Then]] = []
        self.round: list[tuple[float, Then]] = []
        #: When each status came, and how long it took to be written to everybody.
        self.walked: Times = []
        #: Seconds that the round still takes, and how long the card takes for each of them.
        self.left, self.carried = 0.0, 0.0
        self.stepping = False

    def tell_all(self, told: Then) -> None:
        """A status, to every connection."""
        self.statuses.append((self.clock.now, told))
        if not self.stepping:
            self.step()

    def tell(self, told: Then = None) -> None:
        """A frame, to one connection."""
        self.card.take(self.costs["frame"])
        self.core.take(self.dice.time(self.costs["write"]), told)

    def let_in(self, work: float, carried: float, ready: Then = None, count: int = 1) -> None:
        """So many connections, and what each is told first: so much work, and so long for the card."""
        self.core.take(self.dice.time(work, count), lambda: self.lists.take(carried * count, ready))

    def step(self) -> None:
        if not self.round:
            if not self.statuses:
                return
            self.round, self.statuses = self.statuses, []
            costs = self.costs
            # The writes of a round are so many that their sum is hardly spread.
            self.left = costs["connections"] * (costs["write"] + costs["joined"] * len(self.round))
            self.carried = costs["connections"] * costs["frame"] * len(self.round) / self.left
        self.stepping = True
        step = min(self.left, self.STEP)
        self.left -= step
        self.core.take(step, lambda: self.stepped(step))

    def stepped(self, step: float) -> None:
        self.stepping = False
        if self.left > 0:
            self.card.take(step * self.carried)
            return self.step()
        told, self.round = self.round, []
        self.walked += [(came, self.clock.now - came) for came, _ in told]

        def all_told() -> None:
            for _, it in told:
                if it:
                    it()

        self.card.take(step * self.carried, all_told)
        self.step()
