//! `otomo bench events`: how soon members of rooms hear what the app's backend says.
//!
//! The backend posts events by the clock, several to a request, over some connections; they go to the rooms in turn. A latency is
//! from when an event was due until a member hears it. Durable events must all come, each once and in order; of states with a
//! key a newer one may take the place of an older one, and ephemeral ones may be dropped where somebody is slow: those are
//! counted.

mod members;

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use self::members::{Members, TYPE};
use super::PATIENCE;
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Pace, Progress},
        options::seconds,
        peek::kind,
        refusal,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Actions, Play},
        target::{Target, backend::Backend, http},
        user,
    },
    kernel::identity::Role,
};

/// What is said, how often, and to how many.
#[derive(Args)]
pub(crate) struct EventsArgs {
    /// Rooms.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    rooms: u32,
    /// Members of each room.
    #[arg(long, default_value_t = 100, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    members: u32,
    /// Events a second, by the clock.
    #[arg(long, default_value_t = 500, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Events of one request.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    batch: u32,
    /// Connections of the backend, each with one request at a time.
    #[arg(long, default_value_t = 4, value_name = "NUMBER",
          value_parser = clap::value_parser!(u16).range(1..=64))]
    publishers: u16,
    /// What becomes of an event that cannot be sent at once.
    #[arg(long, value_enum, default_value_t = Kind::Ephemeral)]
    kind: Kind,
    /// How soon events go out.
    #[arg(long, value_enum, default_value_t = Priority::Normal)]
    priority: Priority,
    /// How long to count, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = seconds)]
    seconds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Kept until it was heard.
    Durable,
    /// The newest of its key.
    State,
    /// Dropped.
    Ephemeral,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Priority {
    High,
    Normal,
    Low,
}

const ROOMS: Figure = Figure::new("rooms", "rooms", Unit::Count);
const MEMBERS: Figure = Figure::new("members", "members of each", Unit::Count);
const ASKED: Figure = Figure::new("asked", "events asked for, per second", Unit::PerSecond);
const BATCH: Figure = Figure::new("batch", "events of a request", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const PER_SECOND: Figure =
    Figure::new("eventsPerSecond", "events per second", Unit::PerSecond).alias("rate");
const DELIVERIES: Figure = Figure::new("deliveries", "deliveries", Unit::Count);
const DELIVERIES_PER_SECOND: Figure = Figure::new(
    "deliveriesPerSecond",
    "deliveries per second",
    Unit::PerSecond,
);
const LATENCY: Figure = Figure::new("latencyMs", "until a member hears it", Unit::Latency);
const TAKEN: Figure = Figure::new("postMs", "until the server has taken it", Unit::Latency);
const PASSED_OVER: Figure = Figure::new("passedOver", "thinned or dropped", Unit::Count);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerDelivery",
    "serverSystemMicrosPerDelivery",
    "toolMicrosPerDelivery",
    "delivery"
];

impl Scenario for EventsArgs {
    const NAME: &'static str = "events";
    const FIGURES: &'static [Figure] = &[
        ROOMS,
        MEMBERS,
        ASKED,
        BATCH,
        SECONDS,
        PER_SECOND,
        DELIVERIES,
        DELIVERIES_PER_SECOND,
        LATENCY,
        TAKEN,
        PASSED_OVER,
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
        let members = self.rooms.saturating_mul(self.members);
        let target = bench.target(members)?;
        target.must_be_otomo()?;
        let mut crowd = Crowd::new(&target)?;
        self.admit(&mut crowd, &target)?;
        let meter = Meter::new("deliveries", members as usize, bench.progress);
        let mut events = Events::new(
            &self,
            Backend::connect(&target, self.publishers.into())?,
            meter,
        );
        let span = Duration::from_secs(self.seconds);
        let spent = stage::measure(&mut crowd, &target, &mut events, span)?;
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(ROOMS, self.rooms);
        report.put(MEMBERS, self.members);
        report.put(ASKED, self.rate);
        report.put(BATCH, self.batch);
        let published = events.published.count() as f64;
        report.put(PER_SECOND, published / spent.took.as_secs_f64());
        let counts = [SECONDS, DELIVERIES, DELIVERIES_PER_SECOND];
        spent.report(&mut report, counts, COSTS, events.meter.count());
        report.measured(LATENCY, &events.meter);
        report.latency(TAKEN, events.posts.latencies());
        stage::finish(&mut crowd, &mut events)?;
        report.put(PASSED_OVER, events.members.passed_over);
        Ok(report)
    }
}

