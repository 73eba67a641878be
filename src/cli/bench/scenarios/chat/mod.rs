//! `otomo bench chat`: how many messages a server stores in a second, and how long each takes to be acknowledged.
//!
//! Each sender is one user with one connection and a conversation of its own. It sends its next message when the last one is
//! acknowledged, which means that it is on the disk; with `--rate` messages go by the clock, from whichever sender is free, and
//! count from when they were due. Several numbers of senders are measured one after another. The result depends on how long the
//! disk takes to commit, so that is measured right before, in the same folder: a server that joins waiting writes stores many
//! messages in the time of one commit. With `--online` every message must come to every other member, once and in order.

mod deliveries;
mod disk;
mod sends;

use std::{
    collections::VecDeque,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use serde::Deserialize;

use self::{deliveries::Deliveries, sends::Sends};
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Meter, Pace, Progress},
        options::seconds,
        report::{Figure, LATENESS, LEFT_OVER, Report, TOOL, Unit},
        stage::{self, Actions, Play, Spent},
        target::{Target, http},
        user,
    },
    kernel::{
        identity::Role,
        ids::{ConversationId, UserId},
    },
};

/// How many send, to how many, and for how long.
#[derive(Args)]
pub(crate) struct ChatArgs {
    /// Senders at a time, one level after another.
    #[arg(long, default_value = "1,16,256", value_delimiter = ',', value_name = "NUMBERS",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    senders: Vec<u32>,
    /// People in each conversation, the sender among them; more than two are a group.
    #[arg(long, default_value_t = 2, value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(2..=256))]
    members: u32,
    /// Whether the others are connected, and hear every message. Else each waits in their inbox.
    #[arg(long)]
    online: bool,
    /// Messages a second, by the clock [default: as fast as they are acknowledged].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How long to count at each level, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = seconds)]
    seconds: u64,
}

const MEMBERS: Figure = Figure::new("members", "members of a conversation", Unit::Count);
const ONLINE: Figure = Figure::new("online", "the others are connected", Unit::Flag);
const SENDERS: Figure = Figure::new("senders", "senders", Unit::Count);
const ASKED: Figure = Figure::new("asked", "sends asked for, per second", Unit::PerSecond);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const SENDS: Figure = Figure::new("sends", "acknowledged sends", Unit::Count);
const PER_SECOND: Figure = Figure::new(
    "sendsPerSecond",
    "acknowledged sends per second",
    Unit::PerSecond,
)
.alias("rate");
const LATENCY: Figure = Figure::new("latencyMs", "latency of a send", Unit::Latency);
const DELIVERY: Figure = Figure::new("deliveryMs", "until a member hears it", Unit::Latency);
const WRITES: Figure = Figure::new("writesPerCommit", "writes per commit", Unit::Count);
const COMMIT: Figure = Figure::new("commitMs", "a commit of the server", Unit::Millis);
const DISK: Figure = Figure::new("diskCommitMs", "a commit of the disk alone", Unit::Millis);
const PER_DISK: Figure = Figure::new(
    "sendsPerDiskCommit",
    "acknowledged sends per disk commit",
    Unit::Count,
);
const COSTS: [Figure; 3] = super::costs![
    "serverUserMicrosPerSend",
    "serverSystemMicrosPerSend",
    "toolMicrosPerSend",
    "send"
];

impl Scenario for ChatArgs {
    const NAME: &'static str = "chat";
    const FIGURES: &'static [Figure] = &[
        MEMBERS,
        ONLINE,
        ASKED,
        SENDERS,
        SECONDS,
        SENDS,
        PER_SECOND,
        LATENCY,
        DELIVERY,
        WRITES,
        COMMIT,
        DISK,
        PER_DISK,
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
        let most = self.senders.iter().copied().max().unwrap_or(1);
        let others = most.max(self.members - 1);
        let target = bench.target(most + others)?;
        target.must_be_otomo()?;
        let meter = Meter::new("sends", most as usize, bench.progress);
        let counts = [most as usize, others as usize];
        let members = self.members as usize;
        let mut load = Load::prepare(&target, counts, self.online, meter)?;
        load.begin_conversations(&target, members)?;
        let span = Duration::from_secs(self.seconds);
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(MEMBERS, self.members);
        report.put(ONLINE, self.online);
        if let Some(rate) = self.rate {
            report.put(ASKED, rate);
        }
        for senders in self.senders {
            let disk_commit = load.folder.as_deref().map(disk::commit_time);
            let disk_commit = disk_commit.transpose()?;
            load.talk.free = (0..senders as usize).collect();
            load.talk.pace = Pace::of(self.rate, Instant::now());
            let spent = stage::measure(&mut load.crowd, &target, &mut load.talk, span)?;
            let level = load.talk.level(senders, &spent, disk_commit);
            report.levels.push(level);
            stage::finish(&mut load.crowd, &mut load.talk)?;
        }
        Ok(report)
    }
}

/// Senders, connected.
struct Load {
    /// Senders come first in the crowd.
    crowd: Crowd,
    senders: Vec<UserId>,
    others: Vec<UserId>,
    talk: Talk,
    /// Where the server's database is, if that is known.
    folder: Option<PathBuf>,
}

/// What they say.
struct Talk {
    sends: Sends,
    /// Senders, and members that hear each message, if they are connected.
    count: usize,
    hearers: u64,
    /// Senders without a message in flight, the one that has waited longest first.
    free: VecDeque<usize>,
    pace: Pace,
    deliveries: Deliveries,
    delivery: Meter,
}

