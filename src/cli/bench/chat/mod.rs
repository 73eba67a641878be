//! `otomo bench chat`: how many messages a server stores in a second, and how long each takes to be acknowledged.
//!
//! Each sender is one user with one connection and a conversation of its own. It sends its next message when the last one is
//! acknowledged, which means that it is on the disk. Several numbers of senders are measured one after another. The result
//! depends on how long the disk takes to commit, so that is measured right before, in the same folder: a server that joins
//! waiting writes stores many messages in the time of one commit.

mod disk;
mod sends;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::Args;
use serde::{Deserialize, Serialize};

use self::sends::Sends;
use super::{
    BenchFault,
    commits::Commits,
    crowd::Crowd,
    http, make_room,
    process::{Cpu, Process},
    report::{Report, precise, whole},
    server::{Server, ServerArgs},
    user,
};
use crate::kernel::{
    config::Config,
    identity::Role,
    ids::{ConversationId, UserId},
};

/// How long to load the server before anything is counted: buffers grow, caches fill.
const WARM_UP: Duration = Duration::from_secs(1);

/// The run fails after this time without an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many send, to how many, and for how long.
#[derive(Args)]
pub(super) struct ChatArgs {
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
    #[command(flatten)]
    server: ServerArgs,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatReport {
    scenario: &'static str,
    members: u32,
    online: bool,
    levels: Vec<Level>,
}

/// What was found with one number of senders.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Level {
    senders: u32,
    seconds: f64,
    /// Messages that were acknowledged.
    sends: u64,
    sends_per_second: f64,
    latency_p50_ms: f64,
    latency_p99_ms: f64,
    /// The disk alone, just before.
    disk_commit_ms: f64,
    sends_per_disk_commit: f64,
    /// As the server counts them: writes that one commit stored, in the mean, and how long it took.
    writes_per_commit: f64,
    commit_ms: f64,
    server_user_micros_per_send: f64,
    server_system_micros_per_send: f64,
    tool_micros_per_send: f64,
}

