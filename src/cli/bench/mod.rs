//! `otomo bench`: puts load on an Otomo server, or on a plain one, and measures what it costs the server.
//!
//! What is measured is the server alone, as the kernel counts it for its process: resident memory, user
//! and system CPU. User CPU is our code; system CPU is nearly all the kernel's work for socket writes,
//! the same for every server. Wall-clock figures depend on who else uses the machine, CPU hardly does.
//! The tool runs in one thread, but for requests of the app's backend (`events`, `mixed`, `soak`), and says what it used itself:
//! where its thread has no time to spare, it measures itself.
//!
//! Every connection is a full one to the server: its token is checked, its user is known, it has got its snapshots and
//! `ready`, and it answers pings. A connection that is lost ends the run.
//!
//! - [`scenarios`]: what can be measured. [`options`]: what every scenario is asked.
//! - [`target`]: the server under test, and what it costs. [`transport`]: how one client speaks with it.
//! - [`crowd`]: many clients in one thread, on bare sockets: a WebSocket library's buffers and futures would cost more than the
//!   server. [`mod@measure`]: when the next is due, how long it took, what it cost.
//! - [`stage`]: the loop in which every scenario with clients is played. [`peek`]: what is looked at of a message.
//! - [`report`]: a table or JSON, a chart, and whether it is as expected.
//!
//! # Writing a scenario
//! A file of [`scenarios`] with its arguments (`#[derive(Args)]`), which implement [`Scenario`]; a variant of `Command` below.
//! 1. [`Bench::target`] finds or starts the server, with room for so many connections. One that plain servers cannot serve calls
//!    [`target::Target::must_be_otomo`].
//! 2. A [`crowd::Crowd`] lets clients in: `crowd.admit(tickets)`, with [`target::Target::tickets`] made before anything is
//!    timed. They are numbered in that order, from 0.
//! 3. What is played implements [`stage::Play`]: `tick` wants what is due by the [`measure::Pace`], `heard` what follows from a
//!    message. [`crowd::Actions`] takes both: `actions.say(number, command)`, or `actions.due(pace, due).say(..)`. A command begins with
//!    its `type`, and a message is the JSON object of the protocol, whatever the transport; a refusal begins with [`ERROR`]
//!    ([`refusal`]). Look at how it begins rather than parse it: millions come.
//! 4. A [`measure::Meter`] counts: `came(due.elapsed())`, from when [`measure::Pace::next`] said that it was due. `stop` and
//!    `give_up` count what was not sent or not answered with how long it has been waited for ([`measure::Meter::missed`]).
//! 5. [`stage::measure`] plays it and says what that cost; [`stage::Spent::report`] puts that into the [`report::Report`], beside
//!    [`report::Report::put`] for each further figure of [`Scenario::FIGURES`] and `report.measured(LATENCY, &meter)`.

mod crowd;
mod fault;
mod measure;
mod options;
mod peek;
mod report;
mod scenarios;
mod stage;
mod target;
mod transport;

use std::{
    error::Error,
    io::{Write as _, stdout},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, error::ErrorKind};

use self::{
    fault::BenchFault,
    measure::Progress,
    options::{Options, PLAIN, Transport},
    report::{Figure, Report, Unit, help},
    scenarios::{
        calls::CallsArgs, chat::ChatArgs, connect::ConnectArgs, direct::DirectArgs, echo::EchoArgs,
        events::EventsArgs, fanout::FanoutArgs, floor::FloorArgs, idle::IdleArgs, mixed::MixedArgs,
        presence::PresenceArgs, replay::ReplayArgs, soak::SoakArgs,
    },
    target::Target,
};
use super::descriptors;
use crate::kernel::{
    config::Config,
    ids::{IdFault, UserId},
};

/// Descriptors of a process that do not belong to clients: database, logs, wakers.
const OTHER_DESCRIPTORS: u64 = 128;

/// How a refusal begins.
const ERROR: &[u8] = br#"{"type":"error""#;

/// What to measure.
#[derive(Args)]
#[command(after_help = PLAIN)]
pub(super) struct BenchArgs {
    #[command(subcommand)]
    scenario: Command,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// CPU and time of letting people in, in a storm or one after another.
    #[command(after_help = help(ConnectArgs::FIGURES))]
    Connect(ConnectArgs),
    /// Memory of connections that do nothing.
    #[command(after_help = help(IdleArgs::FIGURES))]
    Idle(IdleArgs),
    /// CPU and latency of telling everybody.
    #[command(after_help = help(FanoutArgs::FIGURES))]
    Fanout(FanoutArgs),
    /// Questions a second that are answered.
    #[command(after_help = help(EchoArgs::FIGURES))]
    Echo(EchoArgs),
    /// Messages a second from one client to another.
    #[command(after_help = help(DirectArgs::FIGURES))]
    Direct(DirectArgs),
    /// Whole calls a second, from request to end.
    #[command(after_help = help(CallsArgs::FIGURES))]
    Calls(CallsArgs),
    /// Messages a second that are stored and acknowledged.
    #[command(after_help = help(ChatArgs::FIGURES))]
    Chat(ChatArgs),
    /// How soon people see who comes, goes and changes.
    #[command(after_help = help(PresenceArgs::FIGURES))]
    Presence(PresenceArgs),
    /// How soon rooms hear what a backend says.
    #[command(after_help = help(EventsArgs::FIGURES))]
    Events(EventsArgs),
    /// How soon somebody who comes back has all that they missed.
    #[command(after_help = help(ReplayArgs::FIGURES))]
    Replay(ReplayArgs),
    /// A day of an app: calls, messages and everything else.
    #[command(after_help = help(MixedArgs::FIGURES))]
    Mixed(MixedArgs),
    /// Whether a server levels off, under the evening's load for long.
    #[command(after_help = help(SoakArgs::FIGURES))]
    Soak(SoakArgs),
    /// What the kernel asks for the same, without any server; or the smallest server there can be.
    #[command(after_help = help(FloorArgs::FIGURES))]
    Floor(FloorArgs),
}