impl EventsArgs {
    /// Everybody connects, and joins their room: the first members the first, and so on.
    fn admit(&self, crowd: &mut Crowd, target: &Target) -> Result<(), BenchFault> {
        let count = (self.rooms * self.members) as usize;
        let users = (0..count).map(|number| user("member", number));
        let users = users.collect::<Result<Vec<_>, _>>()?;
        let tickets = users
            .iter()
            .map(|user| target.ticket(user.clone(), Role::User, "rooms"))
            .collect::<Result<Vec<_>, _>>()?;
        crowd.admit(tickets.into_iter())?;
        let token = target.token(user("backend", 0)?, Role::Service)?;
        for (number, user) in users.iter().enumerate() {
            let room = room(number / self.members as usize);
            let path = format!("/api/server/rooms/{room}/members/{user}");
            http::send(target.endpoint(), "PUT", &path, &token, "{}")?;
            crowd.say(
                number,
                &format!(r#"{{"type":"room_join","room":"{room}"}}"#),
            )?;
        }
        let (mut missing, mut refused) = (count, None);
        let end = Instant::now() + PATIENCE;
        while missing > 0 && refused.is_none() {
            if Instant::now() > end {
                return Err(BenchFault::Silent(PATIENCE));
            }
            crowd.turn(PATIENCE, |_, message| {
                missing -= usize::from(kind(message) == b"room_snapshot");
                refused = refused.take().or_else(|| refusal(message));
            })?;
        }
        refused.map_or(Ok(()), Err)
    }
}

fn room(number: usize) -> String {
    format!("bench-{number}")
}

/// A backend and the members that it speaks to.
struct Events {
    backend: Backend,
    pace: Pace,
    batch: u64,
    rooms: usize,
    /// Of each room.
    each: usize,
    kind: Kind,
    /// Kind and priority, as fields.
    manner: String,
    /// Whose turn it is.
    next_publisher: usize,
    next_room: usize,
    /// Events that the server has taken since the run began, not only since they are counted.
    taken: u64,
    members: Members,
    /// Deliveries.
    meter: Meter,
    /// Requests that the server has taken, and the events in them.
    posts: Meter,
    published: Meter,
}

impl Events {
    fn new(args: &EventsArgs, backend: Backend, meter: Meter) -> Self {
        let [rooms, each] = [args.rooms, args.members].map(|it| it as usize);
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.map_or_else(String::new, |it| it.get_name().to_owned())
        };
        let kind = name(args.kind.to_possible_value());
        let priority = name(args.priority.to_possible_value());
        let requests = f64::from(args.rate) / f64::from(args.batch);
        Self {
            pace: Pace::open(requests, Instant::now()),
            batch: args.batch.into(),
            rooms,
            each,
            kind: args.kind,
            manner: format!(r#""kind":"{kind}","priority":"{priority}""#),
            next_publisher: 0,
            next_room: 0,
            taken: 0,
            members: Members::new([rooms, each], backend.lanes(), args.kind == Kind::Durable),
            backend,
            meter,
            posts: Meter::new("requests", 0, Progress::Silent),
            published: Meter::new("events", 0, Progress::Silent),
        }
    }

    /// The next request: whose turn it is, and what it says.
    fn request(&mut self, due: Instant) -> (usize, String) {
        let publisher = self.next_publisher;
        self.next_publisher = (publisher + 1) % self.backend.lanes();
        let events: Vec<String> = (0..self.batch)
            .map(|_| self.event(publisher, due))
            .collect();
        (publisher, format!(r#"{{"events":[{}]}}"#, events.join(",")))
    }

    fn event(&mut self, publisher: usize, due: Instant) -> String {
        let room_number = self.next_room;
        self.next_room = (room_number + 1) % self.rooms;
        let data = self.members.next(room_number, publisher, due);
        let (room, manner) = (room(room_number), &self.manner);
        // Only states have a key; one for each publisher, so that none takes another's place.
        let key = match self.kind {
            Kind::State => format!(r#","key":"publisher-{publisher}""#),
            Kind::Durable | Kind::Ephemeral => String::new(),
        };
        format!(r#"{{"target":{{"room":"{room}"}},"type":"{TYPE}",{manner}{key},"data":{data}}}"#)
    }
}

impl Play for Events {
    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        while let Some(due) = self.pace.next(now) {
            let (publisher, body) = self.request(due);
            self.backend.post(publisher, due, body, self.batch);
            actions.gone(due);
        }
        Ok(self.pace.pause(now))
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        _actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        if let Some(latency) = self.members.heard(client, message)? {
            self.meter.came(latency);
        }
        Ok(())
    }

    fn go_on(&mut self, _actions: &mut Actions) -> Result<(), BenchFault> {
        while let Some(answer) = self.backend.answer()? {
            self.taken += answer.events;
            self.posts.came(answer.took);
            self.published.add(answer.events);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        let due = self.taken * self.each as u64;
        let missing = due.saturating_sub(self.members.heard + self.members.passed_over);
        self.backend.waiting() + usize::try_from(missing).unwrap_or(usize::MAX)
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn reset(&mut self) {
        for meter in [&mut self.meter, &mut self.posts, &mut self.published] {
            meter.reset();
        }
    }

    fn stop(&mut self, now: Instant) -> u64 {
        self.posts.stop();
        self.published.stop();
        self.posts.missed(self.pace.overdue(now), now)
    }

    /// Deliveries that have not come, whether or not the server has taken what they are of.
    fn give_up(&mut self, now: Instant) -> u64 {
        self.posts.missed(self.backend.unanswered(), now);
        self.members.give_up(&mut self.meter, now)
    }
}
