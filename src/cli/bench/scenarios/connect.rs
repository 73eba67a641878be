//! `otomo bench connect`: what it costs to let people in.
//!
//! A storm: as many as fit through the door at once, and the next when one is in. Or a ramp, by the clock. With `--again` all
//! have been there before: that is what a server sees that comes back after a restart.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::{Crowd, HANDSHAKES},
        fault::BenchFault,
        measure::{Meter, Pace},
        options::Speaks,
        report::{Figure, LATENESS, LEFT_OVER, NEVER_IDLE, Report, TOOL, Unit},
        stage::{self, Actions, Play},
        transport::Ticket,
    },
    kernel::identity::Role,
};

/// How many, and how fast.
#[derive(Args)]
pub(crate) struct ConnectArgs {
    /// Connections, each of another user.
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Connections a second, by the clock; their latency counts from when they were due. Without it: a storm.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Connections of a storm that are on their way in at once.
    #[arg(long, default_value_t = HANDSHAKES as u32, value_name = "NUMBER", conflicts_with = "rate",
          value_parser = clap::value_parser!(u32).range(1..))]
    handshakes: u32,
    /// Let all of them in once before, and have them leave: the server knows them when they come again.
    #[arg(long)]
    again: bool,
}

const CONNECTIONS: Figure = Figure::new("connections", "connections", Unit::Count);
const ASKED: Figure = Figure::new("asked", "asked for, per second", Unit::PerSecond);
const AT_ONCE: Figure = Figure::new("handshakes", "on their way in at once", Unit::Count);
const AGAIN: Figure = Figure::new("again", "known from before", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "all were in after", Unit::Seconds);
const PER_SECOND: Figure = Figure::new(
    "connectsPerSecond",
    "connections that got ready, per second",
    Unit::PerSecond,
)
.alias("rate");
const LATENCY: Figure = Figure::new("latencyMs", "from connecting to ready", Unit::Latency);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerConnect",
    "serverSystemMicrosPerConnect",
    "toolMicrosPerConnect",
    "connection"
];

impl Scenario for ConnectArgs {
    const NAME: &'static str = "connect";
    const FIGURES: &'static [Figure] = &[
        CONNECTIONS,
        ASKED,
        AT_ONCE,
        AGAIN,
        SECONDS,
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
        NEVER_IDLE,
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let target = bench.target(self.connections)?;
        let tickets = target.tickets("user", self.connections, Role::User, "otomo,calls")?;
        let mut crowd = Crowd::new(&target)?;
        if self.again {
            bench.progress.say("letting all in for the first time");
            crowd.admit(tickets.iter().cloned())?;
            crowd.leave_all()?;
        }
        bench.progress.say("waiting until the server is idle");
        let meter = Meter::new("connections", tickets.len(), bench.progress);
        let mut storm = Storm::new(&self, target.speaks(), tickets, meter);
        let spent = stage::measure_all(&mut crowd, &target, &mut storm)?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        match self.rate {
            Some(rate) => report.put(ASKED, rate),
            None => report.put(AT_ONCE, self.handshakes),
        }
        report.put(AGAIN, self.again);
        let counts = [SECONDS, CONNECTIONS, PER_SECOND];
        spent.report(&mut report, counts, COSTS, storm.meter.count());
        report.measured(LATENCY, &storm.meter);
        Ok(report)
    }
}

/// People on their way in.
struct Storm {
    tickets: Vec<Ticket>,
    speaks: Speaks,
    /// The most that are on their way in at once.
    door: usize,
    rate: Option<u32>,
    /// From when the first is due.
    pace: Option<Pace>,
    /// Since when each who has set out was due.
    due: Vec<Instant>,
    ready: usize,
    meter: Meter,
}

impl Storm {
    /// Nobody has set out.
    fn new(args: &ConnectArgs, speaks: Speaks, tickets: Vec<Ticket>, meter: Meter) -> Self {
        let door = match args.rate {
            Some(_) => usize::MAX,
            None => args.handshakes as usize,
        };
        Self {
            due: Vec::with_capacity(tickets.len()),
            tickets,
            speaks,
            door,
            rate: args.rate,
            pace: None,
            ready: 0,
            meter,
        }
    }
}

impl Play for Storm {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        let rate = self.rate;
        let pace = self.pace.get_or_insert_with(|| Pace::of(rate, now));
        while let Some(ticket) = self.tickets.get(self.due.len())
            && self.due.len() - self.ready < self.door
            && let Some(due) = pace.next(now)
        {
            let (number, ticket) = (self.due.len(), ticket.clone());
            actions.due(*pace, due).join(number, ticket);
            self.due.push(due);
        }
        let all = self.due.len() == self.tickets.len();
        Ok(pace.pause(now).filter(|_| !all))
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        _actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        if self.speaks.says_ready(message)
            && let Some(due) = self.due.get(client)
        {
            self.ready += 1;
            self.meter.came(due.elapsed());
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.due.len() - self.ready
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        self.meter.reset();
    }

    fn is_over(&self) -> bool {
        self.ready == self.tickets.len()
    }
}
