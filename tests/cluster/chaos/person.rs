//! One device of a person: comes to a node, writes, reads, calls, loses the connection, and comes back to another.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use otomo::kernel::identity::Role;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep, timeout},
};

use super::{
    Progress, Scale, asking,
    cut::Cut,
    outgoing::Outgoing,
    phone::Phone,
    scribe::{Page, Scribe},
    world::{Device, World},
};
use crate::{
    harness::Cluster,
    support::{Dial, Dice, Json, Line, Silent, Transport, field},
};

/// How long a connection lasts, in milliseconds, unless it is one that stays as long as it can.
const CONNECTED_MS: std::ops::Range<u64> = 500..6_000;

/// How long somebody stays away after it, in milliseconds; the pause between two attempts, too.
const AWAY_MS: std::ops::Range<u64> = 1..300;

/// How often somebody does something.
const TURN: Duration = Duration::from_millis(100);

/// How long a node may take to answer before another one is tried: as long as people wait.
const NODE_PATIENCE: Duration = Duration::from_secs(3);

/// One device of a person.
pub struct Person {
    cluster: Arc<Cluster>,
    progress: Arc<Progress>,
    scribe: Scribe,
    name: String,
    role: Role,
    way: (Transport, Device),
    outgoing: Outgoing,
    phone: Phone,
    dice: Dice,
    /// The last durable event that this device has.
    last: u64,
    /// The newest message of each conversation that it has heard of.
    newest: BTreeMap<String, u64>,
    /// Commands that it has sent.
    said: u64,
    connections: usize,
    /// What happens beside its connection: a second one, and questions over REST.
    beside: JoinSet<()>,
    /// Whether the connection is.
    is_ready: bool,
    /// Whether everything is said, and the calls are over.
    has_spoken: bool,
    healing: Duration,
}

/// What came of a device's run.
pub struct Run {
    pub name: String,
    pub phone: Phone,
    /// It is still there.
    pub line: Option<Line>,
}

impl Person {
    pub fn new(
        cluster: &Arc<Cluster>,
        world: &World,
        number: usize,
        way: (Transport, Device),
        (progress, scribe): (&Arc<Progress>, &Scribe),
        scale: &Scale,
        dice: &mut Dice,
    ) -> Self {
        let drafts = match way.1 {
            Device::Phone => world.drafts(number, scale, dice),
            // One device writes: the ids of messages are its own.
            Device::Desk => Default::default(),
        };
        Self {
            cluster: Arc::clone(cluster),
            progress: Arc::clone(progress),
            scribe: scribe.clone(),
            role: world.role(number),
            way,
            outgoing: Outgoing::new(drafts),
            phone: world.phone(number),
            dice: dice.fork(),
            last: 0,
            newest: BTreeMap::new(),
            said: 0,
            connections: 0,
            beside: JoinSet::new(),
            is_ready: false,
            has_spoken: false,
            healing: scale.healing,
            name: world.people[number].clone(),
        }
    }

    /// Writes and calls until it is calm, everything is said, and everything has arrived.
    pub async fn run(mut self) -> Run {
        // A server takes a connection in a dead spot for a live one until the next one replaces it.
        let mut silent: Option<Silent> = None;
        let line = loop {
            let Some((dial, mut line, page)) = self.connect().await else {
                self.pause().await;
                continue;
            };
            self.connections += 1;
            let there = self.is_calm() || self.take_part(&mut line, &page).await;
            // One that came through everything must not have missed anything, either.
            if there && self.is_calm() && self.settle(&mut line, &page).await {
                page.settles();
                break line;
            }
            page.closes();
            if there && !self.is_calm() {
                let how = *self.dice.pick(&Cut::ALL);
                let read = json!({"type": "heartbeat"});
                let command = self.outgoing.peek().unwrap_or(read);
                silent = how.cut(line, &dial, &command).await.or(silent);
            }
            self.outgoing.requeue_all();
            self.pause().await;
        };
        drop(silent);
        while self.beside.join_next().await.is_some() {}
        Run {
            name: self.name,
            phone: self.phone,
            line: Some(line),
        }
    }

