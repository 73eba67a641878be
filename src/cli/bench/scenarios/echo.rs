//! `otomo bench echo`: how fast a server answers.
//!
//! Each client asks, and asks again when it has its answer; or questions go by the clock. Of Otomo it is a heartbeat that is
//! asked for, which is decoded, handled by the session and answered like any command.

use std::{
    collections::VecDeque,
    mem,
    rc::Rc,
    time::{Duration, Instant},
};

use clap::Args;

use super::padded;
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Pace},
        options::Speaks,
        refusal,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Actions, Play},
    },
    kernel::identity::Role,
    protocol::command::REQUEST_ID_MAX_BYTES,
};

/// How the answer begins.
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
    /// Bytes of a question.
    #[arg(long, default_value_t = 110, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(40..))]
    bytes: u16,
}

const CONNECTIONS: Figure = Figure::new("connections", "clients", Unit::Count);
const ASKED: Figure = Figure::new("asked", "asked for, per second", Unit::PerSecond);
const IN_FLIGHT: Figure = Figure::new("inFlight", "in flight for each client", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const ANSWERS: Figure = Figure::new("answers", "answers", Unit::Count);
const PER_SECOND: Figure =
    Figure::new("answersPerSecond", "answers per second", Unit::PerSecond).alias("rate");
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
        LEFT_OVER[0],
        LEFT_OVER[1],
        LATENESS,
        TOOL[0],
        TOOL[1],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let target = bench.target(self.connections)?;
        bench.progress.say("letting clients in");
        let tickets = target.tickets("user", self.connections, Role::User, "calls")?;
        let mut crowd = Crowd::eager(&target)?;
        crowd.admit(tickets.into_iter())?;
        let meter = Meter::new("answers", self.connections as usize, bench.progress);
        let mut echo = Echo::new(&self, target.speaks(), meter);
        let span = Duration::from_secs(self.seconds);
        let spent = stage::measure(&mut crowd, &target, &mut echo, span)?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(CONNECTIONS, self.connections);
        match self.rate {
            Some(rate) => report.put(ASKED, rate),
            None => report.put(IN_FLIGHT, self.in_flight.unwrap_or(1)),
        }
        let counts = [SECONDS, ANSWERS, PER_SECOND];
        spent.report(&mut report, counts, COSTS, echo.meter.count());
        report.measured(LATENCY, &echo.meter);
        Ok(report)
    }
}

/// Clients that ask.
struct Echo {
    question: Rc<str>,
    answer: &'static [u8],
    /// Since when each client's questions have been due; the oldest is answered first.
    due: Vec<VecDeque<Instant>>,
    /// Questions that wait for their answers.
    open: usize,
    /// Who asks first, where each asks again when it has its answer: a client for each question in flight.
    first: Vec<usize>,
    /// Who asks next, by the clock.
    next: usize,
    pace: Pace,
    stopped: bool,
    meter: Meter,
}

impl Echo {
    fn new(args: &EchoArgs, speaks: Speaks, meter: Meter) -> Self {
        let clients = args.connections as usize;
        let (question, answer): (_, &[u8]) = match speaks {
            Speaks::Otomo => (question(args.bytes), ANSWER),
            Speaks::Plain => (padded("e", args.bytes), b"e"),
        };
        let in_flight = match args.rate {
            Some(_) => 0,
            None => args.in_flight.unwrap_or(1) as usize,
        };
        Self {
            question: question.into(),
            answer,
            due: vec![VecDeque::new(); clients],
            open: 0,
            first: (0..clients).cycle().take(clients * in_flight).collect(),
            next: 0,
            pace: Pace::of(args.rate, Instant::now()),
            stopped: false,
            meter,
        }
    }

    fn ask(&mut self, client: usize, due: Instant, actions: &mut Actions) {
        if let Some(queue) = self.due.get_mut(client) {
            queue.push_back(due);
            self.open += 1;
            actions.say(client, Rc::clone(&self.question));
        }
    }
}

impl Play for Echo {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        for client in mem::take(&mut self.first) {
            self.ask(client, now, actions);
        }
        if let Pace::Open { .. } = self.pace {
            while let Some(due) = self.pace.next(now) {
                self.ask(self.next, due, actions.due(self.pace, due));
                self.next = (self.next + 1) % self.due.len();
            }
        }
        Ok(self.pace.pause(now))
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        if !message.starts_with(self.answer) {
            return refusal(message).map_or(Ok(()), Err);
        }
        let Some(due) = self.due.get_mut(client).and_then(VecDeque::pop_front) else {
            return Ok(());
        };
        let now = Instant::now();
        self.open -= 1;
        self.meter.came(now.saturating_duration_since(due));
        if let Pace::Closed = self.pace
            && !self.stopped
        {
            self.ask(client, now, actions);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.open
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        self.meter.reset();
    }

    fn stop(&mut self, now: Instant) -> u64 {
        self.stopped = true;
        self.meter.missed(self.pace.overdue(now), now)
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        let open = self.due.iter_mut().flat_map(|queue| queue.drain(..));
        self.meter.missed(open, now)
    }
}

/// A heartbeat of so many bytes: its name is as long as may be, and what is missing then is space.
fn question(bytes: u16) -> String {
    const HEARTBEAT: &str = r#"{"type":"heartbeat","requestId":""}"#;
    let room = usize::from(bytes).saturating_sub(HEARTBEAT.len());
    let name = "b".repeat(room.min(REQUEST_ID_MAX_BYTES));
    padded(
        &format!(r#"{{"type":"heartbeat","requestId":"{name}"}}"#),
        bytes,
    )
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
    fn the_question_is_a_command_of_the_size_asked_for_and_its_answer_is_known() {
        for bytes in [40, 99, 110, 3_000] {
            let question = question(bytes);
            assert_eq!(question.len(), usize::from(bytes));
            let asked = command::decode(question.as_bytes()).unwrap();
            assert!(matches!(asked.command, Command::Heartbeat(_)));
        }
        let asked = command::decode(question(110).as_bytes()).unwrap();
        let answer = Event::from(HeartbeatAck { timestamp: 1 });
        let frame = Frame::answer(&answer, asked.request_id.as_ref());
        assert!(frame.json().starts_with(ANSWER));
    }
}
