//! `otomo bench`: puts load on an Otomo server over WebSocket, and measures what it costs the server.
//!
//! What is measured is the server alone, as the kernel counts it for its process: resident memory, user
//! and system CPU. User CPU is our code; system CPU is nearly all the kernel's work for socket writes,
//! the same for every server. Wall-clock figures depend on who else uses the machine, CPU hardly does.
//! The tool runs in one thread and says what it used itself: where it needs as much as the server, it
//! measures itself.
//!
//! Every connection is a full one to the server: its token is checked, its user is known, it has got its snapshots and
//! `ready`, and it answers pings. A connection that is lost ends the run.
//!
//! - [`idle`]: memory of connections that do nothing. [`fanout`]: updates that go to everybody. [`chat`]: messages that are
//!   stored.
//! - [`server`]: the server under test. [`process`]: what a process costs. [`commits`]: what it stores. [`http`]: requests to
//!   it beside the load.
//! - [`crowd`], [`client`], [`handshake`], [`frames`]: many connections in one thread, on bare sockets: a
//!   WebSocket library's buffers and futures would cost more than the server.
//! - [`report`]: a table, or JSON.

mod chat;
mod client;
mod commits;
mod crowd;
mod fanout;
mod frames;
mod handshake;
mod http;
mod idle;
mod process;
mod report;
mod server;

use std::{error::Error, io, net::SocketAddr, path::Path, time::Duration};

use clap::{Args, Subcommand};
use hdrhistogram::Histogram;

use super::descriptors;
use crate::kernel::{
    config::Config,
    ids::{IdFault, UserId},
    token::{KeyFault, SignFault},
};

/// Descriptors of a process that do not belong to clients: database, logs, wakers.
const OTHER_DESCRIPTORS: u64 = 128;

/// What to measure.
#[derive(Args)]
pub(super) struct BenchArgs {
    #[command(subcommand)]
    scenario: Scenario,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Scenario {
    /// Memory of connections that do nothing.
    Idle(idle::IdleArgs),
    /// CPU and latency of telling everybody.
    Fanout(fanout::FanoutArgs),
    /// Messages a second that are stored and acknowledged.
    Chat(chat::ChatArgs),
}

/// Runs a scenario and prints what it found. A server of our own gets `config_file` too.
///
/// # Errors
/// Whatever makes the figures worthless.
pub(super) fn run(
    config: &Config,
    config_file: Option<&Path>,
    args: BenchArgs,
) -> Result<(), Box<dyn Error>> {
    match args.scenario {
        Scenario::Idle(idle) => report::print(&idle::run(idle, config, config_file)?, args.json)?,
        Scenario::Fanout(fanout) => {
            report::print(&fanout::run(fanout, config, config_file)?, args.json)?;
        }
        Scenario::Chat(chat) => report::print(&chat::run(chat, config, config_file)?, args.json)?,
    }
    Ok(())
}

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
enum BenchFault {
    #[error("--url: {url:?} {problem}")]
    Url { url: String, problem: String },
    #[error(
        "{needed} descriptors are needed and this process may have {limit}: \
         raise the hard limit (ulimit -Hn), or ask for fewer connections"
    )]
    Descriptors { needed: u64, limit: u64 },
    #[error("the limit of descriptors cannot be read")]
    DescriptorLimit(#[source] io::Error),
    #[error("a server could not be started")]
    Start(#[source] io::Error),
    #[error("the server that was started does not serve: {0}")]
    NoServer(String),
    #[error("no token can be signed")]
    Key(#[from] KeyFault),
    #[error("no token can be signed")]
    Sign(#[from] SignFault),
    #[error("a user has no usable name")]
    User(#[from] IdFault),
    #[error("{address} cannot be connected to")]
    Connect {
        address: SocketAddr,
        #[source]
        cause: io::Error,
    },
    #[error("the server refused a connection: {0}")]
    Refused(String),
    #[error("the server closed a connection: {code} {reason}")]
    Closed { code: u16, reason: String },
    #[error("the server ended a connection without a goodbye")]
    Ended,
    #[error("a connection broke")]
    Broken(#[source] io::Error),
    #[error("the server sent {0}")]
    Foreign(#[from] frames::Foreign),
    #[error("the server does not read what it is sent")]
    NotRead,
    #[error("the server would not do what it was asked: {0}")]
    Unwilling(String),
    #[error("nothing came for {0:?} although something was due")]
    Silent(Duration),
    #[error("the sockets cannot be waited for")]
    Wait(#[source] io::Error),
    #[error("{folder} cannot be written to")]
    Disk {
        folder: String,
        #[source]
        cause: io::Error,
    },
    #[error("{path} cannot be read: is the process still there?")]
    Process {
        path: String,
        #[source]
        cause: io::Error,
    },
}

/// Raises the limit of open descriptors so that this process, and the server that it starts, can hold this many connections.
fn make_room(connections: u32) -> Result<(), BenchFault> {
    let limit = descriptors::raise().map_err(BenchFault::DescriptorLimit)?;
    let needed = u64::from(connections) + OTHER_DESCRIPTORS;
    if needed > limit {
        return Err(BenchFault::Descriptors { needed, limit });
    }
    Ok(())
}

/// The people of a run: `bench-user-0`, `bench-otomo-7`.
fn user(kind: &str, number: usize) -> Result<UserId, IdFault> {
    format!("bench-{kind}-{number}").parse()
}

/// For latencies in microseconds: from one to a minute, to three digits.
#[expect(clippy::expect_used, reason = "the bounds are constants that fit")]
fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds of a histogram")
}
