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
comes when a round has just begun waits for two of them. Rounds differ, for changes come at random: one that carries k of
them makes the next longer, so their lengths are spread by

    deviation^2 = (n * joined)^2 * status * round / (1 - (status * n * joined)^2)

and three deviations above the mean are reckoned with. Since both `status` and n grow with N, the cores that a cell needs
grow with its square: which is what cells are for.

**The list.** Everybody who connects is told all otomo of the cell, so what the network carries for sessions grows with the
square, too.

**The rest** is what comes per second times what one costs, over what there is of it. What serves one after another is full at
`busy`, not at all of its time.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from math import inf, sqrt
from pathlib import Path
from typing import Any

HOUR = 3600

Figures = dict[str, dict[str, Any]]


def load(path: Path = Path(__file__).with_name("figures.toml")) -> Figures:
    """The figures, without where they are from."""
    figures = tomllib.loads(path.read_text())
    for part in ("measured", "points", "within"):
        figures[part] = {name: figure for name, (figure, *_source) in figures[part].items()}
    return figures


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
        """Jobs of the store a second, each as large as a message's."""
        day, measured = self.figures["day"], self.figures["measured"]
        return (
            self.rate("message")
            + self.rate("status")
            + day["call_jobs"] * self.rate("call") * measured["call_job"] / measured["job"]
            + day["session_jobs"] * self.rate("session")
        )

    @property
    def job(self) -> float:
        """What a job takes of its node's writer, with its part of the checkpoints: where nodes share a PostgreSQL, it waits
        for that."""
        measured = self.figures["measured"]
        checkpoint = measured["checkpoint"] / measured["checkpoint_jobs"]
        return checkpoint + measured["job" if self.nodes == 1 else "postgres"]

    @property
    def listed(self) -> float:
        """Bytes that a client is told when it connects: the list of all otomo."""
        return self.connections * self.figures["day"]["otomo_share"] * self.figures["measured"]["listed_bytes"]

    @property
    def letting_in(self) -> float:
        """Microseconds of a core for a client that connects, with its list."""
        measured = self.figures["measured"]
        return measured["connect"] + self.listed * measured["listed_byte"]

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
        return self.nodes * rate / (1 + rate * self.figures["server"]["join"])

    def delivery(self) -> float:
        """How full the delivery cores are."""
        cost, share = self.figures["measured"], 1 / (self.nodes * self.workers)
        to_all = self.rate("status") * self.per_worker * cost["joined"]
        to_single = self.frames * share * cost["write"]
        connecting = self.rate("session") * share * self.letting_in
        return (to_all + to_single + connecting) / 1e6

    def round(self) -> float:
        """Seconds of a round over a worker's connections in the mean; without end once the cores are full."""
        left = 1 - self.delivery()
        alone = self.per_worker * self.figures["measured"]["write"] / 1e6
        return alone / left if left > 0 else inf

    def status_takes(self) -> float:
        """Seconds until everybody has a status, 99 times in 100: two long rounds."""
        mean, each = self.round(), self.per_worker * self.figures["measured"]["joined"] / 1e6
        if mean == inf:
            return inf
        grows = self.rate("status") * each
        deviation = each * sqrt(self.rate("status") * mean / (1 - grows**2))
        return 2 * (mean + 3 * deviation)

    def used(self) -> dict[str, float]:
        """How full everything is; at 1 it is too full."""
        figures, machine, measured = self.figures, self.figures["machine"], self.figures["measured"]
        local, busy = self.connections / self.nodes, figures["aim"]["busy"]
        memory = local * (measured["resident"] + measured["kernel"])
        used = {
            "delivery's rounds": self.status_takes() / figures["aim"]["status_within"],
            "memory": memory / machine["memory"],
            "descriptors": local / machine["descriptors"],
            "network": self.network() / machine["network"] / busy,
            "store's writer": self.jobs / self.nodes * self.job / 1e6 / busy,
        }
        if self.nodes > 1:
            copies = self.backplane_messages + self.status_messages * (self.nodes - 1)
            redis = self.backplane_messages * measured["publish"] + copies * measured["copy"]
            used["Redis"] = redis / 1e6 / busy
            used["PostgreSQL"] = self.jobs * measured["postgres"] / 1e6 / machine["postgres_cores"] / busy
        return used

    def network(self) -> float:
        """Bytes a second that a node sends: statuses to all, frames to single people, and the list to everybody who connects."""
        local = self.connections / self.nodes
        frames = local * self.rate("status") + self.frames / self.nodes
        return frames * self.figures["day"]["frame_bytes"] + self.rate("session") / self.nodes * self.listed

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
    # Since each cell has a node, more cells than the best has nodes cannot be better.
    for cells in range(1, connections + 1):
        if best and cells >= best[0] * best[1].nodes:
            break
        # Of as many nodes as the best or more it is not looked for.
        most = (best[0] * best[1].nodes - 1) // cells if best else 200
        cell = nodes_for(figures, -(-connections // cells), most)
        if cell:
            best = (cells, cell)
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