/// Something that can be measured.
trait Scenario {
    /// In reports.
    const NAME: &'static str;
    /// All that its report, and the levels of it, may hold.
    const FIGURES: &'static [Figure];

    /// Measures it.
    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault>;
}

/// What a scenario has to work with.
struct Bench<'a> {
    config: &'a Config,
    /// The files that the configuration is from, for a server of our own.
    config_files: &'a [PathBuf],
    options: &'a Options,
    progress: Progress,
}

impl Bench<'_> {
    /// The server to measure, once there is room for so many connections to it.
    fn target(&self, connections: u32) -> Result<Target, BenchFault> {
        // Clients of an event stream have a second one for their commands.
        let sockets = match self.options.way.transport {
            Transport::Sse => 2,
            Transport::Ws | Transport::SocketIo => 1,
        };
        self.make_room(connections.saturating_mul(sockets))?;
        self.progress.say("looking for the server");
        Target::find(self)
    }

    /// Raises the limit of open descriptors, so that this process, and what it starts, can hold so many connections.
    fn make_room(&self, connections: u32) -> Result<(), BenchFault> {
        let limit = descriptors::raise().map_err(BenchFault::DescriptorLimit)?;
        let needed = u64::from(connections) + OTHER_DESCRIPTORS;
        match needed > limit {
            true => Err(BenchFault::Descriptors { needed, limit }),
            false => Ok(()),
        }
    }
}

/// Runs a scenario and prints what it found. A server of our own gets `config_files` too.
///
/// # Errors
/// Whatever makes the figures worthless, or that they are not as expected. A wrong command line is clap's error.
pub(super) fn run(
    config: &Config,
    config_files: &[PathBuf],
    args: BenchArgs,
) -> Result<(), Box<dyn Error>> {
    let BenchArgs { scenario, options } = args;
    let bench = Bench {
        config,
        config_files,
        options: &options,
        progress: Progress::new(&options.output),
    };
    match scenario {
        Command::Connect(args) => measure(args, &bench),
        Command::Idle(args) => measure(args, &bench),
        Command::Fanout(args) => measure(args, &bench),
        Command::Echo(args) => measure(args, &bench),
        Command::Direct(args) => measure(args, &bench),
        Command::Calls(args) => measure(args, &bench),
        Command::Chat(args) => measure(args, &bench),
        Command::Presence(args) => measure(args, &bench),
        Command::Events(args) => measure(args, &bench),
        Command::Replay(args) => measure(args, &bench),
        Command::Mixed(args) => measure(args, &bench),
        Command::Soak(args) => measure(args, &bench),
        Command::Floor(args) => measure(args, &bench),
    }
}

fn measure<S: Scenario>(scenario: S, bench: &Bench<'_>) -> Result<(), Box<dyn Error>> {
    let output = &bench.options.output;
    for expectation in &output.expect {
        let checked = expectation.check(S::FIGURES);
        checked.map_err(|unfit| wrong(&format!("--expect {unfit}")))?;
    }
    let measures_latency = S::FIGURES.iter().any(|it| it.unit == Unit::Latency);
    if output.plot.is_some() && !measures_latency {
        let problem = format!("--plot: {} measures no latencies", S::NAME);
        return Err(wrong(&problem).into());
    }
    let ran = scenario.run(bench);
    bench.progress.clear();
    let report = ran.map_err(|fault| match fault {
        odd @ (BenchFault::Url { .. } | BenchFault::Options(_)) => wrong(&odd.to_string()).into(),
        fault => Box::<dyn Error>::from(fault),
    })?;
    report::print(&report, output.json)?;
    if output.verdict {
        write!(stdout(), "\n{}", report::verdict(&output.expect, &report))?;
    }
    if let Some(file) = &output.plot {
        write_plot(file, &report)?;
    }
    report::hold(&output.expect, &report)?;
    Ok(())
}

fn write_plot(file: &Path, report: &Report) -> Result<(), BenchFault> {
    let unfit = |problem: String| BenchFault::File {
        option: "--plot",
        file: file.display().to_string(),
        problem,
    };
    let nothing = || unfit("this scenario measures no latencies".to_owned());
    let chart = report::draw(report).ok_or_else(nothing)?;
    std::fs::write(file, chart).map_err(|cause| unfit(cause.to_string()))
}

/// A wrong command line, where only the scenario could tell.
fn wrong(problem: &str) -> clap::Error {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{problem}\n"))
}

/// The people of a run: `bench-user-0`, `bench-otomo-7`.
fn user(kind: &str, number: usize) -> Result<UserId, IdFault> {
    format!("bench-{kind}-{number}").parse()
}

/// The fault if a message is a refusal.
fn refusal(message: &[u8]) -> Option<BenchFault> {
    message
        .starts_with(ERROR)
        .then(|| BenchFault::unwilling(message))
}
