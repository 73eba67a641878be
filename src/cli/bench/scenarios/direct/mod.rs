//! `otomo bench direct`: messages from one client to another.
//!
//! The clients are paired at random, and the two of a pair send each other messages back and forth. Of Otomo these are ICE
//! candidates in a call, so half of the clients are otomo, and every pair is in an established call.

mod pairs;

use std::time::{Duration, Instant};

use clap::Args;

use self::pairs::Pairs;
use super::{PATIENCE, WARM_UP, padded};
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Cost, Meter},
        options::Speaks,
        refusal,
        report::{Figure, Report, Unit},
        target::Target,
        user,
    },
    kernel::identity::Role,
};

/// How the message begins that is counted.
const CANDIDATE: &[u8] = br#"{"type":"ice_candidate""#;

/// How many, and for how long.
#[derive(Args)]
pub(crate) struct DirectArgs {
    /// Clients, an even number.
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(2..))]
    connections: u32,
    /// Messages of each pair that are on their way at once.
    #[arg(long, default_value_t = 1, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    in_flight: u32,
    /// How long to count, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Bytes of a message of a plain server.
    #[arg(long, default_value_t = 110, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(16..))]
    bytes: u16,
}

const CONNECTIONS: Figure = Figure::new("connections", "clients", Unit::Count);
const IN_FLIGHT: Figure = Figure::new("inFlight", "in flight for each pair", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const MESSAGES: Figure = Figure::new("messages", "messages", Unit::Count);
const PER_SECOND: Figure =
    Figure::new("messagesPerSecond", "messages per second", Unit::PerSecond).or("rate");
const LATENCY: Figure = Figure::new("latencyMs", "latency of a message", Unit::Latency);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerMessage",
    "serverSystemMicrosPerMessage",
    "toolMicrosPerMessage",
    "message"
];

impl Scenario for DirectArgs {
    const NAME: &'static str = "direct";
    const FIGURES: &'static [Figure] = &[
        CONNECTIONS,
        IN_FLIGHT,
        SECONDS,
        MESSAGES,
        PER_SECOND,
        LATENCY,
        COSTS[0],
        COSTS[1],
        COSTS[2],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let clients = self.connections / 2 * 2;
        let target = bench.target(clients)?;
        bench.progress.say("letting clients in");
        let meter = Meter::new("messages", clients as usize, bench.progress);
        let mut load = Load::prepare(clients as usize, self.bytes, &target, meter)?;
        for pair in 0..clients as usize / 2 {
            for turn in 0..self.in_flight as usize {
                // From both sides in turn.
                load.send(pair + turn % 2 * (clients as usize / 2))?;
            }
        }
        load.run(WARM_UP)?;
        load.meter.reset();
        let before = Cost::read(&target)?;
        load.run(Duration::from_secs(self.seconds))?;
        let (meter, took) = (&load.meter, load.meter.elapsed().as_secs_f64());
        let cost = Cost::read(&target)?.since(&before);
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, clients);
        report.put(IN_FLIGHT, self.in_flight);
        report.put(SECONDS, took);
        report.put(MESSAGES, meter.count());
        report.put(PER_SECOND, meter.count() as f64 / took);
        report.measured(LATENCY, meter);
        report.costs(COSTS, &cost, meter.count());
        Ok(report)
    }
}

/// Clients, connected and paired.
struct Load {
    crowd: Crowd,
    pairs: Pairs,
    /// How the message begins that is counted.
    counted: &'static [u8],
    /// Who got a message in this turn.
    reached: Vec<usize>,
    meter: Meter,
}

impl Load {
    fn prepare(
        clients: usize,
        bytes: u16,
        target: &Target,
        meter: Meter,
    ) -> Result<Self, BenchFault> {
        let half = clients / 2;
        let ticket = |number: usize| match number.checked_sub(half) {
            None => target.ticket(user("user", number)?, Role::User, "calls"),
            Some(otomo) => target.ticket(user("otomo", otomo)?, Role::Otomo, "calls"),
        };
        let tickets = (0..clients).map(ticket).collect::<Result<Vec<_>, _>>()?;
        let mut crowd = Crowd::eager(target)?;
        crowd.admit(tickets.into_iter())?;
        let mut pairs = Pairs::at_random(clients);
        let counted = match target.speaks() {
            Speaks::Otomo => {
                pairs.call(&mut crowd)?;
                CANDIDATE
            }
            Speaks::Plain => {
                pairs.name(|peer| padded(&format!("d{peer} "), bytes));
                b"d"
            }
        };
        Ok(Self {
            crowd,
            pairs,
            counted,
            reached: Vec::new(),
            meter,
        })
    }

    /// Sends a message to a client's peer.
    fn send(&mut self, from: usize) -> Result<(), BenchFault> {
        match self.pairs.send(from, Instant::now()) {
            Some(words) => self.crowd.say(from, words),
            None => Ok(()),
        }
    }

    fn run(&mut self, span: Duration) -> Result<(), BenchFault> {
        let mut now = Instant::now();
        let (end, mut last) = (now + span, now);
        while now < end {
            self.meter.tick(now);
            self.listen(PATIENCE.min(end - now))?;
            now = Instant::now();
            for client in std::mem::take(&mut self.reached) {
                last = now;
                if let Some(sent) = self.pairs.reached(client) {
                    self.meter.came(now.saturating_duration_since(sent));
                }
                self.send(client)?;
            }
            if now.duration_since(last) > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
        Ok(())
    }

    fn listen(&mut self, patience: Duration) -> Result<(), BenchFault> {
        let mut refused = None;
        let (counted, reached) = (self.counted, &mut self.reached);
        self.crowd.turn(patience, |client, message| {
            match message.starts_with(counted) {
                true => reached.push(client),
                false => refused = refused.take().or_else(|| refusal(message)),
            }
        })?;
        refused.map_or(Ok(()), Err)
    }
}
