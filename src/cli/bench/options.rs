//! What every scenario is asked: which server, how to reach it, and what to make of the figures.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::report::Expectation;
use crate::kernel::config::parse_duration;

/// Options of all scenarios.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    #[command(flatten)]
    pub(crate) way: WayArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Which server to measure.
#[derive(Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// Measure the server at this address instead of one started for the purpose: ws://, wss://, http:// or https://.
    /// It must have the tool's own configuration (tokens!) and limits that let the load in.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The process id of the server at --url, on this machine. Without it nothing is said of its CPU and memory.
    #[arg(long, global = true, value_name = "PID")]
    pub(crate) pid: Option<u32>,
    /// What the server at --url understands: Otomo's protocol, or the few letters of a plain server (see below).
    #[arg(long, global = true, value_enum, default_value_t = Speaks::Otomo)]
    pub(crate) speaks: Speaks,
    /// Keep the server to the first core that this tool may use, and the tool to the second.
    #[arg(long, global = true)]
    pub(crate) pin: bool,
}

/// How clients reach it.
#[derive(Args)]
#[command(next_help_heading = "Connections")]
pub(crate) struct WayArgs {
    /// How clients connect.
    #[arg(long, global = true, value_enum, default_value_t = Transport::Ws)]
    pub(crate) transport: Transport,
    /// Addresses of this machine that connections come from, each for 4,000 of them: an address, or a range like
    /// 10.0.0.0/28. To servers on loopback they come from 127.0.0.2 and up by themselves.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) source: Vec<String>,
    /// Trust the certificates in this PEM file, instead of those that browsers trust.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) ca: Option<PathBuf>,
    /// Trust whatever certificate the server shows.
    #[arg(long, global = true)]
    pub(crate) insecure: bool,
}

/// What becomes of the figures.
#[derive(Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Draw latencies and throughput into this SVG file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Fail (exit code 1) unless this holds, like 'p99<50ms', 'rate>=1000', 'memory<=2KiB'. May be given several times; the
    /// names are listed below.
    #[arg(long, global = true, value_name = "CONDITION")]
    pub(crate) expect: Vec<Expectation>,
    /// Print what was expected and what was found as a table of Markdown, behind the report.
    #[arg(long, global = true, requires = "expect", conflicts_with = "json")]
    pub(crate) verdict: bool,
    /// Show no progress.
    #[arg(long, global = true, conflicts_with = "progress")]
    pub(crate) quiet: bool,
    /// Show progress on standard error even where that is no terminal.
    #[arg(long, global = true)]
    pub(crate) progress: bool,
}

/// What a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Speaks {
    /// The protocol of Otomo.
    Otomo,
    /// Text messages whose first letter says what to do with them.
    Plain,
}

/// How clients connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// WebSocket, at /ws.
    Ws,
    /// Server-Sent Events at /sse, commands by POST to /api/commands.
    Sse,
    /// Socket.IO on WebSocket, at /socket.io/.
    #[value(name = "socketio")]
    SocketIo,
}

/// The longest run: a year.
const YEAR: Duration = Duration::from_hours(24 * 365);

/// A span of time, as an argument.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    let span = parse_duration(text).filter(|span| *span <= YEAR);
    span.ok_or("must be a duration of at most a year, like 500ms, 3s, 30m")
}

/// The same where none at all makes no sense.
pub(crate) fn some_duration(text: &str) -> Result<Duration, &'static str> {
    match duration(text)? {
        Duration::ZERO => Err("must be more than nothing, like 500ms, 3s, 30m"),
        span => Ok(span),
    }
}

/// Whole seconds, as an argument: one to a year.
pub(crate) fn seconds(text: &str) -> Result<u64, &'static str> {
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| (1..=YEAR.as_secs()).contains(seconds));
    seconds.ok_or("must be a whole number of seconds, from 1 to a year of them")
}

/// The letters of plain servers, for people who write one.
pub(crate) const PLAIN: &str = "\
Plain servers take text messages (of Socket.IO: the event \"message\" with one string). The first letter says what to do:
  i<n>        the sender is client n; answered with the same
  b<text>     sent to every connection, the sender too
  e<text>     sent back to the sender
  d<n> <text> sent to client n
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_run_is_longer_than_the_clock_can_tell_or_without_a_length() {
        assert_eq!(seconds("31536000"), Ok(31_536_000));
        for unfit in ["0", "31536001", "18446744073709551614", "2.5", "-1", ""] {
            assert!(seconds(unfit).is_err(), "{unfit}");
        }
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(some_duration("1ms"), Ok(Duration::from_millis(1)));
        assert!(some_duration("0s").is_err());
        assert!(duration("9000h").is_err());
    }
}
