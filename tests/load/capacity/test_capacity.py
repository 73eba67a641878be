"""The model says what it should, and what it reckons runs: python3 -B -m unittest discover -s tests/load/capacity"""

from __future__ import annotations

import copy
import math
import unittest
from dataclasses import replace

from model import Cell, cells_for, load, most_connections, nodes_for
from simulation import Simulation, judge


class Model(unittest.TestCase):
    figures = load()

    def test_a_round_without_anything_else_is_a_write_to_each(self) -> None:
        figures = copy.deepcopy(self.figures)
        figures["day"].update(otomo_share=0, messages=0, calls=0, session=math.inf)
        cell = Cell(figures, 70_000, 1)
        self.assertEqual(cell.per_worker, 10_000)
        self.assertAlmostEqual(cell.round(), 0.05)

    def test_delivery_stretches_and_then_breaks(self) -> None:
        rounds = [Cell(self.figures, size, 1).round() for size in (100_000, 200_000, 300_000, 700_000)]
        # Twice the people take more than twice the time.
        self.assertGreater(rounds[1], 2 * rounds[0])
        self.assertEqual(rounds, sorted(rounds))
        self.assertEqual(rounds[-1], math.inf)

    def test_the_cores_of_a_cell_grow_with_its_square(self) -> None:
        figures = copy.deepcopy(self.figures)
        # Statuses alone.
        figures["day"].update(messages=0, calls=0, session=math.inf)
        used = [Cell(figures, size, 1).delivery() for size in (50_000, 100_000)]
        self.assertAlmostEqual(used[1] / used[0], 4)

    def test_a_node_that_is_alone_needs_no_redis(self) -> None:
        self.assertEqual(Cell(self.figures, 1_000, 1).backplane_messages, 0)
        self.assertNotIn("Redis", Cell(self.figures, 1_000, 1).used())
        self.assertIn("Redis", Cell(self.figures, 1_000, 2).used())

    def test_what_is_scarce_breaks_first(self) -> None:
        for part, key, what in [
            ("machine", "memory", "memory"),
            ("machine", "network", "network"),
            ("machine", "descriptors", "descriptors"),
            ("machine", "postgres_cores", "PostgreSQL"),
        ]:
            figures = copy.deepcopy(self.figures)
            figures[part][key] /= 1_000
            self.assertEqual(Cell(figures, 300_000, 3).first()[0], what)
        for part, key, what in [
            ("store", "job", "store's writer"),
            ("backplane", "publish", "Redis"),
            ("delivery", "joined", "delivery's rounds"),
        ]:
            figures = copy.deepcopy(self.figures)
            figures[part][key] *= 200
            self.assertEqual(Cell(figures, 300_000, 3).first()[0], what)

    def test_a_cell_is_as_small_as_it_may_be(self) -> None:
        cell = nodes_for(self.figures, 1_000_000)
        assert cell is not None
        self.assertTrue(cell.carries())
        self.assertFalse(replace(cell, nodes=cell.nodes - 1).carries())
        most = most_connections(self.figures, 4)
        self.assertTrue(most.carries())
        self.assertFalse(replace(most, connections=most.connections + 1).carries())

    def test_ten_million_are_carried_by_many_cells_and_by_no_single_one(self) -> None:
        self.assertIsNone(nodes_for(self.figures, 10_000_000))
        cells, cell = cells_for(self.figures, 10_000_000)
        self.assertGreaterEqual(cells * cell.connections, 10_000_000)
        self.assertTrue(cell.carries())


class Simulated(unittest.TestCase):
    """What is reckoned runs, and 1.3 times that does not."""

    figures = load()

    def check(self, cell: Cell, seed: int) -> None:
        verdict = judge(cell, seed)
        self.assertTrue(verdict.keeps_up, f"{cell.nodes} nodes, {cell.connections:,}: {verdict}")
        more = replace(cell, connections=int(cell.connections * 1.3))
        verdict = judge(more, seed)
        self.assertFalse(verdict.keeps_up, f"{more.nodes} nodes, {more.connections:,}: {verdict}")

    def test_one_node(self) -> None:
        for seed in (1, 2, 3):
            self.check(most_connections(self.figures, 1), seed)

    def test_four_nodes(self) -> None:
        self.check(most_connections(self.figures, 4), seed=4)

    def test_where_the_database_breaks_first(self) -> None:
        figures = copy.deepcopy(self.figures)
        figures["store"]["postgres"] *= 4
        figures["machine"]["postgres_cores"] = 2
        cell = most_connections(figures, 3)
        self.assertEqual(cell.first()[0], "PostgreSQL")
        self.check(cell, seed=5)

    def test_a_status_takes_what_the_model_says(self) -> None:
        cell = Cell(self.figures, 100_000, 1)
        took = judge(cell, seed=6).late
        self.assertGreater(took, cell.round())
        # The commit comes on top, and rounds with more updates than most.
        self.assertLess(took, 3 * cell.round())

    def test_a_seed_gives_one_run(self) -> None:
        cell = Cell(self.figures, 20_000, 2)
        runs = [Simulation(cell, seed).run(4.0).statuses for seed in (7, 7, 8)]
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])


if __name__ == "__main__":
    unittest.main()
