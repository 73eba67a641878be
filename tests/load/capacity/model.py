"""How full each part of a cluster is with a number of connections: plain algebra over figures.toml.

A *cell* is one cluster: nodes that share a PostgreSQL and a Redis, or one node with SQLite. Everybody in a cell sees
all of its otomo. Many cells stand beside each other (markets, regions) and share nothing.

With N connections on K nodes, n = N / (K * W) of them are on each of a node's W delivery cores; one core of a node is left
to the hubs and the store's writer. Rates are per second and cell:

    status  = N * otomo_share * status_changes / 3600    each goes to all N connections
    message = N * messages / 3600                         goes to two people, and its sender is answered
    call    = N * calls / 3600
    session = N / session

**Delivery.** A worker that is busy takes all that waits when it is free again, and joins it into one write for each
connection. So under load an update costs `joined`, not `write`, and delivery does not break but stretches: a round over n
connections that carries what came during the round takes

    round = n * write + (status * round) * n * joined     =>     round = n * write / (1 - status * n * joined)

It exists while `status * n * joined < 1`; that product, with what goes to single people, is how full the cores are. What
comes when a round has just begun waits for two of them. Since both `status` and n grow with N, the cores that a cell needs
grow with its square: which is what cells are for.

**The rest** is what comes per second times what one costs, over what there is of it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

HOUR = 3600

Figures = dict[str, dict[str, Any]]


def load(path: Path = Path(__file__).with_name("figures.toml")) -> Figures:
    return tomllib.loads(path.read_text())


@dataclass(frozen=True)
class Cell:
    """One cluster and what people do in it."""

    figures: Figures
    connections: int
    nodes: int

    def rate(self, what: str) -> float:
        """How often that happens in a second: `status`, `message`, `call` or `session`."""
        day = self.figures["day"]
        per_connection = {
            "status": day["otomo_share"] * day["status_changes"] / HOUR,
            "message": day["messages"] / HOUR,
            "call": day["calls"] / HOUR,
            "session": 1 / day["session"],
        }
        return self.connections * per_connection[what]

    @property
    def workers(self) -> int:
        """Delivery cores of a node."""
        return max(1, self.figures["machine"]["cores"] - 1)

    @property
    def per_worker(self) -> float:
        return self.connections / (self.nodes * self.workers)

    @property
    def frames(self) -> float:
        """Frames a second that go to single people: three for a message (two people and the answer), those of calls."""
        return 3 * self.rate("message") + self.figures["day"]["call_frames"] * self.rate("call")

    @property
    def jobs(self) -> float:
        """Jobs of the store a second."""
        day = self.figures["day"]
        return (
            self.rate("message")
            + self.rate("status")
            + day["call_jobs"] * self.rate("call")
            + day["session_jobs"] * self.rate("session")
        )

    @property
    def job(self) -> float:
        """What a job takes of its node's writer: where nodes share a PostgreSQL, it waits for that."""
        store = self.figures["store"]
        return store["job"] if self.nodes == 1 else max(store["job"], store["postgres"])

    @property
    def backplane_messages(self) -> float:
        """Messages a second through Redis. What two people say to each other crosses it if they are on different nodes;
        status changes are joined by each node."""
        if self.nodes == 1:
            return 0.0
        apart = 1 - 1 / self.nodes
        between_people = self.rate("message") + self.figures["day"]["call_frames"] * self.rate("call")
        return between_people * apart + self.status_messages

    @property
    def status_messages(self) -> float:
        """A node waits `join` seconds after each, so it sends 1 / (1 / rate + join) a second at most."""
        rate = self.rate("status") / self.nodes
        return self.nodes * rate / (1 + rate * self.figures["backplane"]["join"])

    def delivery(self) -> float:
        """How full the delivery cores are."""
        cost, share = self.figures["delivery"], 1 / (self.nodes * self.workers)
        to_all = self.rate("status") * self.per_worker * cost["joined"]
        to_single = self.frames * share * cost["write"]
        connecting = self.rate("session") * share * self.figures["connection"]["connect"]
        return (to_all + to_single + connecting) / 1e6

    def round(self) -> float:
        """Seconds of a round over a worker's connections; without end once the cores are full."""
        left = 1 - self.delivery()
        alone = self.per_worker * self.figures["delivery"]["write"] / 1e6
        return alone / left if left > 0 else float("inf")

    def used(self) -> dict[str, float]:
        """How full everything is; at 1 it breaks."""
        figures, machine = self.figures, self.figures["machine"]
        local = self.connections / self.nodes
        memory = local * (figures["connection"]["resident"] + figures["connection"]["kernel"])
        sent = local * self.rate("status") + self.frames / self.nodes
        used = {
            "delivery cores": self.delivery(),
            "delivery's rounds": 2 * self.round() / figures["aim"]["status_within"],
            "memory": memory / machine["memory"],
            "descriptors": local / machine["descriptors"],
            "network": sent * figures["delivery"]["bytes"] / machine["network"],
            "store's writer": self.jobs / self.nodes * self.job / 1e6,
        }
        if self.nodes > 1:
            backplane = figures["backplane"]
            copies = self.backplane_messages + self.status_messages * (self.nodes - 1)
            redis = self.backplane_messages * backplane["publish"] + copies * backplane["copy"]
            used["Redis"] = redis / 1e6
            used["PostgreSQL"] = self.jobs * figures["store"]["postgres"] / 1e6 / machine["postgres_cores"]
        return used

    def first(self) -> tuple[str, float]:
        """What breaks first, with more people than there are: what, and how full it is with the reserve."""
        more = replace(self, connections=int(self.connections * self.figures["aim"]["reserve"]))
        return max(more.used().items(), key=lambda item: item[1])

    def carries(self) -> bool:
        return self.first()[1] <= 1


def nodes_for(figures: Figures, connections: int, most: int = 1000) -> Cell | None:
    """The smallest cell that carries so many connections; none if no number of nodes does."""
    for nodes in range(1, most + 1):
        cell = Cell(figures, connections, nodes)
        if cell.carries():
            return cell
    return None


def cells_for(figures: Figures, connections: int) -> tuple[int, Cell]:
    """How many cells of which kind carry so many connections with the fewest nodes; of equals the fewest cells."""
    best: tuple[int, Cell] | None = None
    cells = 1
    while cells <= 1024:
        cell = nodes_for(figures, -(-connections // cells), 200)
        if cell and (best is None or cells * cell.nodes < best[0] * best[1].nodes):
            best = (cells, cell)
        cells *= 2
    assert best is not None, "a cell of a few people always fits"
    return best


def most_connections(figures: Figures, nodes: int) -> Cell:
    """The largest cell of so many nodes."""
    low, high = 1, 1
    while Cell(figures, high, nodes).carries():
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if Cell(figures, middle, nodes).carries() else (low, middle)
    return Cell(figures, low, nodes)
