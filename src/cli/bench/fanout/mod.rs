//! `otomo bench fanout`: what it costs to tell everybody.
//!
//! Some otomo change their status over and over, `--connections` subscribers are told each time. An
//! update counts as in flight until every subscriber has it; with `--in-flight` that many are always on
//! their way, with `--rate` they go by the clock.

mod pace;
mod updates;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;
use serde::Serialize;

use self::{
    pace::Pace,
    updates::{ONLINE, Updates},
};
use super::{
    BenchFault,
    crowd::Crowd,
    make_room,
    process::{Cpu, Process},
    report::{Report, precise, whole},
    server::{Server, ServerArgs},
    user,
};
use crate::kernel::{config::Config, identity::Role};

/// Load before anything is counted: buffers grow, caches fill.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long nothing may arrive although something is in flight.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the server answers a change of status.
const ACK: &[u8] = br#"{"type":"otomo_status_set_ack""#;
const ERROR: &[u8] = br#"{"type":"error""#;

/// How many are told, how often, and for how long.
#[derive(Args)]
pub(super) struct FanoutArgs {
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
    #[command(flatten)]
    server: ServerArgs,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FanoutReport {
    scenario: &'static str,
    connections: u32,
    /// Updates a second that were asked for; `null`: as fast as they arrive.
    rate: Option<u32>,
    /// The most updates that were on their way at once.
    in_flight: u32,
    seconds: f64,
    updates: u64,
    deliveries: u64,
    deliveries_per_second: f64,
    server_user_micros_per_delivery: f64,
    server_system_micros_per_delivery: f64,
    tool_micros_per_delivery: f64,
    latency_p50_ms: f64,
    latency_p99_ms: f64,
}

pub(super) fn run(
    args: FanoutArgs,
    config: &Config,
    config_file: Option<&Path>,
) -> Result<FanoutReport, BenchFault> {
    let otomos = args.rate.or(args.in_flight).unwrap_or(1);
    make_room(args.connections.saturating_add(otomos))?;
    let server = Server::find(args.server, config, config_file)?;
    let mut load = Load::prepare(&server, otomos as usize, args.connections as usize)?;
    load.pace = match args.rate {
        Some(rate) => Pace::open(rate, Instant::now()),
        None => Pace::Closed,
    };
    load.run(WARM_UP)?;
    load.updates.reset();
    let (began, server_before) = (Instant::now(), server.process().cpu()?);
    let tool_before = Process::own().cpu()?;
    load.run(Duration::from_secs(args.seconds))?;
    let figures = Figures {
        took: began.elapsed(),
        server: server.process().cpu()?.since(server_before),
        tool: Process::own().cpu()?.since(tool_before),
    };
    Ok(FanoutReport {
        rate: args.rate,
        ..FanoutReport::new(&load.updates, args.connections, otomos, &figures)
    })
}

/// Otomo and subscribers, connected.
struct Load {
    crowd: Crowd,
    /// Otomo come first in the crowd.
    otomos: usize,
    updates: Updates,
    pace: Pace,
}

impl Load {
    fn prepare(server: &Server, otomos: usize, subscribers: usize) -> Result<Self, BenchFault> {
        let mut crowd = Crowd::new(server.endpoint())?;
        let tickets = (0..otomos)
            .map(|number| server.ticket(user("otomo", number)?, Role::Otomo, "calls"))
            .collect::<Result<Vec<_>, _>>()?;
        crowd.admit(tickets.into_iter())?;
        come_back(&mut crowd, otomos)?;
        let tickets = (0..subscribers)
            .map(|number| server.ticket(user("user", number)?, Role::User, "otomo"))
            .collect::<Result<Vec<_>, _>>()?;
        crowd.admit(tickets.into_iter())?;
        Ok(Self {
            crowd,
            otomos,
            updates: Updates::new(otomos, subscribers),
            pace: Pace::Closed,
        })
    }

    /// Keeps updates going for this long.
    fn run(&mut self, span: Duration) -> Result<(), BenchFault> {
        let end = Instant::now() + span;
        let (mut known, mut progress) = (self.updates.deliveries(), Instant::now());
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            while self.updates.can_send()
                && let Some(since) = self.pace.next(now)
            {
                self.send(since)?;
            }
            let pause = self.pace.pause(now).unwrap_or(PATIENCE);
            self.listen(pause.min(end - now))?;
            if self.updates.deliveries() > known {
                (known, progress) = (self.updates.deliveries(), now);
            } else if progress.elapsed() > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
    }

    fn send(&mut self, since: Instant) -> Result<(), BenchFault> {
        match self.updates.send(since) {
            Some((otomo, words)) => self.crowd.say(otomo, words),
            None => Ok(()),
        }
    }

    fn listen(&mut self, patience: Duration) -> Result<(), BenchFault> {
        let mut refused = None;
        let (otomos, updates) = (self.otomos, &mut self.updates);
        self.crowd.turn(patience, |number, message| {
            match number.checked_sub(otomos) {
                Some(subscriber) => updates.heard(subscriber, message),
                None => refused = refused.take().or_else(|| refusal(message)),
            }
        })?;
        refused.map_or(Ok(()), Err)
    }
}

/// Brings otomo online whom an earlier run has left on break.
fn come_back(crowd: &mut Crowd, otomos: usize) -> Result<(), BenchFault> {
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

fn refusal(message: &[u8]) -> Option<BenchFault> {
    let words = || String::from_utf8_lossy(message).into_owned();
    message
        .starts_with(ERROR)
        .then(|| BenchFault::Unwilling(words()))
}

/// What a run cost.
struct Figures {
    took: Duration,
    server: Cpu,
    tool: Cpu,
}

impl FanoutReport {
    fn new(updates: &Updates, connections: u32, in_flight: u32, figures: &Figures) -> Self {
        let deliveries = updates.deliveries();
        let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / deliveries.max(1) as f64;
        let millis = |share| updates.latency(share).as_secs_f64() * 1e3;
        let seconds = figures.took.as_secs_f64();
        Self {
            scenario: "fanout",
            connections,
            rate: None,
            in_flight,
            seconds,
            updates: updates.complete(),
            deliveries,
            deliveries_per_second: deliveries as f64 / seconds,
            server_user_micros_per_delivery: micros(figures.server.user),
            server_system_micros_per_delivery: micros(figures.server.system),
            tool_micros_per_delivery: micros(figures.tool.user + figures.tool.system),
            latency_p50_ms: millis(0.5),
            latency_p99_ms: millis(0.99),
        }
    }
}

impl Report for FanoutReport {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let pace = match self.rate {
            Some(rate) => ("updates asked for, per second", whole(rate.into())),
            None => ("updates in flight", whole(self.in_flight.into())),
        };
        vec![
            ("connections", whole(self.connections.into())),
            pace,
            ("seconds", precise(self.seconds)),
            ("updates that reached all", whole(self.updates)),
            ("deliveries", whole(self.deliveries)),
            ("deliveries per second", precise(self.deliveries_per_second)),
            (
                "server user CPU, µs per delivery",
                precise(self.server_user_micros_per_delivery),
            ),
            (
                "server system CPU, µs per delivery",
                precise(self.server_system_micros_per_delivery),
            ),
            (
                "this tool's CPU, µs per delivery",
                precise(self.tool_micros_per_delivery),
            ),
            (
                "latency of an update, p50, ms",
                precise(self.latency_p50_ms),
            ),
            (
                "latency of an update, p99, ms",
                precise(self.latency_p99_ms),
            ),
        ]
    }
}
