//! One person: comes to a node, writes, calls, loses the connection, and comes back to another.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::time::{Instant, interval, sleep, timeout};

use super::{
    Progress, Scale,
    cut::Cut,
    outgoing::Outgoing,
    phone::Phone,
    received::Received,
    world::{World, is_caller, is_otomo},
};
use crate::{
    harness::Cluster,
    support::{Dial, Dice, Json, Line, Silent, Transport, field},
};

/// How long a connection lasts, in milliseconds.
const CONNECTED_MS: std::ops::Range<u64> = 500..6_000;

/// How long somebody stays away after it, in milliseconds; the pause between two attempts, too.
const AWAY_MS: std::ops::Range<u64> = 1..300;

/// How often somebody does something.
const TURN: Duration = Duration::from_millis(100);

/// How long a node may take to answer before another one is tried: as long as people wait.
const NODE_PATIENCE: Duration = Duration::from_secs(3);

/// One person.
pub struct Person {
    cluster: Arc<Cluster>,
    progress: Arc<Progress>,
    name: String,
    role: Role,
    transport: Transport,
    outgoing: Outgoing,
    phone: Phone,
    dice: Dice,
    /// Whether everything is said, and the calls are over.
    has_spoken: bool,
    healing: Duration,
}

/// What came of one person's run.
pub struct Run {
    pub name: String,
    pub received: Received,
    pub outgoing: Outgoing,
    pub phone: Phone,
    pub connections: usize,
    /// They are still there.
    pub line: Option<Line>,
}

impl Person {
    pub fn new(
        cluster: &Arc<Cluster>,
        world: &World,
        number: usize,
        transport: Transport,
        progress: &Arc<Progress>,
        scale: &Scale,
        dice: &mut Dice,
    ) -> Self {
        let name = world.people[number].clone();
        let otomo = match is_caller(number) {
            true => world.otomo(),
            false => Vec::new(),
        };
        Self {
            cluster: Arc::clone(cluster),
            progress: Arc::clone(progress),
            role: match is_otomo(number) {
                true => Role::Otomo,
                false => Role::User,
            },
            transport,
            outgoing: Outgoing::new(world.drafts(number, scale, dice)),
            phone: Phone::new(&name, otomo, is_otomo(number)),
            dice: dice.fork(),
            has_spoken: false,
            healing: scale.healing,
            name,
        }
    }

    /// Writes and calls until it is calm, everything is said, and everything has arrived.
    pub async fn run(mut self) -> Run {
        let mut received = Received::of(&self.name);
        let mut connections = 0;
        // A server takes a connection in a dead spot for a live one until the next one replaces it.
        let mut silent: Option<Silent> = None;
        let line = loop {
            let last = received.last;
            let Some((dial, mut line)) = self.connect(last).await else {
                self.pause().await;
                continue;
            };
            connections += 1;
            received.begin(last);
            if *self.progress.calm.borrow() {
                if self.settle(&mut line, &mut received).await {
                    break line;
                }
            } else if self.take_part(&mut line, &mut received).await {
                let how = *self.dice.pick(&Cut::ALL);
                let read = json!({"type": "heartbeat"});
                let command = self.outgoing.peek().unwrap_or(read);
                silent = how.cut(line, &dial, &command).await.or(silent);
            }
            self.outgoing.requeue_all();
            self.pause().await;
        };
        drop(silent);
        Run {
            name: self.name,
            received,
            outgoing: self.outgoing,
            phone: self.phone,
            connections,
            line: Some(line),
        }
    }

