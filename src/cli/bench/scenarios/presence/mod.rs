//! `otomo bench presence`: how soon people see that an otomo has come, gone or chosen another status.
//!
//! By default otomo come and go by the clock ([`churn`]): each connects, stays until it is its turn again, and leaves with a
//! goodbye. With `--updates` they stay and change their status faster than every change could be told ([`flood`]). Watchers
//! are told of all; every watcher reads, and of some, spread over all, is noted when they know ([`views`]).

mod churn;
mod flood;
mod views;

use std::time::{Duration, Instant};

use clap::Args;

use self::{
    churn::Churn,
    flood::Flood,
    views::{Snapshot, Views},
};
use super::PATIENCE;
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Pace, Progress},
        options::seconds,
        peek::kind,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Play, Spent},
        target::Target,
        transport::Ticket,
        user,
    },
    kernel::identity::Role,
};

/// How many come and go, how often, who watches, and for how long.
#[derive(Args)]
pub(crate) struct PresenceArgs {
    /// Otomo.
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    otomo: u32,
    /// Subscribers, each another user.
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    watchers: u32,
    /// Logins and logouts a second, by the clock.
    #[arg(long, default_value_t = 100, value_name = "NUMBER", conflicts_with = "updates",
          value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Instead: changes of status a second, of otomo that stay.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    updates: Option<u32>,
    /// How long to count, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = seconds)]
    seconds: u64,
}

const OTOMO: Figure = Figure::new("otomo", "otomo", Unit::Count);
const WATCHERS: Figure = Figure::new("watchers", "watchers", Unit::Count);
const ASKED: Figure = Figure::new("asked", "changes asked for, per second", Unit::PerSecond);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const CHANGES: Figure = Figure::new("changes", "changes", Unit::Count);
const PER_SECOND: Figure =
    Figure::new("changesPerSecond", "changes per second", Unit::PerSecond).alias("rate");
const LATENCY: Figure = Figure::new("latencyMs", "from login until it is seen", Unit::Latency);
const LOGOUT: Figure = Figure::new("logoutMs", "from logout until it is seen", Unit::Latency);
const NEWEST: Figure =
    Figure::new("newestMs", "until the newest is seen", Unit::Latency).alias("newest");
const BEHIND: Figure = Figure::new(
    "behindMs",
    "an older status shown than somebody was told",
    Unit::Latency,
)
.alias("behind");
const HEARD: Figure = Figure::new("heard", "updates that one watcher heard", Unit::Count);
const LATE: Figure = Figure::new("late", "not seen in half a second", Unit::Count);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerChange",
    "serverSystemMicrosPerChange",
    "toolMicrosPerChange",
    "change"
];

impl Scenario for PresenceArgs {
    const NAME: &'static str = "presence";
    const FIGURES: &'static [Figure] = &[
        OTOMO,
        WATCHERS,
        ASKED,
        SECONDS,
        CHANGES,
        PER_SECOND,
        LATENCY,
        LOGOUT,
        NEWEST,
        BEHIND,
        HEARD,
        LATE,
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
        if self.updates.is_some() && self.otomo < 2 {
            let problem = "--updates: each otomo rests now and then, so there must be two of them";
            return Err(BenchFault::Options(problem.to_owned()));
        }
        // One more comes at the end, and is told all anew.
        let connections = self.otomo.saturating_add(self.watchers).saturating_add(1);
        let target = bench.target(connections)?;
        target.must_be_otomo()?;
        let mut crowd = Crowd::new(&target)?;
        let tickets = self.admit(&mut crowd, &target)?;
        let meter = Meter::new("changes", connections as usize, bench.progress);
        let views = Views::new(tickets.len(), self.watchers as usize);
        let rate = self.updates.unwrap_or(self.rate);
        let pace = Pace::of(Some(rate), Instant::now());
        let span = Duration::from_secs(self.seconds);
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(OTOMO, self.otomo);
        report.put(WATCHERS, self.watchers);
        report.put(ASKED, rate);
        if self.updates.is_some() {
            let mut flood = Flood::new(tickets.len(), views, pace, meter);
            let spent = stage::measure(&mut crowd, &target, &mut flood, span)?;
            told(&mut report, &mut flood, &spent);
            report.measured_beside(NEWEST, flood.seen.latencies(), &flood.meter);
            report.latency(BEHIND, flood.behind.latencies());
            report.put(HEARD, flood.heard_by_one());
            report.put(LATE, flood.late);
            stage::finish(&mut crowd, &mut flood)?;
            flood.compare(&snapshot(&mut crowd, &target)?)?;
        } else {
            let mut churn = Churn::new(tickets, views, pace, meter);
            let spent = stage::measure(&mut crowd, &target, &mut churn, span)?;
            told(&mut report, &mut churn, &spent);
            report.measured_beside(LATENCY, churn.login.latencies(), &churn.meter);
            report.latency(LOGOUT, churn.logout.latencies());
            stage::finish(&mut crowd, &mut churn)?;
        }
        Ok(report)
    }
}

impl PresenceArgs {
    /// Otomo first in the crowd, then watchers. All are online.
    fn admit(&self, crowd: &mut Crowd, target: &Target) -> Result<Vec<Ticket>, BenchFault> {
        let tickets = |kind, role, count, topics| {
            let tickets =
                (0..count as usize).map(|number| target.ticket(user(kind, number)?, role, topics));
            tickets.collect::<Result<Vec<_>, BenchFault>>()
        };
        let otomo = tickets("otomo", Role::Otomo, self.otomo, "calls")?;
        crowd.admit(otomo.iter().cloned())?;
        let mut watchers = tickets("user", Role::User, self.watchers, "otomo")?;
        for watcher in &mut watchers {
            watcher.versions = self.updates.is_some();
        }
        crowd.admit(watchers.into_iter())?;
        Ok(otomo)
    }
}

/// What somebody is told who comes now.
fn snapshot(crowd: &mut Crowd, target: &Target) -> Result<Snapshot, BenchFault> {
    let late = crowd.begin(&target.ticket(user("late", 0)?, Role::User, "otomo")?)?;
    let (mut snapshot, mut is_ready) = (Snapshot::default(), false);
    let end = Instant::now() + PATIENCE;
    while !is_ready {
        if Instant::now() > end {
            return Err(BenchFault::Silent(PATIENCE));
        }
        crowd.turn(PATIENCE, |client, message| {
            if client == late {
                snapshot.take(message);
                is_ready |= kind(message) == b"ready";
            }
        })?;
    }
    Ok(snapshot)
}

fn told(report: &mut Report, play: &mut impl Play, spent: &Spent) {
    let count = play.meter().count();
    spent.report(report, [SECONDS, CHANGES, PER_SECOND], COSTS, count);
}

/// A meter of something beside what is counted.
fn quiet() -> Meter {
    Meter::new("changes", 0, Progress::Silent)
}
