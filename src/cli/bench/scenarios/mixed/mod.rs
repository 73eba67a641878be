//! `otomo bench mixed`: a day of an app, in as little time as is asked for.
//!
//! Of the people a tenth are callers and otomo in pairs, a fiftieth otomo who change their status, and all others users who write
//! to each other. Users come and go as the day has it ([`day`]): a tenth of them before dawn, all of them from nine in the evening.
//! As many acts a second follow, by the clock and in fixed shares: of a hundred 45 are messages, 20 typing, 15 events of the
//! backend, 10 broken connections, 5 calls of two seconds, 5 changes of status. Each has a latency of its own, from when it was due:
//!
//! | act | until |
//! |---|---|
//! | call | the otomo's device rings |
//! | message | it is acknowledged, which means stored |
//! | typing | the other one sees it |
//! | status | it is acknowledged |
//! | event | the user hears it |
//! | reconnect | the client has all it needs (`ready`) |
//!
//! No act is left out in silence: whoever is free is found ([`random_set`]), and what nobody was free for is counted for each kind of act.
//! Who comes back goes on after the last durable event that they have heard, and each must hear every message to them, once and
//! without a gap ([`chatters`]).

mod chatters;
mod day;
mod people;
mod random_set;
mod town;

use std::time::Duration;

use clap::Args;

pub(crate) use self::{
    day::{Act, Acts, Day},
    people::People,
    town::Town,
};
use crate::cli::bench::{
    Bench, Scenario,
    crowd::Crowd,
    fault::BenchFault,
    measure::Meter,
    options::some_duration,
    report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
    stage::{self, Play as _, Spent, Steps},
};

/// How many people, how busy, and for how long.
#[derive(Args)]
pub(crate) struct MixedArgs {
    #[command(flatten)]
    town: TownArgs,
    /// How long the day lasts.
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = some_duration)]
    duration: Duration,
}

/// How many people, and how busy.
#[derive(Args)]
pub(crate) struct TownArgs {
    /// People who are there at the peak.
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(10..))]
    pub(crate) people: u32,
    /// What they do in a second at the peak, all together.
    #[arg(long, default_value_t = 200, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
}

pub(crate) const PEOPLE: Figure = Figure::new("people", "people at the peak", Unit::Count);
pub(crate) const ASKED: Figure =
    Figure::new("asked", "acts per second at the peak", Unit::PerSecond);
pub(crate) const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
pub(crate) const ACTS: Figure = Figure::new("acts", "acts", Unit::Count);
pub(crate) const PER_SECOND: Figure =
    Figure::new("actsPerSecond", "acts per second", Unit::PerSecond).alias("rate");
pub(crate) const SKIPPED: Figure =
    Figure::new("skipped", "acts for which nobody was free", Unit::Count);
pub(crate) const SKIPPED_ACTS: [Figure; Act::ALL.len()] = [
    Figure::new("callSkipped", "call, nobody free", Unit::Count),
    Figure::new("messageSkipped", "message, nobody free", Unit::Count),
    Figure::new("typingSkipped", "typing, nobody free", Unit::Count),
    Figure::new("statusSkipped", "status, nobody free", Unit::Count),
    Figure::new("eventSkipped", "event, nobody free", Unit::Count),
    Figure::new("reconnectSkipped", "reconnect, nobody free", Unit::Count),
];
pub(crate) const UNSEEN: Figure = Figure::new(
    "unseen",
    "typing and events to a connection that broke",
    Unit::Count,
);
pub(crate) const LATENCY: Figure = Figure::new("latencyMs", "all acts but calls", Unit::Latency);
pub(crate) const LATENCIES: [Figure; Act::ALL.len()] = [
    Figure::new("callMs", "call", Unit::Latency),
    Figure::new("messageMs", "message", Unit::Latency),
    Figure::new("typingMs", "typing", Unit::Latency),
    Figure::new("statusMs", "status", Unit::Latency),
    Figure::new("eventMs", "event", Unit::Latency),
    Figure::new("reconnectMs", "reconnect", Unit::Latency),
];
pub(crate) const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerAct",
    "serverSystemMicrosPerAct",
    "toolMicrosPerAct",
    "act"
];

impl Scenario for MixedArgs {
    const NAME: &'static str = "mixed";
    const FIGURES: &'static [Figure] = &[
        PEOPLE,
        ASKED,
        SECONDS,
        ACTS,
        PER_SECOND,
        SKIPPED,
        SKIPPED_ACTS[0],
        SKIPPED_ACTS[1],
        SKIPPED_ACTS[2],
        SKIPPED_ACTS[3],
        SKIPPED_ACTS[4],
        SKIPPED_ACTS[5],
        UNSEEN,
        LATENCY,
        LATENCIES[0],
        LATENCIES[1],
        LATENCIES[2],
        LATENCIES[3],
        LATENCIES[4],
        LATENCIES[5],
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
        let people = People::of(self.town.people as usize);
        let target = bench.target(self.town.people)?;
        target.must_be_otomo()?;
        let mut crowd = Crowd::new(&target)?;
        let meter = Meter::new("acts", people.all(), bench.progress);
        let day = Day::Of(self.duration);
        let acts = Acts::new(day, self.town.rate.into());
        let mut town = Town::admit(&mut crowd, &target, people, acts, meter)?;
        // No warming up: a day begins with few.
        let steps = Steps::one(self.duration);
        let spent = stage::measure_now(&mut crowd, &target, &mut town, steps, || Ok(()))?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(PEOPLE, people.all() as u64);
        report.put(ASKED, self.town.rate);
        told(&mut report, &mut town, &spent);
        stage::finish(&mut crowd, &mut town)?;
        report.put(UNSEEN, town.unseen());
        Ok(report)
    }
}

/// What every report about a town says.
pub(crate) fn told(report: &mut Report, town: &mut Town, spent: &Spent) {
    let skipped = town.skipped();
    let meter = town.meter();
    let counts = [SECONDS, ACTS, PER_SECOND];
    spent.report(report, counts, COSTS, meter.count());
    report.put(SKIPPED, skipped.iter().sum::<u64>());
    for (figure, skipped) in SKIPPED_ACTS.into_iter().zip(skipped) {
        report.put(figure, skipped);
    }
    report.measured(LATENCY, meter);
    for (act, figure) in Act::ALL.into_iter().zip(LATENCIES) {
        if let Some(meter) = town.meter_of(act) {
            report.latency(figure, meter.latencies());
        }
    }
}