impl Load {
    fn prepare(
        target: &Target,
        [senders, others]: [usize; 2],
        online: bool,
        meter: Meter,
    ) -> Result<Self, BenchFault> {
        let users = |kind, count| (0..count).map(move |number| user(kind, number));
        let senders = users("sender", senders).collect::<Result<Vec<_>, _>>()?;
        let others = users("other", others).collect::<Result<Vec<_>, _>>()?;
        let mut crowd = Crowd::eager(target)?;
        admit(&mut crowd, target, &senders)?;
        if online {
            admit(&mut crowd, target, &others)?;
        } else {
            // Whoever has connected once is known, and can be written to.
            admit(&mut Crowd::new(target)?, target, &others)?;
        }
        let sends = Sends::new(meter);
        let talk = Talk {
            count: senders.len(),
            hearers: u64::from(online),
            free: VecDeque::new(),
            pace: Pace::Closed,
            deliveries: Deliveries::new(sends.epoch()),
            delivery: Meter::new("deliveries", 0, Progress::Silent),
            sends,
        };
        Ok(Self {
            crowd,
            senders,
            others,
            talk,
            folder: target.database_folder(),
        })
    }

    /// Begins a conversation for each sender, with the others as members in turn.
    fn begin_conversations(&mut self, target: &Target, members: usize) -> Result<(), BenchFault> {
        self.talk.hearers *= members as u64 - 1;
        for (number, sender) in self.senders.iter().enumerate() {
            let others = self.others.iter().cycle().skip(number);
            let others: Vec<&UserId> = others.take(members - 1).collect();
            let beginning = match others.as_slice() {
                [other] => serde_json::json!({ "kind": "direct", "userId": other }),
                others => serde_json::json!({ "kind": "group", "members": others }),
            };
            let token = target.token(sender.clone(), Role::User)?;
            let begun = http::post(
                target.endpoint(),
                "/api/conversations",
                &token,
                &beginning.to_string(),
            )?;
            let begun: Begun = serde_json::from_str(&begun)
                .map_err(|_unclear| BenchFault::unwilling(begun.as_bytes()))?;
            self.talk.sends.add(begun.conversation_id);
        }
        Ok(())
    }
}

impl Talk {
    fn level(&self, senders: u32, spent: &Spent, disk_commit: Option<Duration>) -> Report {
        let meter = &self.sends.meter;
        let per_second = meter.count() as f64 / spent.took.as_secs_f64();
        let millis = |span: Duration| span.as_secs_f64() * 1e3;
        let mut level = Report::new(ChatArgs::NAME, ChatArgs::FIGURES);
        level.put(SENDERS, senders);
        let counts = [SECONDS, SENDS, PER_SECOND];
        spent.report(&mut level, counts, COSTS, meter.count());
        level.measured(LATENCY, meter);
        if self.hearers > 0 {
            level.latency(DELIVERY, self.delivery.latencies());
        }
        level.put(WRITES, spent.commits.mean_writes());
        level.put(COMMIT, millis(spent.commits.mean_time()));
        level.put(DISK, disk_commit.map(millis));
        level.put(
            PER_DISK,
            disk_commit.map(|it| per_second * it.as_secs_f64()),
        );
        level
    }
}

impl Play for Talk {
    const STORES: bool = true;

    fn tick(
        &mut self,
        now: Instant,
        actions: &mut Actions,
    ) -> Result<Option<Duration>, BenchFault> {
        while !self.free.is_empty()
            && let Some(due) = self.pace.next(now)
            && let Some(sender) = self.free.pop_front()
            && let Some(message) = self.sends.next(sender, due)
        {
            actions.due(self.pace, due).say(sender, message);
            if let Some(conversation) = self.sends.conversation(sender) {
                let hearers = usize::try_from(self.hearers).unwrap_or(usize::MAX);
                self.deliveries.sent(conversation, due, hearers);
            }
        }
        let free = !self.free.is_empty();
        Ok(free.then(|| self.pace.pause(now)).flatten())
    }

    fn heard(
        &mut self,
        client: usize,
        message: &[u8],
        _actions: &mut Actions,
    ) -> Result<(), BenchFault> {
        if let Some(who) = client.checked_sub(self.count) {
            if let Some(latency) = self.deliveries.heard(who, message)? {
                self.delivery.came(latency);
            }
        } else if self.sends.heard(client, message)? {
            self.free.push_back(client);
        }
        Ok(())
    }

    fn under_way(&self) -> usize {
        let due = self.sends.acknowledged * self.hearers;
        let missing = due.saturating_sub(self.deliveries.heard);
        self.sends.in_flight() + usize::try_from(missing).unwrap_or(usize::MAX)
    }

    fn meter(&mut self) -> &mut Meter {
        &mut self.sends.meter
    }

    fn reset(&mut self) {
        self.sends.meter.reset();
        self.delivery.reset();
    }

    fn stop(&mut self, now: Instant) -> u64 {
        // Nobody has heard of what was not sent, either.
        let mut unheard = self.pace;
        for due in unheard.overdue(now) {
            let waited = now.saturating_duration_since(due);
            self.delivery.sample_many(waited, self.hearers);
        }
        self.sends.meter.missed(self.pace.overdue(now), now)
    }

    fn give_up(&mut self, now: Instant) -> u64 {
        self.sends.give_up(now) + self.deliveries.give_up(&mut self.delivery, now)
    }
}

/// The server's answer to a new conversation, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    conversation_id: ConversationId,
}

fn admit(crowd: &mut Crowd, target: &Target, users: &[UserId]) -> Result<(), BenchFault> {
    let tickets = users
        .iter()
        .map(|user| target.ticket(user.clone(), Role::User, "chat"))
        .collect::<Result<Vec<_>, _>>()?;
    crowd.admit(tickets.into_iter())
}
