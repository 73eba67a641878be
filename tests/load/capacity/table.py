"""Prints the capacity table: python3 -B tests/load/capacity/table.py"""

from __future__ import annotations

from math import isfinite

from model import Cell, cells_for, load, most_connections, nodes_for
from simulation import back_after

SIZES = [1_000, 10_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000]
HEAD = [
    "connections", "cells x nodes", "otomo seen", "a status takes", "memory a node", "delivery cores used", "jobs stored/s",
    "through Redis/s", "network a node", "breaks first, and how full it is with a quarter more", "first load of a client",
    "all back after a node stopped; a status meanwhile", "all back after the site broke",
]


def row(connections: int, cells: int, cell: Cell) -> list[str]:
    """`connections` are those of all cells."""
    used = cell.used()
    machine = cell.figures["machine"]
    first, full = cell.first()
    return [
        f"{connections:,}",
        f"{cells} x {cell.nodes}",
        f"{cell.connections * cell.figures['day']['otomo_share']:,.0f}",
        f"{cell.status_takes() * 1000:,.0f} ms" if isfinite(cell.round()) else "never",
        f"{used['memory'] * machine['memory'] / 1e9:.1f} GB",
        f"{cell.delivery() * cell.workers:.1f} of {cell.workers}",
        f"{cell.jobs:,.0f}",
        f"{cell.backplane_messages:,.0f}",
        f"{cell.network() / 1e6:,.0f} MB/s",
        f"{first} ({full:.0%})" if isfinite(full) else f"{first} (never end)",
        f"{cell.listed / 1e3:,.0f} KB",
        *back(cell),
    ]


def back(cell: Cell) -> list[str]:
    """Simulated, with the reserve's people; of a cell that does not carry its own people nothing is said."""
    if not cell.carries():
        return ["-", "-"]
    people = cell.connections * cell.figures["aim"]["reserve"]
    site, _ = back_after(cell.figures, people, cell.nodes, "site")
    if cell.nodes == 1:
        return ["-", f"{site:,.0f} s"]
    node, status = back_after(cell.figures, people, cell.nodes, "node")
    return [f"{node:,.1f} s; {status * 1000:,.0f} ms", f"{site:,.0f} s"]


def main() -> None:
    figures = load()
    print("The fewest nodes for a number of connections, in as many cells as are best:\n")
    print_table(HEAD, [row(size, *cells_for(figures, size)) for size in SIZES])
    print("\nAll in one cell:\n")
    # Where no number of nodes is enough, what a hundred lack.
    print_table(HEAD, [row(size, 1, nodes_for(figures, size, 100) or Cell(figures, size, 100)) for size in SIZES])
    most = [most_connections(figures, nodes) for nodes in (1, 2, 4, 8, 16)]
    print("\nThe most that a cell of so many nodes carries:\n")
    print_table(HEAD, [row(cell.connections, 1, cell) for cell in most])


def print_table(head: list[str], rows: list[list[str]]) -> None:
    for cells in [head, ["---"] * len(head), *rows]:
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
