//! `otomo bench idle`: what a connection costs that does nothing.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;
use serde::Serialize;

use super::{
    BenchFault,
    crowd::Crowd,
    make_room,
    process::Cpu,
    report::{Report, precise, whole},
    server::{Server, ServerArgs},
    user,
};
use crate::kernel::{
    config::{Config, parse_duration},
    identity::Role,
};

/// How many connections, and for how long.
#[derive(Args)]
pub(super) struct IdleArgs {
    /// Connections, each of another user.
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// How long to leave them alone before memory is read.
    #[arg(long, default_value = "3s", value_name = "DURATION", value_parser = settle)]
    settle: Duration,
    #[command(flatten)]
    server: ServerArgs,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdleReport {
    scenario: &'static str,
    connections: u32,
    opened_in_seconds: f64,
    server_user_micros_per_connect: f64,
    server_system_micros_per_connect: f64,
    resident_before_kib: u64,
    resident_after_kib: u64,
    resident_kib_per_connection: f64,
}

pub(super) fn run(
    args: IdleArgs,
    config: &Config,
    config_file: Option<&Path>,
) -> Result<IdleReport, BenchFault> {
    make_room(args.connections)?;
    let server = Server::find(args.server, config, config_file)?;
    let process = server.process();
    let mut crowd = Crowd::new(server.endpoint())?;
    let tickets = (0..args.connections as usize)
        .map(|number| server.ticket(user("user", number)?, Role::User, "otomo,calls"))
        .collect::<Result<Vec<_>, _>>()?;
    let (resident_before_kib, cpu_before) = (process.resident_kib()?, process.cpu()?);
    let began = Instant::now();
    crowd.admit(tickets.into_iter())?;
    let opened_in = began.elapsed();
    let opening = process.cpu()?.since(cpu_before);
    crowd.listen(args.settle)?;
    let resident_after_kib = process.resident_kib()?;
    Ok(IdleReport::new(
        args.connections,
        opened_in,
        opening,
        resident_before_kib,
        resident_after_kib,
    ))
}

impl IdleReport {
    fn new(connections: u32, opened_in: Duration, opening: Cpu, before: u64, after: u64) -> Self {
        let each = f64::from(connections.max(1));
        let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / each;
        Self {
            scenario: "idle",
            connections,
            opened_in_seconds: opened_in.as_secs_f64(),
            server_user_micros_per_connect: micros(opening.user),
            server_system_micros_per_connect: micros(opening.system),
            resident_before_kib: before,
            resident_after_kib: after,
            resident_kib_per_connection: after.saturating_sub(before) as f64 / each,
        }
    }
}

impl Report for IdleReport {
    fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            ("connections", whole(self.connections.into())),
            ("opened in, s", precise(self.opened_in_seconds)),
            (
                "server user CPU, µs per connect",
                precise(self.server_user_micros_per_connect),
            ),
            (
                "server system CPU, µs per connect",
                precise(self.server_system_micros_per_connect),
            ),
            ("server memory before, KiB", whole(self.resident_before_kib)),
            ("server memory after, KiB", whole(self.resident_after_kib)),
            (
                "server memory, KiB per idle connection",
                precise(self.resident_kib_per_connection),
            ),
        ]
    }
}

fn settle(text: &str) -> Result<Duration, &'static str> {
    parse_duration(text).ok_or("must be a duration, like 500ms, 3s")
}
