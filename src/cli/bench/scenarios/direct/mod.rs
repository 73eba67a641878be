//! `otomo bench direct`: messages from one client to another.
//!
//! The clients are paired at random, and the two of a pair send each other messages back and forth. Of Otomo these are ICE
//! candidates in a call, so half of the clients are otomo, and every pair is in an established call.

mod pairs;

use std::{
    mem,
    time::{Duration, Instant},
};

use clap::Args;

use self::pairs::Pairs;
use super::padded;
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::Meter,
        options::{Speaks, seconds},
        refusal,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Actions, Play},
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
          value_parser = seconds)]
    seconds: u64,
    /// Bytes of a message.
    #[arg(long, default_value_t = 110, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(101..))]
    bytes: u16,
}

const CONNECTIONS: Figure = Figure::new("connections", "clients", Unit::Count);
const IN_FLIGHT: Figure = Figure::new("inFlight", "in flight for each pair", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const MESSAGES: Figure = Figure::new("messages", "messages", Unit::Count);
const PER_SECOND: Figure =
    Figure::new("messagesPerSecond", "messages per second", Unit::PerSecond).alias("rate");
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
        LEFT_OVER[0],
        LEFT_OVER[1],
        LATENESS,
        TOOL[0],
        TOOL[1],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        if !self.connections.is_multiple_of(2) {
            let odd = "--connections: they go in pairs, so it must be an even number";
            return Err(BenchFault::Options(odd.to_owned()));
        }
        let half = self.connections / 2;
        let target = bench.target(half * 2)?;
        bench.progress.say("letting clients in");
        let mut crowd = Crowd::eager(&target)?;
        for (kind, role) in [("user", Role::User), ("otomo", Role::Otomo)] {
            crowd.admit(target.tickets(kind, half, role, "calls")?.into_iter())?;
        }
        let meter = Meter::new("messages", half as usize * 2, bench.progress);
        let mut direct = Direct::begin(&self, &mut crowd, target.speaks(), meter)?;
        let span = Duration::from_secs(self.seconds);
        let spent = stage::measure(&mut crowd, &target, &mut direct, span)?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, half * 2);
        report.put(IN_FLIGHT, self.in_flight);
        let counts = [SECONDS, MESSAGES, PER_SECOND];
        spent.report(&mut report, counts, COSTS, direct.meter.count());
        report.measured(LATENCY, &direct.meter);
        Ok(report)
    }
}

/// Clients in pairs.
struct Direct {
    pairs: Pairs,
    /// How the message begins that is counted.
    counted: &'static [u8],
    /// Who sends first: a client for each message of its pair's that is on its way.
    first: Vec<usize>,
    /// Messages on their way.
    open: usize,
    stopped: bool,
    meter: Meter,
}

impl Direct {
    /// Pairs the clients of a crowd, and has them begin their calls.
    fn begin(
        args: &DirectArgs,
        crowd: &mut Crowd,
        speaks: Speaks,
        meter: Meter,
    ) -> Result<Self, BenchFault> {
        let mut pairs = Pairs::at_random(crowd.len());
        let counted: &[u8] = match speaks {
            Speaks::Otomo => {
                pairs.call(crowd, args.bytes)?;
                CANDIDATE
            }
            Speaks::Plain => {
                pairs.name(|peer| padded(&format!("d{peer} "), args.bytes));
                b"d"
            }
        };
        let half = crowd.len() / 2;
        // From both sides in turn.
        let of_pair = |pair| (0..args.in_flight as usize).map(move |turn| pair + turn % 2 * half);
        Ok(Self {
            pairs,
            counted,
            first: (0..half).flat_map(of_pair).collect(),
            open: 0,
            stopped: false,
            meter,
        })
    }

    /// Sends a message to a client's peer.
    fn send(&mut self, from: usize, now: Instant, actions: &mut Actions) {
        if let Some(words) = self.pairs.send(from, now) {
            self.open += 1;
            actions.say(from, words);
        }
    }
}

impl Play for Direct {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        for client in mem::take(&mut self.first) {
            self.send(client, now, actions);
        }
        Ok(None)
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        if !message.starts_with(self.counted) {
            return refusal(message).map_or(Ok(()), Err);
        }
        let Some(sent) = self.pairs.reached(client) else {
            return Ok(());
        };
        let now = Instant::now();
        self.open -= 1;
        self.meter.came(now.saturating_duration_since(sent));
        if !self.stopped {
            self.send(client, now, actions);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.open
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        self.meter.reset();
    }

    fn stop(&mut self, _now: Instant) -> u64 {
        self.stopped = true;
        0
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        self.meter.missed(self.pairs.give_up(), now)
    }
}
