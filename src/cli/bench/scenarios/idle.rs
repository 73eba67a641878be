//! `otomo bench idle`: what a connection costs that does nothing.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::Cost,
        options::duration,
        report::{Figure, NEVER_IDLE, Report, TOOL, Unit},
    },
    kernel::identity::Role,
};

/// How many connections, and for how long.
#[derive(Args)]
pub(crate) struct IdleArgs {
    /// Connections, each of another user.
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// How long to leave them alone before memory is read.
    #[arg(long, default_value = "3s", value_name = "DURATION", value_parser = duration)]
    settle: Duration,
}

const CONNECTIONS: Figure = Figure::new("connections", "connections", Unit::Count);
const OPENED_IN: Figure = Figure::new("openedInSeconds", "opened in", Unit::Seconds);
const BEFORE: Figure = Figure::new("residentBeforeKib", "server memory before", Unit::Kib);
const AFTER: Figure = Figure::new("residentAfterKib", "server memory after", Unit::Kib);
const EACH: Figure = Figure::new(
    "residentKibPerConnection",
    "server memory per idle connection",
    Unit::Kib,
)
.alias("memory");
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerConnect",
    "serverSystemMicrosPerConnect",
    "toolMicrosPerConnect",
    "connect"
];

impl Scenario for IdleArgs {
    const NAME: &'static str = "idle";
    const FIGURES: &'static [Figure] = &[
        CONNECTIONS,
        OPENED_IN,
        COSTS[0],
        COSTS[1],
        COSTS[2],
        BEFORE,
        AFTER,
        EACH,
        TOOL[0],
        TOOL[1],
        NEVER_IDLE,
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let target = bench.target(self.connections)?;
        let process = target.process();
        let resident = || process.map(|it| it.resident_kib()).transpose();
        let mut crowd = Crowd::new(&target)?;
        let tickets = target.tickets("user", self.connections, Role::User, "otomo,calls")?;
        bench.progress.say("waiting until the server is idle");
        let (cost_before, before) = (Cost::read_idle(&target, &mut crowd)?, resident()?);
        bench.progress.say("letting clients in");
        let began = Instant::now();
        crowd.admit(tickets.into_iter())?;
        let opened_in = began.elapsed();
        let load = Cost::read(&target)?.since(&cost_before);
        bench.progress.say("leaving them alone");
        let until_idle = Cost::read_idle(&target, &mut crowd)?.since(&cost_before);
        let cost = load.with_server_of(&until_idle);
        crowd.listen(self.settle)?;
        let after = resident()?;
        let connections = u64::from(self.connections);
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, connections);
        report.put(OPENED_IN, opened_in.as_secs_f64());
        report.costs(COSTS, &cost, connections);
        report.put(BEFORE, before);
        report.put(AFTER, after);
        let grown = before.zip(after);
        let each = grown.map(|(before, after)| {
            after.saturating_sub(before) as f64 / f64::from(self.connections)
        });
        report.put(EACH, each);
        Ok(report)
    }
}