    /// Whether nothing fails any more.
    fn is_calm(&self) -> bool {
        *self.progress.calm.borrow()
    }

    /// Comes to any node, now and then twice at once.
    async fn connect(&mut self) -> Option<(Dial, Line, Page)> {
        self.is_ready = false;
        if self.dice.one_in(6) && !self.is_calm() {
            let (dial, page) = self.dial();
            let length = Duration::from_millis(self.dice.within(CONNECTED_MS));
            let last = self.last;
            self.beside.spawn(async move {
                let _ = timeout(length, listen(dial, &page, last)).await;
                page.closes();
            });
        }
        let (dial, page) = self.dial();
        let connecting = dial.resuming(self.last).asking("v=1");
        let line = timeout(NODE_PATIENCE, dial.connect_if_up(connecting)).await;
        match line {
            Ok(Some(line)) => Some((dial, line, page)),
            _ => {
                page.closes();
                None
            }
        }
    }

    fn dial(&mut self) -> (Dial, Page) {
        let node = self.cluster.node(self.dice.below(3));
        let (transport, device) = self.way;
        let dial = Dial::on_device(node.door(), &self.name, self.role, transport, device.name());
        let page = self
            .scribe
            .opens(&self.name, device.name(), Some(self.last));
        (dial, page)
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.dice.within(AWAY_MS))).await;
    }

    /// Listens and speaks for a while, and until it is calm at the longest. Returns whether the connection is still there.
    async fn take_part(&mut self, line: &mut Line, page: &Page) -> bool {
        let until = Instant::now() + Duration::from_millis(self.dice.within(CONNECTED_MS));
        let stays = self.dice.one_in(4);
        let mut turns = interval(TURN);
        while (stays || Instant::now() < until) && !self.is_calm() {
            tokio::select! {
                event = line.next() => match event {
                    Err(_ended) => return false,
                    Ok(event) => self.hear(event, page),
                },
                _ = turns.tick() => {
                    if self.is_ready {
                        self.act(line, page, false).await;
                    }
                }
            }
        }
        true
    }

    /// Does what there is to do.
    async fn act(&mut self, line: &mut Line, page: &Page, calm: bool) {
        if let Some(command) = self.phone.act(&mut self.dice, calm) {
            self.say(line, page, command).await;
        }
        if (calm || self.dice.one_in(4))
            && let Some(command) = self.outgoing.next()
        {
            self.say(line, page, command).await;
        }
        if calm || !self.dice.one_in(10) {
            return;
        }
        let newest: Vec<(String, u64)> = self.newest.clone().into_iter().collect();
        match (self.dice.below(3), newest.is_empty()) {
            (0, false) => {
                let (conversation, seq) = self.dice.pick(&newest).clone();
                let read = json!({"type": "message-read", "requestId": "read", "conversationId": conversation, "messageSeq": seq});
                self.say(line, page, read).await;
            }
            (1, false) => {
                let (conversation, _) = self.dice.pick(&newest).clone();
                self.look_at(&conversation);
            }
            _ => {
                let door = self.cluster.node(self.dice.below(3)).door();
                let look = asking::points(self.scribe.clone(), door, self.name.clone(), self.role);
                self.beside.spawn(look);
            }
        }
    }

    /// Asks any node for the newest messages of a conversation.
    fn look_at(&mut self, conversation: &str) {
        let door = self.cluster.node(self.dice.below(3)).door();
        let (scribe, name) = (self.scribe.clone(), self.name.clone());
        let look = asking::messages(scribe, door, name, self.role, conversation.to_owned());
        self.beside.spawn(look);
    }

    /// Sends a command, now and then twice, each time as a request of its own.
    async fn say(&mut self, line: &mut Line, page: &Page, command: Json) {
        for _ in 0..1 + usize::from(self.dice.one_in(10)) {
            self.said += 1;
            let mut command = command.clone();
            command["requestId"] = format!("{}.{}", self.said, field(&command, "requestId")).into();
            page.says(&command);
            line.say(command).await;
        }
    }

    fn hear(&mut self, mut event: Json, page: &Page) {
        let kind = field(&event, "type").to_owned();
        // Neither is a message of the server: one says that there was no answer, the other that there is none.
        if !["unanswered", "done", "no event"].contains(&&*kind) {
            page.hears(&event);
        }
        if let (Some(seq), Some(_)) = (event["seq"].as_u64(), event["prev"].as_u64()) {
            self.last = self.last.max(seq);
        }
        if let Some((_, id)) = event["requestId"]
            .as_str()
            .and_then(|id| id.split_once('.'))
        {
            event["requestId"] = id.to_owned().into();
        }
        self.phone.hear(&event);
        match &*kind {
            "ready" => self.is_ready = true,
            "new-message" => {
                let seq = event["messageSeq"].as_u64().expect("a place");
                let conversation = field(&event, "conversationId").to_owned();
                self.newest.insert(conversation, seq);
            }
            "message_send_ack" => {
                self.outgoing.acknowledged(&event);
                if self.dice.one_in(4) {
                    self.look_at(field(&event, "conversationId"));
                }
            }
            "unanswered" | "error" if is_draft(&event) => {
                self.outgoing.requeue(field(&event, "requestId"));
            }
            _ => {}
        }
    }

    /// Listens until everything is said and this device has come as far as a fresh connection; `false` if the connection ended
    /// first. One that stands must get there in time: what it has missed has to come by itself.
    async fn settle(&mut self, line: &mut Line, page: &Page) -> bool {
        let mut turns = interval(TURN);
        let began = Instant::now();
        let mut until = None;
        loop {
            tokio::select! {
                event = line.next() => match event {
                    Err(_ended) => return false,
                    Ok(event) => self.hear(event, page),
                },
                _ = turns.tick() => {
                    if !self.is_ready && began.elapsed() > NODE_PATIENCE {
                        return false;
                    }
                    if !self.is_ready {
                        continue;
                    }
                    self.act(line, page, true).await;
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
                    if self.head().await.is_some_and(|head| head <= self.last) {
                        return true;
                    }
                }
            }
        }
    }

    /// How far the stream has come, as a fresh connection to some node is told.
    async fn head(&mut self) -> Option<u64> {
        let node = self.cluster.node(self.dice.below(3));
        let dial = Dial::on_device(
            node.door(),
            &self.name,
            self.role,
            Transport::WebSocket,
            "fresh",
        );
        let page = self.scribe.opens(&self.name, "fresh", None);
        let reading = async {
            let mut fresh = dial.connect_if_up(dial.connecting()).await?;
            let mut head = None;
            loop {
                let event = fresh.next().await.ok()?;
                page.hears(&event);
                match field(&event, "type") {
                    "connected" => head = event["seq"].as_u64(),
                    "ready" => return head,
                    _ => {}
                }
            }
        };
        let head = timeout(NODE_PATIENCE, reading).await;
        page.closes();
        head.ok()?
    }
}

/// Somebody who has connected twice and only listens here.
async fn listen(dial: Dial, page: &Page, last: u64) {
    let connecting = dial.resuming(last).asking("v=1");
    let Some(mut line) = dial.connect_if_up(connecting).await else {
        return;
    };
    while let Ok(event) = line.next().await {
        if event["type"] != "no event" {
            page.hears(&event);
        }
    }
}

/// Whether an error is about a message: those have ids of their own kind.
fn is_draft(error: &Json) -> bool {
    error["requestId"]
        .as_str()
        .is_some_and(|id| id.starts_with("m-"))
}
