//! `otomo bench replay`: how soon somebody who comes back has all that they missed.
//!
//! Users connect once and leave; the backend tells each of them so many durable events; then they come back with the last event
//! that they know (`lastSeq`), one after another or so many at a time (`--together`). What counts is from connecting until the last
//! event that they missed, and until `ready`. Each must hear all of them, once and in order ([`catch_up`]).

mod catch_up;

use std::time::Instant;

use clap::Args;

use self::catch_up::{CatchUp, Heard};
use super::{PATIENCE, streams};
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Cost, Meter, Progress},
        report::{Figure, Report, Unit},
        target::{Target, http::Session},
        transport::Ticket,
        user,
    },
    kernel::identity::Role,
};

/// Where the backend posts events.
const POST: &str = "/api/server/events";

/// Events of one request.
const BATCH: u64 = 250;

/// What each says: with what is around it about as long as a message of a chat.
const TEXT: &str = "今日は何時に話せますか？仕事が終わったら連絡します。";

/// How many come back, to how much, and how many at a time.
#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// Users who come back, once each.
    #[arg(long, default_value_t = 64, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,
    /// Durable events that each of them has missed. A server keeps 10,000 by default.
    #[arg(long, default_value_t = 1_000, value_name = "NUMBER",
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    events: u64,
    /// How many come back at a time: the next one comes when one has all that is theirs.
    #[arg(long, default_value_t = 1, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    together: u32,
}

const USERS: Figure = Figure::new("users", "users who come back", Unit::Count);
const EVENTS: Figure = Figure::new("events", "events missed by each", Unit::Count);
const TOGETHER: Figure = Figure::new("together", "at a time", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "until all were back", Unit::Seconds);
const PER_SECOND: Figure = Figure::new(
    "eventsPerSecond",
    "events replayed per second",
    Unit::PerSecond,
)
.or("rate");
const LATENCY: Figure = Figure::new(
    "latencyMs",
    "from connecting to the last event",
    Unit::Latency,
);
const READY: Figure = Figure::new("readyMs", "from connecting to ready", Unit::Latency).or("ready");
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerEvent",
    "serverSystemMicrosPerEvent",
    "toolMicrosPerEvent",
    "event"
];

impl Scenario for ReplayArgs {
    const NAME: &'static str = "replay";
    const FIGURES: &'static [Figure] = &[
        USERS, EVENTS, TOGETHER, SECONDS, PER_SECOND, LATENCY, READY, COSTS[0], COSTS[1], COSTS[2],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let target = bench.target(self.users)?;
        target.must_be_otomo()?;
        // Whoever has all that is theirs makes room for the next at once.
        let mut crowd = Crowd::eager(&target)?;
        let mut replay = Replay::prepare(&mut crowd, &target, &self, bench.progress)?;
        let before = Cost::read(&target)?;
        let began = Instant::now();
        replay.run(&mut crowd, self.together as usize)?;
        let took = began.elapsed().as_secs_f64();
        let cost = Cost::read(&target)?.since(&before);
        let events = u64::from(self.users) * self.events;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(USERS, self.users);
        report.put(EVENTS, self.events);
        report.put(TOGETHER, self.together);
        report.put(SECONDS, took);
        report.put(PER_SECOND, events as f64 / took);
        report.measured(LATENCY, &replay.last);
        report.latency(READY, replay.ready.latencies());
        report.costs(COSTS, &cost, events);
        Ok(report)
    }
}

/// Those who come back.
struct Replay {
    /// With what they have heard before.
    tickets: Vec<Ticket>,
    /// Those who are on their way: since when, and what they have heard.
    under_way: Vec<Option<(Instant, CatchUp)>>,
    missed: u64,
    /// Until the last event.
    last: Meter,
    /// Until `ready`.
    ready: Meter,
}

impl Replay {
    /// Everybody has been there, has left, and has missed something.
    fn prepare(
        crowd: &mut Crowd,
        target: &Target,
        args: &ReplayArgs,
        progress: Progress,
    ) -> Result<Self, BenchFault> {
        let users = (0..args.users as usize).map(|number| user("reader", number));
        let users = users.collect::<Result<Vec<_>, _>>()?;
        let ticket = |user: &_| {
            let topics = "otomo,calls,chat,friends,rooms";
            target.ticket(Clone::clone(user), Role::User, topics)
        };
        let mut tickets = users.iter().map(ticket).collect::<Result<Vec<_>, _>>()?;
        let seqs = streams::admit(crowd, &tickets)?;
        crowd.leave_all()?;
        for (ticket, seq) in tickets.iter_mut().zip(seqs) {
            ticket.last_seq = Some(seq);
        }
        let token = target.token(user("backend", 0)?, Role::Service)?;
        let mut session = Session::open(target.endpoint(), token)?;
        for user in &users {
            let mut posted = 0;
            while posted < args.events {
                let batch = BATCH.min(args.events - posted);
                let event = |number| {
                    format!(
                        r#"{{"target":{{"user":"{user}"}},"type":"bench_note","kind":"durable","data":{{"number":{number},"text":"{TEXT}"}}}}"#
                    )
                };
                let events: Vec<_> = (posted..posted + batch).map(event).collect();
                session.post(POST, &format!(r#"{{"events":[{}]}}"#, events.join(",")))?;
                posted += batch;
            }
        }
        Ok(Self {
            under_way: vec![None; tickets.len()],
            last: Meter::new("replays", tickets.len(), progress),
            ready: Meter::new("replays", 0, Progress::Silent),
            tickets,
            missed: args.events,
        })
    }

    /// All come back, so many at a time.
    fn run(&mut self, crowd: &mut Crowd, together: usize) -> Result<(), BenchFault> {
        let (mut begun, mut done, mut progress) = (0, 0, Instant::now());
        while done < self.tickets.len() {
            while begun - done < together
                && let Some(ticket) = self.tickets.get(begun)
            {
                self.begin(crowd, begun, ticket.clone())?;
                begun += 1;
            }
            let mut back = Vec::new();
            let mut faulty = None;
            crowd.turn(PATIENCE, |client, message| {
                match self.heard(client, message) {
                    Ok(Heard::Ready) => back.push(client),
                    Ok(Heard::Last | Heard::More) => progress = Instant::now(),
                    Err(fault) => faulty = faulty.take().or(Some(fault)),
                }
            })?;
            if let Some(fault) = faulty {
                return Err(fault);
            }
            if progress.elapsed() > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
            self.last.tick(Instant::now());
            done += back.len();
            for client in back {
                crowd.leave(client)?;
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        crowd: &mut Crowd,
        number: usize,
        ticket: Ticket,
    ) -> Result<(), BenchFault> {
        let heard = ticket.last_seq.unwrap_or_default();
        if let Some(place) = self.under_way.get_mut(number) {
            *place = Some((Instant::now(), CatchUp::new(heard, self.missed)));
        }
        crowd.begin_again(number, &ticket)
    }

    fn heard(&mut self, client: usize, message: &[u8]) -> Result<Heard, BenchFault> {
        let Some(Some((since, catch_up))) = self.under_way.get_mut(client) else {
            return Ok(Heard::More);
        };
        let heard = catch_up.heard(client, message)?;
        match heard {
            Heard::Last => self.last.came(since.elapsed()),
            Heard::Ready => self.ready.came(since.elapsed()),
            Heard::More => {}
        }
        Ok(heard)
    }
}
