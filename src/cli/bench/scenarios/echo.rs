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
        options::{Speaks, seconds},
        refusal,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Actions, Play},
    },
    kernel::identity::Role,
    protocol::command::REQUEST_ID_MAX_BYTES,
};

/// Questions that are told apart, of each client: more than it usually has on their way.
const NUMBERS: usize = 100;

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
          value_parser = seconds)]
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
    /// By their numbers.
    questions: Vec<Rc<str>>,
    answer: &'static [u8],
    clients: Vec<Client>,
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

/// One that asks.
#[derive(Clone, Default)]
struct Client {
    /// The number of its next question.
    next: usize,
    /// The numbers of its questions that are on their way, and since when they have been due; the oldest first.
    open: VecDeque<(usize, Instant)>,
}

impl Echo {
    fn new(args: &EchoArgs, speaks: Speaks, meter: Meter) -> Self {
        let clients = args.connections as usize;
        let ask = |number| match speaks {
            Speaks::Otomo => question(number, args.bytes),
            Speaks::Plain => plain_question(number, args.bytes),
        };
        let questions = (0..NUMBERS).map(|number| ask(number).into());
        let in_flight = match args.rate {
            Some(_) => 0,
            None => args.in_flight.unwrap_or(1) as usize,
        };
        Self {
            questions: questions.collect(),
            answer: match speaks {
                Speaks::Otomo => ANSWER,
                Speaks::Plain => b"e",
            },
            clients: vec![Client::default(); clients],
            open: 0,
            first: (0..clients).cycle().take(clients * in_flight).collect(),
            next: 0,
            pace: Pace::of(args.rate, Instant::now()),
            stopped: false,
            meter,
        }
    }

    fn ask(&mut self, client: usize, due: Instant, actions: &mut Actions) {
        if let Some(asks) = self.clients.get_mut(client)
            && let Some(question) = self.questions.get(asks.next)
        {
            asks.open.push_back((asks.next, due));
            asks.next = (asks.next + 1) % NUMBERS;
            self.open += 1;
            actions.say(client, Rc::clone(question));
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
                self.next = (self.next + 1) % self.clients.len();
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
        let asked = self.clients.get_mut(client);
        let due = asked.and_then(|asked| asked.answered(number_of(message, self.answer)?));
        let due = due.ok_or_else(|| {
            let heard = String::from_utf8_lossy(message);
            BenchFault::Wrong(format!(
                "client {client} heard, twice or unasked, {}",
                heard.trim_end()
            ))
        })?;
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
        let open = self
            .clients
            .iter_mut()
            .flat_map(|client| client.open.drain(..));
        let open = open.map(|(_, due)| due);
        self.meter.missed(open, now)
    }
}

impl Client {
    /// The question with this number has its answer: since when it was due, if it is on its way.
    fn answered(&mut self, number: usize) -> Option<Instant> {
        let at = self.open.iter().position(|(open, _)| *open == number)?;
        self.open.remove(at).map(|(_, due)| due)
    }
}

/// The same of a plain server.
fn plain_question(number: usize, bytes: u16) -> String {
    padded(&format!("e{number}"), bytes)
}

/// The number of the question that an answer is to: behind the letter of plain servers, at the very end of ours.
fn number_of(message: &[u8], answer: &[u8]) -> Option<usize> {
    let digits = match answer {
        ANSWER => {
            let id = message.strip_suffix(b"\"}")?;
            id.get(id.len().checked_sub(2)?..)?
        }
        letter => message.strip_prefix(letter)?.trim_ascii_end(),
    };
    str::from_utf8(digits).ok()?.parse().ok()
}

/// A heartbeat of so many bytes: its name ends with the number and is as long as may be; what is missing then is space.
fn question(number: usize, bytes: u16) -> String {
    const HEARTBEAT: &str = r#"{"type":"heartbeat","requestId":""}"#;
    let room = usize::from(bytes).saturating_sub(HEARTBEAT.len());
    let length = room.min(REQUEST_ID_MAX_BYTES);
    let name = format!("{number:0length$}");
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
            let question = question(7, bytes);
            assert_eq!(question.len(), usize::from(bytes));
            let asked = command::decode(question.as_bytes()).unwrap();
            assert!(matches!(asked.command, Command::Heartbeat(_)));
        }
        let asked = command::decode(question(42, 110).as_bytes()).unwrap();
        let answer = Event::from(HeartbeatAck { timestamp: 1 });
        let frame = Frame::answer(&answer, asked.request_id.as_ref());
        assert!(frame.json().starts_with(ANSWER));
        assert_eq!(number_of(frame.json(), ANSWER), Some(42));
        let plain = plain_question(7, 110);
        assert_eq!(
            (plain.len(), number_of(plain.as_bytes(), b"e")),
            (110, Some(7))
        );
    }

    #[test]
    fn each_question_has_one_answer_in_whatever_order() {
        let start = Instant::now();
        let mut client = Client::default();
        for number in 0..3 {
            client.open.push_back((number, start));
        }
        for number in [1, 0] {
            assert_eq!(client.answered(number), Some(start));
            assert_eq!(client.answered(number), None, "twice");
        }
        assert_eq!(client.open.len(), 1);
    }
}
