//! `otomo bench fanout`: what it costs to tell everybody.
//!
//! Some otomo change their status over and over, `--connections` subscribers are told each time. An
//! update counts as in flight until every subscriber has it; with `--in-flight` that many are always on
//! their way, with `--rate` they go by the clock. Of a plain server, some of the connections themselves have a text sent to all.

mod updates;

use std::time::{Duration, Instant};

use clap::Args;

use self::updates::{ONLINE, Updates};
use super::{PATIENCE, WARM_UP};
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Cost, Meter, Pace},
        options::Speaks,
        refusal,
        report::{Figure, Report, Unit},
        target::Target,
        user,
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
          value_parser = clap::value_parser!(u64).range(1..))]
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
.or("rate");
const LATENCY: Figure = Figure::new("latencyMs", "latency of an update", Unit::Latency);
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
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let senders = self.rate.or(self.in_flight).unwrap_or(1);
        let target = bench.target(self.connections.saturating_add(senders))?;
        bench.progress.say("letting clients in");
        let mut load = Load::prepare(&self, senders as usize, &target, bench)?;
        load.pace = Pace::of(self.rate, Instant::now());
        load.run(WARM_UP)?;
        load.updates.reset();
        let before = Cost::read(&target)?;
        load.run(Duration::from_secs(self.seconds))?;
        let (took, cost) = (
            load.updates.meter.elapsed(),
            Cost::read(&target)?.since(&before),
        );
        let updates = &load.updates;
        let deliveries = updates.meter.count();
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, self.connections);
        if let Some(rate) = self.rate {
            report.put(ASKED, rate);
        }
        report.put(IN_FLIGHT, senders);
        report.put(SECONDS, took.as_secs_f64());
        report.put(UPDATES, updates.complete());
        report.put(DELIVERIES, deliveries);
        report.put(PER_SECOND, deliveries as f64 / took.as_secs_f64());
        report.costs(COSTS, &cost, deliveries);
        report.measured(LATENCY, &updates.meter);
        Ok(report)
    }
}

/// Senders and subscribers, connected.
struct Load {
    crowd: Crowd,
    /// The number of the first subscriber.
    first: usize,
    updates: Updates,
    pace: Pace,
}

impl Load {
    fn prepare(
        args: &FanoutArgs,
        senders: usize,
        target: &Target,
        bench: &Bench<'_>,
    ) -> Result<Self, BenchFault> {
        let mut crowd = Crowd::new(target)?;
        let subscribers = args.connections as usize;
        // Plain servers send to everybody, the sender too: there the subscribers send.
        let (first, bytes) = match target.speaks() {
            Speaks::Otomo => {
                admit_otomo(&mut crowd, senders, target)?;
                (senders, None)
            }
            Speaks::Plain => (0, Some(args.bytes)),
        };
        let tickets = (0..subscribers)
            .map(|number| target.ticket(user("user", number)?, Role::User, "otomo"))
            .collect::<Result<Vec<_>, _>>()?;
        crowd.admit(tickets.into_iter())?;
        let senders = match bytes {
            Some(_) => senders.min(subscribers),
            None => senders,
        };
        let meter = Meter::new("deliveries", subscribers, bench.progress);
        Ok(Self {
            crowd,
            first,
            updates: Updates::new(senders, subscribers, bytes, meter),
            pace: Pace::Closed,
        })
    }

    /// Keeps updates going for this long.
    fn run(&mut self, span: Duration) -> Result<(), BenchFault> {
        let end = Instant::now() + span;
        let (mut known, mut progress) = (self.updates.meter.count(), Instant::now());
        loop {
            let now = Instant::now();
            self.updates.meter.tick(now);
            if now >= end {
                return Ok(());
            }
            while self.updates.can_send()
                && let Some(since) = self.pace.next(now)
            {
                if let Some((sender, words)) = self.updates.send(since) {
                    self.crowd.say(sender, words)?;
                }
            }
            let pause = self.pace.pause(now).unwrap_or(PATIENCE);
            self.listen(pause.min(end - now))?;
            if self.updates.meter.count() > known {
                (known, progress) = (self.updates.meter.count(), now);
            } else if progress.elapsed() > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
    }

    fn listen(&mut self, patience: Duration) -> Result<(), BenchFault> {
        let mut refused = None;
        let (first, updates) = (self.first, &mut self.updates);
        self.crowd.turn(patience, |number, message| {
            match number.checked_sub(first) {
                Some(subscriber) => updates.heard(subscriber, message),
                None => refused = refused.take().or_else(|| refusal(message)),
            }
        })?;
        refused.map_or(Ok(()), Err)
    }
}

/// Lets otomo in, and brings those online whom an earlier run has left on break.
fn admit_otomo(crowd: &mut Crowd, otomos: usize, target: &Target) -> Result<(), BenchFault> {
    let tickets = (0..otomos)
        .map(|number| target.ticket(user("otomo", number)?, Role::Otomo, "calls"))
        .collect::<Result<Vec<_>, _>>()?;
    crowd.admit(tickets.into_iter())?;
    for otomo in 0..otomos {
        crowd.say(otomo, ONLINE)?;
    }
    let (mut waiting, mut refused) = (otomos, None);
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
