//! `otomo bench echo`: how fast a server answers.
//!
//! Each client asks, and asks again when it has its answer; or questions go by the clock. Of Otomo it is a heartbeat that is
//! asked for, which is decoded, handled by the session and answered like any command.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use clap::Args;

use super::{PATIENCE, WARM_UP, padded};
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Cost, Meter, Pace},
        options::Speaks,
        refusal,
        report::{Figure, Report, Unit},
        target::Target,
        user,
    },
    kernel::identity::Role,
};

/// What clients ask, and how the answer begins.
const QUESTION: &str = r#"{"type":"heartbeat","requestId":"bench"}"#;
const ANSWER: &[u8] = br#"{"type":"heartbeat_ack""#;

/// How many ask, and for how long.
#[derive(Args)]
pub(crate) struct EchoArgs {
    /// Clients that ask.
    #[arg(long, default_value_t = 64, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// Questions of each client that are on their way at once [default: 1].
    #[arg(long, value_name = "NUMBER", conflicts_with = "rate",
          value_parser = clap::value_parser!(u32).range(1..))]
    in_flight: Option<u32>,
    /// Questions a second from all clients together, by the clock; latency counts from when they were due.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How long to count, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Bytes of a message of a plain server.
    #[arg(long, default_value_t = 110, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(16..))]
    bytes: u16,
}

const CONNECTIONS: Figure = Figure::new("connections", "clients", Unit::Count);
const ASKED: Figure = Figure::new("asked", "asked for, per second", Unit::PerSecond);
const IN_FLIGHT: Figure = Figure::new("inFlight", "in flight for each client", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const ANSWERS: Figure = Figure::new("answers", "answers", Unit::Count);
const PER_SECOND: Figure =
    Figure::new("answersPerSecond", "answers per second", Unit::PerSecond).or("rate");
const LATENCY: Figure = Figure::new("latencyMs", "latency of an answer", Unit::Latency);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerAnswer",
    "serverSystemMicrosPerAnswer",
    "toolMicrosPerAnswer",
    "answer"
];

impl Scenario for EchoArgs {
    const NAME: &'static str = "echo";
    const FIGURES: &'static [Figure] = &[
        CONNECTIONS,
        ASKED,
        IN_FLIGHT,
        SECONDS,
        ANSWERS,
        PER_SECOND,
        LATENCY,
        COSTS[0],
        COSTS[1],
        COSTS[2],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let target = bench.target(self.connections)?;
        bench.progress.say("letting clients in");
        let in_flight = self.in_flight.unwrap_or(1);
        let meter = Meter::new("answers", self.connections as usize, bench.progress);
        let mut load = Load::prepare(&self, &target, meter)?;
        load.pace = Pace::of(self.rate, Instant::now());
        if self.rate.is_none() {
            for client in (0..self.connections as usize)
                .cycle()
                .take(self.connections as usize * in_flight as usize)
            {
                load.ask(client, Instant::now())?;
            }
        }
        load.run(WARM_UP)?;
        load.meter.reset();
        let before = Cost::read(&target)?;
        load.run(Duration::from_secs(self.seconds))?;
        let (meter, took) = (&load.meter, load.meter.elapsed().as_secs_f64());
        let cost = Cost::read(&target)?.since(&before);
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, self.connections);
        match self.rate {
            Some(rate) => report.put(ASKED, rate),
            None => report.put(IN_FLIGHT, in_flight),
        }
        report.put(SECONDS, took);
        report.put(ANSWERS, meter.count());
        report.put(PER_SECOND, meter.count() as f64 / took);
        report.measured(LATENCY, meter);
        report.costs(COSTS, &cost, meter.count());
        Ok(report)
    }
}

/// Clients, connected.
struct Load {
    crowd: Crowd,
    question: String,
    answer: &'static [u8],
    /// Since when each client's questions have been due; the oldest is answered first.
    due: Vec<VecDeque<Instant>>,
    /// Who asks next, by the clock.
    next: usize,
    /// Who got an answer in this turn.
    answered: Vec<usize>,
    pace: Pace,
    meter: Meter,
}

impl Load {
    fn prepare(args: &EchoArgs, target: &Target, meter: Meter) -> Result<Self, BenchFault> {
        let clients = args.connections as usize;
        let tickets = (0..clients)
            .map(|number| target.ticket(user("user", number)?, Role::User, "calls"))
            .collect::<Result<Vec<_>, _>>()?;
        let mut crowd = Crowd::eager(target)?;
        crowd.admit(tickets.into_iter())?;
        let (question, answer): (_, &[u8]) = match target.speaks() {
            Speaks::Otomo => (QUESTION.to_owned(), ANSWER),
            Speaks::Plain => (padded("e", args.bytes), b"e"),
        };
        Ok(Self {
            crowd,
            question,
            answer,
            due: vec![VecDeque::new(); clients],
            next: 0,
            answered: Vec::new(),
            pace: Pace::Closed,
            meter,
        })
    }

    fn ask(&mut self, client: usize, due: Instant) -> Result<(), BenchFault> {
        if let Some(queue) = self.due.get_mut(client) {
            queue.push_back(due);
        }
        self.crowd.say(client, &self.question)
    }

    fn run(&mut self, span: Duration) -> Result<(), BenchFault> {
        let mut now = Instant::now();
        let (end, mut last) = (now + span, now);
        while now < end {
            self.meter.tick(now);
            if let Pace::Open { .. } = self.pace {
                while let Some(due) = self.pace.next(now) {
                    self.ask(self.next, due)?;
                    self.next = (self.next + 1) % self.due.len();
                }
            }
            let pause = self.pace.pause(now).unwrap_or(PATIENCE);
            self.listen(pause.min(end - now))?;
            now = Instant::now();
            for client in std::mem::take(&mut self.answered) {
                last = now;
                let due = self.due.get_mut(client).and_then(VecDeque::pop_front);
                self.meter
                    .came(now.saturating_duration_since(due.unwrap_or(now)));
                if let Pace::Closed = self.pace {
                    self.ask(client, now)?;
                }
            }
            if now.duration_since(last) > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
        Ok(())
    }

    fn listen(&mut self, patience: Duration) -> Result<(), BenchFault> {
        let mut refused = None;
        let (answer, answered) = (self.answer, &mut self.answered);
        self.crowd.turn(patience, |client, message| {
            match message.starts_with(answer) {
                true => answered.push(client),
                false => refused = refused.take().or_else(|| refusal(message)),
            }
        })?;
        refused.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        command::{self, Command},
        event::{Event, HeartbeatAck},
        frame::Frame,
    };

    #[test]
    fn the_question_is_a_command_and_its_answer_is_known() {
        let asked = command::decode(QUESTION.as_bytes()).unwrap();
        assert!(matches!(asked.command, Command::Heartbeat(_)));
        let answer = Event::from(HeartbeatAck { timestamp: 1 });
        let frame = Frame::answer(&answer, asked.request_id.as_ref());
        assert!(frame.json().starts_with(ANSWER));
    }
}
