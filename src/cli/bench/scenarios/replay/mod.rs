//! `otomo bench replay`: how soon somebody who comes back has all that they missed.
//!
//! Users connect once and leave; the backend tells each of them so many durable events; then they come back with the last event
//! that they know (`lastSeq`), one after another or so many at a time (`--together`). What counts is from connecting until the last
//! event that they missed, and until `ready`. Each must hear all of them, once and in order ([`catch_up`]).

mod catch_up;

use std::time::{Duration, Instant};

use clap::Args;

use self::catch_up::{CatchUp, Heard};
use super::streams;
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Progress},
        report::{Figure, LEFT_OVER, NEVER_IDLE, Report, TOOL, Unit},
        stage::{self, Actions, Play},
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
const EVENTS: Figure = Figure::new("events", "events missed by all", Unit::Count);
const TOGETHER: Figure = Figure::new("together", "at a time", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "until all were back", Unit::Seconds);
const PER_SECOND: Figure = Figure::new(
    "eventsPerSecond",
    "events replayed per second",
    Unit::PerSecond,
)
.alias("rate");
const LATENCY: Figure = Figure::new(
    "latencyMs",
    "from connecting to the last event",
    Unit::Latency,
);
const READY: Figure =
    Figure::new("readyMs", "from connecting to ready", Unit::Latency).alias("ready");
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerEvent",
    "serverSystemMicrosPerEvent",
    "toolMicrosPerEvent",
    "event"
];

impl Scenario for ReplayArgs {
    const NAME: &'static str = "replay";
    const FIGURES: &'static [Figure] = &[
        USERS,
        TOGETHER,
        SECONDS,
        EVENTS,
        PER_SECOND,
        LATENCY,
        READY,
        COSTS[0],
        COSTS[1],
        COSTS[2],
        LEFT_OVER[0],
        LEFT_OVER[1],
        TOOL[0],
        TOOL[1],
        NEVER_IDLE,
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let target = bench.target(self.users)?;
        target.must_be_otomo()?;
        let mut crowd = Crowd::eager(&target)?;
        let mut replay = Replay::prepare(&mut crowd, &target, &self, bench.progress)?;
        bench.progress.say("waiting until the server is idle");
        let spent = stage::measure_all(&mut crowd, &target, &mut replay)?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(USERS, self.users);
        report.put(TOGETHER, self.together);
        let events = u64::from(self.users) * self.events;
        spent.report(&mut report, [SECONDS, EVENTS, PER_SECOND], COSTS, events);
        report.measured(LATENCY, &replay.last);
        report.latency(READY, replay.ready.latencies());
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
    together: usize,
    /// How many have set out, and how many have all that is theirs.
    begun: usize,
    back: usize,
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
            together: args.together as usize,
            begun: 0,
            back: 0,
        })
    }
}

impl Play for Replay {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        while self.begun - self.back < self.together
            && let Some(ticket) = self.tickets.get(self.begun)
            && let Some(place) = self.under_way.get_mut(self.begun)
        {
            let heard = ticket.last_seq.unwrap_or_default();
            *place = Some((now, CatchUp::new(heard, self.missed)));
            actions.join(self.begun, ticket.clone());
            self.begun += 1;
        }
        Ok(None)
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        let Some(Some((since, catch_up))) = self.under_way.get_mut(client) else {
            return Ok(());
        };
        match catch_up.heard(client, message)? {
            Heard::Last => self.last.came(since.elapsed()),
            Heard::Ready => {
                self.ready.came(since.elapsed());
                self.back += 1;
                actions.leave(client);
            }
            Heard::More => {}
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        self.begun - self.back
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.last
    }

    fn reset(&mut self) {
        self.last.reset();
        self.ready.reset();
    }

    fn is_over(&self) -> bool {
        self.back == self.tickets.len()
    }
}
