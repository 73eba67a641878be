//! `otomo bench connect`: what it costs to let people in.
//!
//! A storm: as many as fit through the door at once, and the next when one is in. Or a ramp, by the clock. With `--again` all
//! have been there before: that is what a server sees that comes back after a restart.

use std::time::Instant;

use clap::Args;

use super::PATIENCE;
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::{AT_THE_DOOR, Crowd},
        fault::BenchFault,
        measure::{Cost, Meter, Pace},
        report::{Figure, Report, Unit},
        target::Target,
        transport::Ticket,
        user,
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
    #[arg(long, default_value_t = AT_THE_DOOR as u32, value_name = "NUMBER", conflicts_with = "rate",
          value_parser = clap::value_parser!(u32).range(1..))]
    at_the_door: u32,
    /// Let all of them in once before, and have them leave: the server knows them when they come again.
    #[arg(long)]
    again: bool,
}

const CONNECTIONS: Figure = Figure::new("connections", "connections", Unit::Count);
const ASKED: Figure = Figure::new("asked", "asked for, per second", Unit::PerSecond);
const DOOR: Figure = Figure::new("atTheDoor", "on their way in at once", Unit::Count);
const AGAIN: Figure = Figure::new("again", "known from before", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "all were in after", Unit::Seconds);
const PER_SECOND: Figure = Figure::new(
    "connectsPerSecond",
    "connections that got ready, per second",
    Unit::PerSecond,
)
.or("rate");
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
        DOOR,
        AGAIN,
        SECONDS,
        PER_SECOND,
        LATENCY,
        COSTS[0],
        COSTS[1],
        COSTS[2],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let target = bench.target(self.connections)?;
        let tickets = (0..self.connections as usize)
            .map(|number| target.ticket(user("user", number)?, Role::User, "otomo,calls"))
            .collect::<Result<Vec<_>, _>>()?;
        let mut crowd = Crowd::new(&target)?;
        if self.again {
            bench.progress.say("letting all in for the first time");
            crowd.admit(tickets.iter().cloned())?;
            crowd.leave_all()?;
        }
        let mut meter = Meter::new("connections", tickets.len(), bench.progress);
        let before = Cost::read(&target)?;
        let began = Instant::now();
        self.let_in(&mut crowd, &target, &tickets, &mut meter)?;
        let took = began.elapsed().as_secs_f64();
        let cost = Cost::read(&target)?.since(&before);
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, self.connections);
        match self.rate {
            Some(rate) => report.put(ASKED, rate),
            None => report.put(DOOR, self.at_the_door),
        }
        report.put(AGAIN, self.again);
        report.put(SECONDS, took);
        report.put(PER_SECOND, meter.count() as f64 / took);
        report.measured(LATENCY, &meter);
        report.costs(COSTS, &cost, meter.count());
        Ok(report)
    }
}

impl ConnectArgs {
    fn let_in(
        &self,
        crowd: &mut Crowd,
        target: &Target,
        tickets: &[Ticket],
        meter: &mut Meter,
    ) -> Result<(), BenchFault> {
        let mut pace = Pace::of(self.rate, Instant::now());
        let door = match self.rate {
            Some(_) => usize::MAX,
            None => self.at_the_door as usize,
        };
        let mut due = Vec::with_capacity(tickets.len());
        let (mut ready, mut progress) = (0, Instant::now());
        while ready < tickets.len() {
            let now = Instant::now();
            meter.tick(now);
            while let Some(ticket) = tickets.get(due.len())
                && due.len() - ready < door
                && let Some(since) = pace.next(now)
            {
                match self.again {
                    true => crowd.begin_again(due.len(), ticket)?,
                    false => drop(crowd.begin(ticket)?),
                }
                due.push(since);
            }
            let known = ready;
            let pause = match due.len() < tickets.len() {
                true => pace.pause(now).unwrap_or(PATIENCE),
                false => PATIENCE,
            };
            crowd.turn(pause, |number, message| {
                if target.speaks().says_ready(message)
                    && let Some(due) = due.get(number)
                {
                    ready += 1;
                    meter.came(due.elapsed());
                }
            })?;
            if ready > known || ready == due.len() {
                progress = Instant::now();
            } else if progress.elapsed() > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
        Ok(())
    }
}