pub(super) fn run(
    args: ChatArgs,
    config: &Config,
    config_file: Option<&Path>,
) -> Result<ChatReport, BenchFault> {
    let most = args.senders.iter().copied().max().unwrap_or(1);
    let others = most.max(args.members - 1);
    make_room(most + others)?;
    let server = Server::find(args.server, config, config_file)?;
    let mut load = Load::prepare(&server, most as usize, others as usize, args.online)?;
    load.begin_conversations(&server, args.members as usize)?;
    let span = Duration::from_secs(args.seconds);
    let levels = args.senders.iter().map(|senders| {
        let disk_commit = disk::commit_time(&load.folder)?;
        load.measure(&server, *senders, span, disk_commit)
    });
    Ok(ChatReport {
        scenario: "chat",
        members: args.members,
        online: args.online,
        levels: levels.collect::<Result<_, _>>()?,
    })
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
        server: &Server,
        senders: usize,
        others: usize,
        online: bool,
    ) -> Result<Self, BenchFault> {
        let users = |kind, count| (0..count).map(move |number| user(kind, number));
        let senders = users("sender", senders).collect::<Result<Vec<_>, _>>()?;
        let others = users("other", others).collect::<Result<Vec<_>, _>>()?;
        let mut crowd = Crowd::eager(server.endpoint())?;
        admit(&mut crowd, server, &senders)?;
        if online {
            admit(&mut crowd, server, &others)?;
        } else {
            // Whoever has connected once is known, and can be written to.
            admit(&mut Crowd::new(server.endpoint())?, server, &others)?;
        }
        Ok(Self {
            crowd,
            senders,
            others,
            sends: Sends::default(),
            folder: server.database_folder(),
        })
    }

    /// Begins a conversation for each sender, with the others as members in turn.
    fn begin_conversations(&mut self, server: &Server, members: usize) -> Result<(), BenchFault> {
        for (number, sender) in self.senders.iter().enumerate() {
            let others = self.others.iter().cycle().skip(number);
            let others: Vec<&UserId> = others.take(members - 1).collect();
            let beginning = match others.as_slice() {
                [other] => serde_json::json!({ "kind": "direct", "userId": other }),
                others => serde_json::json!({ "kind": "group", "members": others }),
            };
            let token = server.ticket(sender.clone(), Role::User, "")?.token;
            let begun = http::post(
                &server.endpoint(),
                "/api/conversations",
                &token,
                &beginning.to_string(),
            )?;
            let begun: Begun = serde_json::from_str(&begun)
                .map_err(|_unclear| BenchFault::Unwilling(begun.clone()))?;
            self.sends.add(begun.conversation_id);
        }
        Ok(())
    }

    fn measure(
        &mut self,
        server: &Server,
        senders: u32,
        span: Duration,
        disk_commit: Duration,
    ) -> Result<Level, BenchFault> {
        for sender in 0..senders as usize {
            self.send(sender)?;
        }
        self.run(WARM_UP)?;
        self.sends.reset();
        let (began, before) = (Instant::now(), Cost::read(server)?);
        self.run(span)?;
        let (took, cost) = (began.elapsed(), Cost::read(server)?.since(&before));
        let level = Level::new(senders, &self.sends, took, &cost, disk_commit);
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

fn admit(crowd: &mut Crowd, server: &Server, users: &[UserId]) -> Result<(), BenchFault> {
    let tickets = users
        .iter()
        .map(|user| server.ticket(user.clone(), Role::User, "chat"))
        .collect::<Result<Vec<_>, _>>()?;
    crowd.admit(tickets.into_iter())
}

/// What a server and this tool have spent.
struct Cost {
    server: Cpu,
    tool: Cpu,
    commits: Commits,
}

impl Cost {
    fn read(server: &Server) -> Result<Self, BenchFault> {
        Ok(Self {
            server: server.process().cpu()?,
            tool: Process::own().cpu()?,
            commits: Commits::read(&server.endpoint())?,
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            server: self.server.since(before.server),
            tool: self.tool.since(before.tool),
            commits: self.commits.since(&before.commits),
        }
    }
}

impl Level {
    fn new(senders: u32, sends: &Sends, took: Duration, cost: &Cost, disk: Duration) -> Self {
        let count = sends.acknowledged();
        let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / count.max(1) as f64;
        let millis = |span: Duration| span.as_secs_f64() * 1e3;
        let per_second = count as f64 / took.as_secs_f64();
        Self {
            senders,
            seconds: took.as_secs_f64(),
            sends: count,
            sends_per_second: per_second,
            latency_p50_ms: millis(sends.latency(0.5)),
            latency_p99_ms: millis(sends.latency(0.99)),
            disk_commit_ms: millis(disk),
            sends_per_disk_commit: per_second * disk.as_secs_f64(),
            writes_per_commit: cost.commits.mean_writes(),
            commit_ms: millis(cost.commits.mean_time()),
            server_user_micros_per_send: micros(cost.server.user),
            server_system_micros_per_send: micros(cost.server.system),
            tool_micros_per_send: micros(cost.tool.user + cost.tool.system),
        }
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        vec![
            ("senders", whole(self.senders.into())),
            (
                "acknowledged sends per second",
                precise(self.sends_per_second),
            ),
            ("latency of a send, p50, ms", precise(self.latency_p50_ms)),
            ("latency of a send, p99, ms", precise(self.latency_p99_ms)),
            ("writes per commit", precise(self.writes_per_commit)),
            ("a commit of the server, ms", precise(self.commit_ms)),
            (
                "a commit of the disk alone, ms",
                precise(self.disk_commit_ms),
            ),
            (
                "acknowledged sends per disk commit",
                precise(self.sends_per_disk_commit),
            ),
            (
                "server user CPU, µs per send",
                precise(self.server_user_micros_per_send),
            ),
            (
                "server system CPU, µs per send",
                precise(self.server_system_micros_per_send),
            ),
            (
                "this tool's CPU, µs per send",
                precise(self.tool_micros_per_send),
            ),
        ]
    }
}

impl Report for ChatReport {
    fn rows(&self) -> Vec<(&'static str, String)> {
        let setting = [("members of a conversation", whole(self.members.into()))];
        let levels = self.levels.iter().flat_map(Level::rows);
        setting.into_iter().chain(levels).collect()
    }
}
