//! `otomo bench calls`: how many whole calls a server takes in a second, and how long their parts take.
//!
//! Each pair is a caller and an otomo with one connection each. They go through all of a call: request, ring, accept, offer,
//! answer, candidates, connected by both, end. With `--rate` calls begin by the clock (one that finds no free pair waits, and
//! counts from when it was due), else each pair begins its next call when the last has ended. A call in which something is
//! heard twice, out of turn or not at all ends the run.

mod active_calls;
mod cycle;
mod texts;

use std::time::{Duration, Instant};

use clap::Args;

pub(crate) use self::{active_calls::Ledger, cycle::Side};
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Pace},
        options::seconds,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Actions, Play},
        target::Target,
        user,
    },
    kernel::identity::Role,
};

/// How many call, how often, and for how long.
#[derive(Args)]
pub(crate) struct CallsArgs {
    /// Pairs of a caller and an otomo: the most calls at a time.
    #[arg(long, default_value_t = 256, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    pairs: u32,
    /// Calls a second, by the clock [default: as fast as they end].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How long to count, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = seconds)]
    seconds: u64,
}

const PAIRS: Figure = Figure::new("pairs", "pairs", Unit::Count);
const ASKED: Figure = Figure::new("asked", "calls asked for, per second", Unit::PerSecond);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const CALLS: Figure = Figure::new("calls", "calls, from request to end", Unit::Count);
const PER_SECOND: Figure =
    Figure::new("callsPerSecond", "calls per second", Unit::PerSecond).alias("rate");
const SET_UP: Figure = Figure::new("latencyMs", "request to ring", Unit::Latency);
const ACCEPTED: Figure = Figure::new("acceptedMs", "request to accepted", Unit::Latency);
const WHOLE: Figure = Figure::new("wholeMs", "whole call", Unit::Latency);
const WRITES: Figure = Figure::new("writesPerCommit", "writes per commit", Unit::Count);
const COMMIT: Figure = Figure::new("commitMs", "a commit of the server", Unit::Millis);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerCall",
    "serverSystemMicrosPerCall",
    "toolMicrosPerCall",
    "call"
];

impl Scenario for CallsArgs {
    const NAME: &'static str = "calls";
    const FIGURES: &'static [Figure] = &[
        PAIRS,
        ASKED,
        SECONDS,
        CALLS,
        PER_SECOND,
        SET_UP,
        ACCEPTED,
        WHOLE,
        WRITES,
        COMMIT,
        COSTS[0],
        COSTS[1],
        COSTS[2],
        LEFT_OVER[0],
        LEFT_OVER[1],
        LATENESS,
        TOOL[0],
        TOOL[1],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let connections = self.pairs.saturating_mul(2);
        let target = bench.target(connections)?;
        target.must_be_otomo()?;
        let mut crowd = Crowd::eager(&target)?;
        let meter = Meter::new("calls", connections as usize, bench.progress);
        let mut calls = Calls::admit(&mut crowd, &target, self.pairs, meter)?;
        calls.pace = Pace::of(self.rate, Instant::now());
        let span = Duration::from_secs(self.seconds);
        let spent = stage::measure(&mut crowd, &target, &mut calls, span)?;
        let figures = &calls.ledger.figures;
        let count = figures.whole.count();
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(PAIRS, self.pairs);
        if let Some(rate) = self.rate {
            report.put(ASKED, rate);
        }
        let counts = [SECONDS, CALLS, PER_SECOND];
        spent.report(&mut report, counts, COSTS, count);
        report.latency(SET_UP, figures.set_up.latencies());
        report.latency(ACCEPTED, figures.accepted.latencies());
        report.measured(WHOLE, &figures.whole);
        report.put(WRITES, spent.commits.mean_writes());
        report.put(COMMIT, spent.commits.mean_time().as_secs_f64() * 1e3);
        stage::finish(&mut crowd, &mut calls)?;
        Ok(report)
    }
}

/// All pairs; callers come first in the crowd.
struct Calls {
    ledger: Ledger,
    pairs: usize,
    pace: Pace,
}

impl Calls {
    fn admit(
        crowd: &mut Crowd,
        target: &Target,
        pairs: u32,
        meter: Meter,
    ) -> Result<Self, BenchFault> {
        for (kind, role) in [("caller", Role::User), ("otomo", Role::Otomo)] {
            crowd.admit(target.tickets(kind, pairs, role, "calls")?.into_iter())?;
        }
        let pairs = pairs as usize;
        let otomo = (0..pairs).map(|number| user("otomo", number));
        let otomo = otomo.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            ledger: Ledger::new(otomo, Duration::ZERO, meter),
            pairs,
            pace: Pace::Closed,
        })
    }
}

impl Play for Calls {
    const STORES: bool = true;

    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        while self.ledger.live() < self.pairs
            && let Some(due) = self.pace.next(now)
            && let Some((caller, request)) = self.ledger.begin(due)
        {
            actions.due(self.pace, due).say(caller, request);
        }
        // Whoever waits for a free pair waits for a message, not for the clock.
        let free = self.ledger.live() < self.pairs;
        Ok(free.then(|| self.pace.pause(now)).flatten())
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        let (number, side) = match client.checked_sub(self.pairs) {
            Some(otomo) => (otomo, Side::Otomo),
            None => (client, Side::Caller),
        };
        for text in self.ledger.heard(number, side, message)? {
            actions.say(client, text);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.ledger.live()
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.ledger.figures.whole
    }

    fn reset(&mut self) {
        self.ledger.figures.reset();
    }

    fn stop(&mut self, now: Instant) -> u64 {
        let unsent = self.pace.overdue(now);
        self.ledger.figures.unsent(unsent, now)
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        self.ledger.give_up(now)
    }
}
