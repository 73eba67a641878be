//! `otomo bench floor`: what the kernel asks for, without any server.
//!
//! One process writes the same frames to many sockets with bare system calls, another takes them as the tool does; what is
//! counted is the CPU of the first. Once each frame is written by itself, once several are joined in one write. That is what a
//! server that calls `write()` for each can hardly undercut, so that every figure can be given as a ratio to it.
//!
//! With `--serve`, the smallest server there can be answers the letters of plain servers, so that echo, direct and connect have
//! a floor too.

mod drain;
mod plain;
mod writes;

use std::net::SocketAddr;

use clap::Args;

use self::writes::Writes;
use super::padded;
use crate::cli::bench::{
    Bench, Scenario,
    fault::BenchFault,
    options::seconds,
    report::{Figure, Report, Unit},
    target::cores::Cores,
    transport::frames,
};

/// How many sockets, and how often.
#[derive(Args)]
pub(crate) struct FloorArgs {
    /// Sockets that are written to.
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Bytes of a message; its frame has 2 or 4 more.
    #[arg(long, default_value_t = 110, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(16..))]
    bytes: u16,
    /// Messages that are joined in one write.
    #[arg(long, default_value_t = 16, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(1..=256))]
    joined: u16,
    /// How long to write in each way.
    #[arg(long, default_value_t = 5, value_name = "NUMBER",
          value_parser = seconds)]
    seconds: u64,
    /// Serve as a plain server there instead, like 127.0.0.1:0, until it is stopped; prints `listening` and the port.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["connections", "joined", "seconds"])]
    serve: Option<SocketAddr>,
    /// Be the other side of the sockets that are written to: how the tool starts itself.
    #[arg(long, hide = true, value_name = "ADDRESS", conflicts_with = "serve")]
    drain: Option<SocketAddr>,
}

const CONNECTIONS: Figure = Figure::new("connections", "sockets", Unit::Count);
const BYTES: Figure = Figure::new("bytes", "bytes of a message", Unit::Count);
const JOINED: Figure = Figure::new("joined", "messages joined in one write", Unit::Count);
const SINGLE: Figure = Figure::new("nanosPerWrite", "CPU per write of one message", Unit::Nanos);
const JOINED_WRITE: Figure = Figure::new(
    "nanosPerJoinedWrite",
    "CPU per write of joined messages",
    Unit::Nanos,
);
const PER_SECOND: Figure = Figure::new(
    "deliveriesPerCpuSecond",
    "deliveries per second of CPU, one by one",
    Unit::PerSecond,
);
const JOINED_PER_SECOND: Figure = Figure::new(
    "joinedDeliveriesPerCpuSecond",
    "deliveries per second of CPU, joined",
    Unit::PerSecond,
)
.alias("rate");

impl Scenario for FloorArgs {
    const NAME: &'static str = "floor";
    const FIGURES: &'static [Figure] = &[
        CONNECTIONS,
        BYTES,
        JOINED,
        SINGLE,
        JOINED_WRITE,
        PER_SECOND,
        JOINED_PER_SECOND,
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let cores = bench.options.server.pin.then(Cores::choose).transpose()?;
        // A plain server has room for whoever comes, as far as this process may.
        bench.make_room(self.serve.map_or(self.connections, |_| 0))?;
        if let Some(address) = self.drain {
            let drained = drain::drain(address, self.connections, std::io::stdout().lock());
            // The other side has what it wants to know.
            std::process::exit(i32::from(drained.is_err()));
        }
        if let Some(address) = self.serve {
            if let Some(cores) = cores {
                cores.as_server()?;
            }
            let never = plain::serve(address).map_err(BenchFault::Start)?;
            match never {}
        }
        let mut frame = Vec::new();
        frames::encode_as_server(padded("b", self.bytes).as_bytes(), &mut frame);
        let joined = frame.repeat(usize::from(self.joined));
        let seconds = std::time::Duration::from_secs(self.seconds);
        let mut writes = Writes::prepare(self.connections, cores)?;
        bench.progress.say("writing one message at a time");
        let single = writes.nanos_per_write(&frame, seconds)?;
        bench.progress.say("writing joined messages");
        let together = writes.nanos_per_write(&joined, seconds)?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, self.connections);
        report.put(BYTES, u32::from(self.bytes));
        report.put(JOINED, u32::from(self.joined));
        report.put(SINGLE, single);
        report.put(JOINED_WRITE, together);
        report.put(PER_SECOND, 1e9 / single);
        report.put(JOINED_PER_SECOND, 1e9 * f64::from(self.joined) / together);
        Ok(report)
    }
}
