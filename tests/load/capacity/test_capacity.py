"""The model says what it should, what it reckons runs, and the simulation does what a real server did:
python3 -B -m unittest discover -s tests/load/capacity"""

from __future__ import annotations

import copy
import math
import re
import tomllib
import unittest
from dataclasses import replace
from pathlib import Path

import measure
from engine import Bulk, Clock, Dice, Station, percentile
from model import Cell, cells_for, load, most_connections, nodes_for
from points import bench, holds, opened, simulated
from simulation import Cluster, back_after, grouped, judge

FIGURES = load()
ROOT = Path(__file__).parents[3]


def changed(part: str, **values: float) -> dict:
    """The figures, with other values in a part."""
    figures = copy.deepcopy(FIGURES)
    figures[part].update(values)
    return figures


#: Where the load tool's scenarios are.
SCENARIOS = ROOT / "src/cli/bench/scenarios"


class Sources(unittest.TestCase):
    RAW = tomllib.loads(Path(__file__).with_name("figures.toml").read_text())

    def test_each_measured_figure_is_of_a_command_or_file_that_there_is(self) -> None:
        for part in ("measured", "points"):
            before = ""
            for name, (_figure, command, what) in self.RAW[part].items():
                with self.subTest(name):
                    self.assertTrue(what)
                    self.assertTrue(before or not command.startswith("the same"), "the same as what?")
                    if bench := re.match(r"otomo bench (\w+)( --[a-z-]+( \d+)?)*(, and .*)?$", command):
                        there = [SCENARIOS / bench[1], SCENARIOS / f"{bench[1]}.rs"]
                        self.assertTrue(any(map(Path.exists, there)), command)
                    elif command.endswith(".md"):
                        self.assertTrue((ROOT / command).exists(), command)
                    else:
                        self.assertRegex(command, r"^(the same|cargo test|redis-benchmark)\b")
                before = command

    def test_every_figure_of_the_load_tool_is_measured_by_one_command(self) -> None:
        named = measure.commands(measure.FILE.read_text())
        self.assertEqual(set(named), set(measure.TAKEN))

    def test_what_was_measured_is_written_where_it_stands_and_nothing_else_changes(self) -> None:
        text = measure.FILE.read_text()
        found = {name: 10.0 + number for number, name in enumerate(measure.TAKEN)}
        figures, before = tomllib.loads(measure.written(text, found)), tomllib.loads(text)
        for name, figure in found.items():
            part = "measured" if name in before["measured"] else "points"
            self.assertEqual(figures[part][name][0], figure, name)
            before[part][name][0] = figure
        self.assertEqual(figures, before)

    def test_figures_are_taken_from_reports(self) -> None:
        latency = {"p50": 2.0, "p99": 5.0}
        level = {"sendsPerSecond": 10_000.0, "writesPerCommit": 100.0, "latencyMs": latency}
        report = {
            "residentKibPerConnection": 2.5, "connectsPerSecond": 9_000.0, "deliveriesPerSecond": 200_000.0,
            "callsPerSecond": 3_000.0, "changes": 600_000, "heard": 100_000.0, "commitMs": 0.2, "latencyMs": latency,
            "levels": [level], "serverUserMicrosPerCall": 300.0,
        }
        report |= {f"server{part}MicrosPer{of}": 20.0 for part in ("User", "System") for of in ("Connect", "Delivery", "Change")}
        asked, runs = measure.commands(measure.FILE.read_text()), []
        figures = changed("measured", checkpoint=10_000, checkpoint_jobs=1_000)
        found = measure.measured(figures, asked, lambda command: runs.append(command) or report)
        self.assertEqual(len(runs), len(set(runs)))
        points = {"chat_rate": 10_000, "calls_rate": 3_000, "storm_rate": 9_000, "fanout_rate": 200_000}
        points |= {name: 2 for name in ("chat_p50", "calm_chat_p50", "calls_p50")}
        points |= {name: 5 for name in ("chat_p99", "calm_chat_p99", "calm_calls_p99")}
        expected = points | {"resident": 2_560, "connect": 40, "write": 40, "joined": 0.24, "flush": 200}
        expected |= {"call_job": 50, "spread": 2.5}
        for name, figure in expected.items():
            self.assertAlmostEqual(found[name], figure, msg=name)
        # 100 µs a send, of which 2 are its part of the flush that was just measured, and 10 of a checkpoint.
        self.assertAlmostEqual(found["job"], 88)

    def test_each_point_says_how_far_the_simulation_may_be_from_it_and_why(self) -> None:
        self.assertEqual(self.RAW["within"].keys(), self.RAW["points"].keys())
        for name, (within, why) in self.RAW["within"].items():
            self.assertTrue(1 < within <= 2.5 and why, name)


