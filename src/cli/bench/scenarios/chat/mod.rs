//! `otomo bench chat`: how many messages a server stores in a second, and how long each takes to be acknowledged.
//!
//! Each sender is one user with one connection and a conversation of its own. It sends its next message when the last one is
//! acknowledged, which means that it is on the disk. Several numbers of senders are measured one after another. The result
//! depends on how long the disk takes to commit, so that is measured right before, in the same folder: a server that joins
//! waiting writes stores many messages in the time of one commit.

mod disk;
mod sends;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use serde::Deserialize;

use self::sends::Sends;
use super::{PATIENCE, WARM_UP};
use crate::{
    cli::bench::{
        Bench, Scenario,
        crowd::Crowd,
        fault::BenchFault,
        measure::{Cost, Meter},
        report::{Figure, Report, Unit},
        target::{Target, commits::Commits, http},
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
    /// How long to count at each level, after a second of warming up.
    #[arg(long, default_value_t = 10, value_name = "NUMBER",
          value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
}

const MEMBERS: Figure = Figure::new("members", "members of a conversation", Unit::Count);
const ONLINE: Figure = Figure::new("online", "the others are connected", Unit::Count);
const SENDERS: Figure = Figure::new("senders", "senders", Unit::Count);
const SECONDS: Figure = Figure::new("seconds", "counted for", Unit::Seconds);
const SENDS: Figure = Figure::new("sends", "acknowledged sends", Unit::Count);
const PER_SECOND: Figure = Figure::new(
    "sendsPerSecond",
    "acknowledged sends per second",
    Unit::PerSecond,
)
.or("rate");
const LATENCY: Figure = Figure::new("latencyMs", "latency of a send", Unit::Latency);
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
        MEMBERS, ONLINE, SENDERS, SECONDS, SENDS, PER_SECOND, LATENCY, WRITES, COMMIT, DISK,
        PER_DISK, COSTS[0], COSTS[1], COSTS[2],
    ];

    fn run(self, bench: &Bench<'_>) -> Result<Report, BenchFault> {
        let most = self.senders.iter().copied().max().unwrap_or(1);
        let others = most.max(self.members - 1);
        let target = bench.target(most + others)?;
        target.must_be_otomo()?;
        let meter = Meter::new("sends", most as usize, bench.progress);
        let counts = [most as usize, others as usize];
        let mut load = Load::prepare(&target, counts, self.online, meter)?;
        load.begin_conversations(&target, self.members as usize)?;
        let span = Duration::from_secs(self.seconds);
        let mut report = Report::new(Self::NAME, Self::FIGURES);
        report.put(MEMBERS, self.members);
        report.put(ONLINE, self.online);
        for senders in self.senders {
            let disk_commit = disk::commit_time(&load.folder)?;
            report
                .levels
                .push(load.measure(&target, senders, span, disk_commit)?);
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
    sends: Sends,
    /// Where the server's database is.
    folder: PathBuf,
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
        Ok(Self {
            crowd,
            senders,
            others,
            sends: Sends::new(meter),
            folder: target.database_folder(),
        })
    }

    /// Begins a conversation for each sender, with the others as members in turn.
    fn begin_conversations(&mut self, target: &Target, members: usize) -> Result<(), BenchFault> {
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
            self.sends.add(begun.conversation_id);
        }
        Ok(())
    }

    fn measure(
        &mut self,
        target: &Target,
        senders: u32,
        span: Duration,
        disk_commit: Duration,
    ) -> Result<Report, BenchFault> {
        for sender in 0..senders as usize {
            self.send(sender)?;
        }
        self.run(WARM_UP)?;
        self.sends.meter.reset();
        let before = (Cost::read(target)?, Commits::read(target.endpoint())?);
        self.run(span)?;
        let took = self.sends.meter.elapsed();
        let cost = Cost::read(target)?.since(&before.0);
        let commits = Commits::read(target.endpoint())?.since(&before.1);
        let meter = &self.sends.meter;
        let per_second = meter.count() as f64 / took.as_secs_f64();
        let millis = |span: Duration| span.as_secs_f64() * 1e3;
        let mut level = Report::new(ChatArgs::NAME, ChatArgs::FIGURES);
        level.put(SENDERS, senders);
        level.put(SECONDS, took.as_secs_f64());
        level.put(SENDS, meter.count());
        level.put(PER_SECOND, per_second);
        level.measured(LATENCY, meter);
        level.put(WRITES, commits.mean_writes());
        level.put(COMMIT, millis(commits.mean_time()));
        level.put(DISK, millis(disk_commit));
        level.put(PER_DISK, per_second * disk_commit.as_secs_f64());
        level.costs(COSTS, &cost, meter.count());
        self.finish()?;
        Ok(level)
    }

    /// Keeps messages going for this long.
    fn run(&mut self, span: Duration) -> Result<(), BenchFault> {
        let end = Instant::now() + span;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            for sender in self.listen(left)? {
                self.send(sender)?;
            }
            self.sends.meter.tick(Instant::now());
        }
        Ok(())
    }

    /// Waits until all that was sent is acknowledged.
    fn finish(&mut self) -> Result<(), BenchFault> {
        while self.sends.in_flight() > 0 {
            self.listen(PATIENCE)?;
        }
        Ok(())
    }

    fn send(&mut self, sender: usize) -> Result<(), BenchFault> {
        match self.sends.next(sender, Instant::now()) {
            Some(message) => self.crowd.say(sender, &message),
            None => Ok(()),
        }
    }

    /// Takes what comes, and returns the senders that may send their next message.
    fn listen(&mut self, patience: Duration) -> Result<Vec<usize>, BenchFault> {
        let mut free = Vec::new();
        let mut refused = None;
        let sends = &mut self.sends;
        self.crowd.turn(patience.min(PATIENCE), |number, message| {
            match sends.heard(number, message) {
                Ok(true) => free.push(number),
                Ok(false) => {}
                Err(refusal) => refused = Some(refusal),
            }
        })?;
        if self.sends.silent_for() > PATIENCE {
            return Err(BenchFault::Silent(PATIENCE));
        }
        refused.map_or(Ok(free), Err)
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