    async fn connect(&mut self, last: u64) -> Option<(Dial, Line)> {
        let node = self.cluster.node(self.dice.below(3));
        let dial = Dial::new(node.way_in(), &self.name, self.role, self.transport);
        let connecting = dial.connect_if_up(dial.resuming(last));
        let line = timeout(NODE_PATIENCE, connecting).await.ok()??;
        Some((dial, line))
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.dice.within(AWAY_MS))).await;
    }

    /// Listens and speaks for a while. Returns whether the connection is still there.
    async fn take_part(&mut self, line: &mut Line, received: &mut Received) -> bool {
        let until = Instant::now() + Duration::from_millis(self.dice.within(CONNECTED_MS));
        let mut turns = interval(TURN);
        let mut ready = false;
        while Instant::now() < until {
            tokio::select! {
                event = line.next() => match event {
                    Err(_ended) => return false,
                    Ok(event) => {
                        ready |= event["type"] == "ready";
                        self.hear(&event, received);
                    }
                },
                _ = turns.tick() => {
                    if ready {
                        self.act(line, false).await;
                    }
                }
            }
        }
        true
    }

    /// Does what there is to do.
    async fn act(&mut self, line: &mut Line, calm: bool) {
        if let Some(command) = self.phone.act(&mut self.dice, calm) {
            line.say(command).await;
        }
        if (calm || self.dice.one_in(4))
            && let Some(command) = self.outgoing.next()
        {
            line.say(command).await;
        }
    }

    fn hear(&mut self, event: &Json, received: &mut Received) {
        received.hear(event);
        self.phone.hear(event);
        match field(event, "type") {
            "message_send_ack" => {
                self.outgoing.acknowledged(event);
            }
            "unanswered" => self.outgoing.requeue(field(event, "requestId")),
            "error" if is_draft(event) => {
                let code = event["code"].as_str().unwrap_or_default();
                let again = ["UNAVAILABLE", "NOT_FOUND", "RATE_LIMITED"].contains(&code);
                assert!(again, "{}: {event}", self.name);
                self.outgoing.requeue(field(event, "requestId"));
            }
            _ => {}
        }
    }

    /// Listens until everything is said and it agrees with a fresh connection; `false` if the connection ended first. One that
    /// stands must agree in time: what it has missed has to come by itself.
    async fn settle(&mut self, line: &mut Line, received: &mut Received) -> bool {
        let mut turns = interval(TURN);
        let mut ready = false;
        let began = Instant::now();
        let mut until = None;
        loop {
            tokio::select! {
                event = line.next() => match event {
                    Err(_ended) => return false,
                    Ok(event) => {
                        ready |= event["type"] == "ready";
                        self.hear(&event, received);
                    }
                },
                _ = turns.tick() => {
                    if !ready && began.elapsed() > NODE_PATIENCE {
                        return false;
                    }
                    if !ready {
                        continue;
                    }
                    self.act(line, true).await;
                    if !self.phone.is_quiet() || !self.outgoing.is_done() {
                        continue;
                    }
                    if !std::mem::replace(&mut self.has_spoken, true) {
                        self.progress.talking.fetch_sub(1, Ordering::SeqCst);
                    }
                    if self.progress.talking.load(Ordering::SeqCst) > 0 {
                        continue;
                    }
                    let until = *until.get_or_insert_with(|| Instant::now() + self.healing);
                    assert!(Instant::now() < until, "{} has missed something", self.name);
                    let agreed = received.agreed;
                    if let Some(snapshot) = self.fresh().await {
                        received.compare(&snapshot);
                        if received.agreed > agreed && received.is_caught_up() {
                            return true;
                        }
                    }
                }
            }
        }
    }

    /// The `unread_snapshot` of a fresh connection to some node.
    async fn fresh(&mut self) -> Option<Json> {
        let node = self.cluster.node(self.dice.below(3));
        let fresh = node.connecting(&self.name, self.role);
        let reading = async {
            let mut fresh = fresh.open_if_up().await?;
            loop {
                let event = fresh.next().await.ok()?;
                if event["type"] == "unread_snapshot" {
                    return Some(event);
                }
            }
        };
        timeout(NODE_PATIENCE, reading).await.ok()?
    }
}

/// Whether an error is about a message: those have ids of their own kind.
fn is_draft(error: &Json) -> bool {
    error["requestId"]
        .as_str()
        .is_some_and(|id| id.starts_with("m-"))
}