class Model(unittest.TestCase):
    def test_a_round_without_anything_else_is_a_write_to_each(self) -> None:
        figures = changed("day", otomo_share=0, messages=0, calls=0, session=math.inf)
        cell = Cell(figures, 70_000, 1)
        self.assertEqual(cell.per_worker, 10_000)
        self.assertAlmostEqual(cell.round(), 10_000 * FIGURES["measured"]["write"] / 1e6)

    def test_delivery_stretches_and_then_breaks(self) -> None:
        rounds = [Cell(FIGURES, size, 1).round() for size in (100_000, 200_000, 300_000, 2_000_000)]
        # Twice the people take more than twice the time.
        self.assertGreater(rounds[1], 2 * rounds[0])
        self.assertEqual(rounds, sorted(rounds))
        self.assertEqual(rounds[-1], math.inf)

    def test_the_cores_of_a_cell_grow_with_its_square(self) -> None:
        # Statuses alone.
        figures = changed("day", messages=0, calls=0, session=math.inf)
        used = [Cell(figures, size, 1).delivery() for size in (50_000, 100_000)]
        self.assertAlmostEqual(used[1] / used[0], 4)

    def test_what_sessions_are_told_first_is_in_the_network_and_grows_with_the_square(self) -> None:
        # Nobody changes their status, so the lists are all that is sent.
        figures = changed("day", status_changes=0, messages=0, calls=0)
        cells = [Cell(figures, size, 1) for size in (50_000, 100_000)]
        lists = 100_000 / figures["day"]["session"] * 1_000 * figures["measured"]["listed_bytes"]
        self.assertAlmostEqual(cells[1].network(), lists)
        self.assertAlmostEqual(cells[1].network() / cells[0].network(), 4)
        self.assertGreater(cells[1].letting_in, cells[0].letting_in)

    def test_a_node_that_is_alone_needs_no_redis(self) -> None:
        self.assertEqual(Cell(FIGURES, 1_000, 1).backplane_messages, 0)
        self.assertNotIn("Redis", Cell(FIGURES, 1_000, 1).used())
        self.assertIn("Redis", Cell(FIGURES, 1_000, 2).used())

    def test_what_is_scarce_breaks_first(self) -> None:
        for part, key, factor, what in [
            ("machine", "memory", 1 / 1_000, "memory"),
            ("machine", "network", 1 / 1_000, "network"),
            ("machine", "descriptors", 1 / 1_000, "descriptors"),
            ("machine", "postgres_cores", 1 / 1_000, "PostgreSQL"),
            ("measured", "listed_bytes", 200, "network"),
            ("measured", "checkpoint", 200, "store's writer"),
            ("measured", "publish", 200, "Redis"),
            ("measured", "joined", 200, "delivery's rounds"),
        ]:
            figures = changed(part, **{key: FIGURES[part][key] * factor})
            self.assertEqual(Cell(figures, 300_000, 3).first()[0], what, key)

    def test_a_cell_is_as_small_as_it_may_be(self) -> None:
        cell = nodes_for(FIGURES, 1_000_000)
        assert cell is not None
        self.assertTrue(cell.carries())
        self.assertFalse(replace(cell, nodes=cell.nodes - 1).carries())
        most = most_connections(FIGURES, 4)
        self.assertTrue(most.carries())
        self.assertFalse(replace(most, connections=most.connections + 1).carries())

    def test_ten_million_are_carried_by_many_cells_and_by_no_single_one(self) -> None:
        self.assertIsNone(nodes_for(FIGURES, 10_000_000))
        cells, cell = cells_for(FIGURES, 10_000_000)
        self.assertGreaterEqual(cells * cell.connections, 10_000_000)
        self.assertTrue(cell.carries())

    def test_no_number_of_cells_needs_fewer_nodes(self) -> None:
        for size in (1_000, 1_000_000, 3_000_000):
            cells, best = cells_for(FIGURES, size)
            for other in range(1, cells * best.nodes):
                fewer = (cells * best.nodes - 1) // other
                self.assertIsNone(nodes_for(FIGURES, -(-size // other), fewer), f"{size:,} in {other} cells")

    def test_cells_need_not_be_a_power_of_two(self) -> None:
        full = most_connections(FIGURES, 1)
        cells, cell = cells_for(FIGURES, 3 * full.connections)
        self.assertLessEqual(cells * cell.nodes, 3)


class Parts(unittest.TestCase):
    def test_chance_has_the_mean_that_is_asked_for(self) -> None:
        dice = Dice(1, spread=4.0)
        for count in (1, 10):
            mean = sum(dice.time(2.0, count) for _ in range(20_000)) / 20_000
            self.assertAlmostEqual(mean / (2.0 * count), 1, delta=0.03)

    def test_a_station_serves_one_after_another(self) -> None:
        clock, done = Clock(), []
        station = Station(clock, servers=2)
        for _ in range(4):
            station.take(1.0, lambda: done.append(clock.now))
        clock.run(10.0)
        self.assertEqual(done, [1.0, 1.0, 2.0, 2.0])
        self.assertEqual(station.load(4.0), 0.5)

    def test_what_is_short_does_not_wait_for_what_is_long(self) -> None:
        clock, done = Clock(), {}
        station = Station(clock)
        Bulk(station).take(1.0, lambda: done.update(long=clock.now))
        station.take(0.001, lambda: done.update(short=clock.now))
        clock.run(2.0)
        self.assertAlmostEqual(done["long"], 1.001)
        self.assertLess(done["short"], 0.01)


    def test_a_percentile_is_of_what_began_since(self) -> None:
        times = [(float(at), float(at)) for at in range(200)]
        self.assertEqual(percentile(times, 50), 100)
        self.assertEqual(percentile(times, 99), 198)
        self.assertEqual(percentile(times, 50, since=100), 150)
        self.assertEqual(percentile(times, 50, since=1_000), 0)

    def test_in_groups_nobody_is_lost(self) -> None:
        for people in (0, 1, 4_999, 5_000, 12_500):
            groups = grouped(people, 5_000)
            self.assertEqual(sum(groups), people)
            self.assertLessEqual(len(groups), 5_000)
            self.assertLessEqual(max(groups, default=0) - min(groups, default=0), 1)

    def test_a_rate_is_an_even_clock(self) -> None:
        times = opened(bench(FIGURES, 10, cores=1), 250, lambda done: done())
        began = [at for at, _ in times]
        self.assertEqual(began, [number / 250 for number in range(1_000)])

    def test_what_stays_on_the_senders_node_does_not_go_through_redis(self) -> None:
        cluster = Cluster(FIGURES, 10, 2)
        here, there = cluster.nodes
        cluster.node = lambda: there
        cluster.to_somebody(there)
        self.assertEqual(cluster.redis.asked, 0)
        cluster.to_somebody(here)
        self.assertGreater(cluster.redis.asked, 0)


class Simulated(unittest.TestCase):
    """What is reckoned runs with the reserve, and more than that breaks where it was reckoned to."""

    def check(self, cell: Cell, seed: int) -> None:
        full = int(cell.connections * cell.figures["aim"]["reserve"])
        verdict = judge(cell.figures, full, cell.nodes, seed)
        self.assertIsNone(verdict.broken, f"{cell.nodes} nodes, {full:,}: {verdict}")
        verdict = judge(cell.figures, full * 1.3, cell.nodes, seed)
        self.assertEqual(verdict.broken, cell.first()[0], f"{cell.nodes} nodes, {full * 1.3:,}: {verdict}")

    def test_one_node(self) -> None:
        for seed in (1, 2, 3):
            self.check(most_connections(FIGURES, 1), seed)

    def test_four_nodes(self) -> None:
        self.check(most_connections(FIGURES, 4), seed=4)

    def test_where_something_else_breaks_first(self) -> None:
        for figures, what in [
            (changed("machine", postgres_cores=1), "PostgreSQL"),
            (changed("machine", network=FIGURES["machine"]["network"] / 8), "network"),
            (changed("measured", publish=2_000), "Redis"),
            (changed("machine", memory=FIGURES["machine"]["memory"] / 80), "memory"),
        ]:
            cell = most_connections(figures, 3)
            self.assertEqual(cell.first()[0], what)
            self.check(cell, seed=5)

    def test_a_status_takes_no_longer_than_the_model_says_and_not_much_less(self) -> None:
        cell = Cell(FIGURES, 200_000, 1)
        took = judge(FIGURES, cell.connections, 1, seed=6).statuses
        self.assertLess(took, cell.status_takes())
        self.assertGreater(took, cell.status_takes() / 2)

    def test_a_seed_gives_one_run(self) -> None:
        runs = []
        for seed in (7, 7, 8):
            cluster = Cluster(FIGURES, 20_000, 2, seed)
            cluster.live(4.0)
            cluster.clock.run(5.0)
            runs.append(cluster.statuses)
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])

    def test_it_does_what_a_real_server_did(self) -> None:
        for name, value in simulated(FIGURES).items():
            ratio = value / FIGURES["points"][name]
            self.assertTrue(holds(FIGURES, name, value), f"{name}: {value:.4g}, x {ratio:.2f} of what was measured")

    def test_a_point_holds_no_farther_than_it_may(self) -> None:
        figures = {"points": {"rate": 100}, "within": {"rate": 1.25}}
        for value, expected in [(79, False), (81, True), (124, True), (126, False)]:
            self.assertEqual(holds(figures, "rate", value), expected, value)


class ComeBack(unittest.TestCase):
    def test_a_small_site_is_back_when_its_clients_are(self) -> None:
        took, _ = back_after(FIGURES, 1_000, 1, "site")
        self.assertAlmostEqual(took, FIGURES["server"]["patience"], delta=1)

    def test_a_large_one_waits_for_its_network(self) -> None:
        people = 300_000
        told = people * Cell(FIGURES, people, 1).listed / FIGURES["machine"]["network"]
        self.assertGreater(told, 2 * FIGURES["server"]["patience"])
        took, _ = back_after(FIGURES, people, 1, "site")
        self.assertAlmostEqual(took / told, 1, delta=0.05)

    def test_who_came_from_a_node_that_stopped_is_carried_by_the_others(self) -> None:
        few, status = back_after(FIGURES, 40_000, 4, "node")
        self.assertLess(few, FIGURES["server"]["spread"] + 0.5)
        self.assertLess(status, FIGURES["aim"]["status_within"])
        many, _ = back_after(FIGURES, 400_000, 4, "node")
        self.assertGreater(many, few)


if __name__ == "__main__":
    unittest.main()
