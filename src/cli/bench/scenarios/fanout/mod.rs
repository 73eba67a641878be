//! `otomo bench fanout`: what it costs to tell everybody.
//!
//! Some otomo change their status over and over, `--connections` subscribers are told each time. An
//! update counts as in flight until every subscriber has it; with `--in-flight` that many are always on
//! their way, with `--rate` they go by the clock. Of a plain server, some of the connections themselves have a text sent to all.

mod updates;

use std::time::{Duration, Instant};

use clap::Args;

use self::updates::{ONLINE, Updates};
use super::PATIENCE;
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Pace},
        options::{Speaks, seconds},
        refusal,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Actions, Play},
        target::Target,
    },
    kernel::identity::Role,
};

/// How the server answers a change of status.
const ACK: &[u8] = br#"{"type":"otomo_status_set_ack""#;

/// How many are told, how often, and for how long.
#[derive(Args)]
pub(crate) struct FanoutArgs {
    /// Subscribers, each another user.
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Updates a second, by the clock, each second from that many otomo.
    #[arg(long, value_name = "NUMBER", conflicts_with = "in_flight",
          value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Updates that are always on their way, each from another otomo [default: 1].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    in_flight: Option<u32>,
    /// How long to count, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = seconds)]
    seconds: u64,
    /// Bytes of a message of a plain server.
    #[arg(long, default_value_t = 110, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(16..))]
    bytes: u16,
}

const CONNECTIONS: Figure = Figure::new("connections", "connections", Unit::Count);
const ASKED: Figure = Figure::new("asked", "updates asked for, per second", Unit::PerSecond);
const IN_FLIGHT: Figure = Figure::new("inFlight", "updates in flight", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const UPDATES: Figure = Figure::new("updates", "updates that reached all", Unit::Count);
const DELIVERIES: Figure = Figure::new("deliveries", "deliveries", Unit::Count);
const PER_SECOND: Figure = Figure::new(
    "deliveriesPerSecond",
    "deliveries per second",
    Unit::PerSecond,
)
.alias("rate");
const LATENCY: Figure = Figure::new("latencyMs", "latency of a delivery", Unit::Latency);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerDelivery",
    "serverSystemMicrosPerDelivery",
    "toolMicrosPerDelivery",
    "delivery"
];

impl Scenario for FanoutArgs {
    const NAME: &'static str = "fanout";
    const FIGURES: &'static [Figure] = &[
        CONNECTIONS,
        ASKED,
        IN_FLIGHT,
        SECONDS,
        UPDATES,
        DELIVERIES,
        PER_SECOND,
        COSTS[0],
        COSTS[1],
        COSTS[2],
        LATENCY,
        LEFT_OVER[0],
        LEFT_OVER[1],
        LATENESS,
        TOOL[0],
        TOOL[1],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let senders = self.rate.or(self.in_flight).unwrap_or(1);
        let target = bench.target(self.connections.saturating_add(senders))?;
        bench.progress.say("letting clients in");
        let mut crowd = Crowd::new(&target)?;
        let meter = Meter::new("deliveries", self.connections as usize, bench.progress);
        let mut fanout = Fanout::admit(&self, senders, &mut crowd, &target, meter)?;
        let span = Duration::from_secs(self.seconds);
        let spent = stage::measure(&mut crowd, &target, &mut fanout, span)?;
        let updates = &fanout.updates;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, self.connections);
        match self.rate {
            Some(rate) => report.put(ASKED, rate),
            None => report.put(IN_FLIGHT, senders),
        }
        report.put(UPDATES, updates.complete());
        let counts = [SECONDS, DELIVERIES, PER_SECOND];
        spent.report(&mut report, counts, COSTS, updates.meter.count());
        report.measured(LATENCY, &updates.meter);
        Ok(report)
    }
}

/// Senders and subscribers.
struct Fanout {
    /// The number of the first subscriber.
    first: usize,
    updates: Updates,
    pace: Pace,
}

impl Fanout {
    /// Lets both in.
    fn admit(
        args: &FanoutArgs,
        senders: u32,
        crowd: &mut Crowd,
        target: &Target,
        meter: Meter,
    ) -> Result<Self, BenchFault> {
        // Plain servers send to everybody, the sender too: there the subscribers send.
        let (senders, first, bytes) = match target.speaks() {
            Speaks::Otomo => {
                admit_otomo(crowd, senders, target)?;
                (senders, senders, None)
            }
            Speaks::Plain => (senders.min(args.connections), 0, Some(args.bytes)),
        };
        let tickets = target.tickets("user", args.connections, Role::User, "otomo")?;
        crowd.admit(tickets.into_iter())?;
        let subscribers = args.connections as usize;
        Ok(Self {
            first: first as usize,
            updates: Updates::new(senders as usize, subscribers, bytes, meter),
            pace: Pace::of(args.rate, Instant::now()),
        })
    }
}

impl Play for Fanout {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        while self.updates.can_send()
            && let Some(due) = self.pace.next(now)
            && let Some((sender, words)) = self.updates.send(due)
        {
            actions.due(self.pace, due).say(sender, words);
        }
        // Whoever waits for a free sender waits for a message, not for the clock.
        let can_send = self.updates.can_send();
        Ok(can_send.then(|| self.pace.pause(now)).flatten())
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        _actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        match client.checked_sub(self.first) {
            Some(subscriber) => self.updates.heard(subscriber, message),
            None => refusal(message).map_or(Ok(()), Err),
        }
    }

    fn under_way(&self) -> usize {
        self.updates.in_flight()
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.updates.meter
    }

    fn reset(&mut self) {
        self.updates.reset();
    }

    fn stop(&mut self, now: Instant) -> u64 {
        self.updates.stop(self.pace.overdue(now), now)
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        self.updates.give_up(now)
    }
}

/// Lets otomo in, and brings those online whom an earlier run has left on break.
fn admit_otomo(crowd: &mut Crowd, otomo: u32, target: &Target) -> Result<(), BenchFault> {
    let tickets = target.tickets("otomo", otomo, Role::Otomo, "calls")?;
    crowd.admit(tickets.into_iter())?;
    for number in 0..crowd.len() {
        crowd.say(number, ONLINE)?;
    }
    let (mut waiting, mut refused) = (crowd.len(), None);
    let end = Instant::now() + PATIENCE;
    while waiting > 0 && refused.is_none() {
        if Instant::now() > end {
            return Err(BenchFault::Silent(PATIENCE));
        }
        crowd.turn(PATIENCE, |_, message| {
            waiting -= usize::from(message.starts_with(ACK));
            refused = refused.take().or_else(|| refusal(message));
        })?;
    }
    refused.map_or(Ok(()), Err)
}
