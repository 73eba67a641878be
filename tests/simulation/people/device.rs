//! One device: its connections, one after the other, and what it has heard on all of them.

use std::{collections::BTreeMap, time::Duration};

use otomo::{delivery::leave::Leave, kernel::identity::Role, protocol::command::Command};
use serde_json::json;
use tokio::{sync::mpsc, time::Instant};

use super::{
    hall::Hall,
    hello::hello,
    outgoing::{Draft, Outgoing},
    over::Over,
    owner::Owner,
    phone::Phone,
    stories::Stories,
};
use crate::{
    invariants::{connection::Connection, learned::Learned, stored::Facts},
    link::{Down, Heard, Link, Up},
    mirror::{Calls, Statuses},
    node::Node,
    received::Received,
    sky::Sky,
    support::{Dice, Json, field},
    trace::note,
};

/// How long a client hears nothing, not even a ping, before it takes a connection for dead.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// How long an answer may take on a connection that stands, in fair weather.
const ANSWER_MAX: Duration = Duration::from_secs(8);

/// In milliseconds, between two connections.
const AWAY_MS: std::ops::Range<u64> = 20..700;

/// A device.
pub struct Device {
    pub owner: Owner,
    dice: Dice,
    stories: Stories,
    link: Option<Link>,
    /// The node that it is connected to, if it is.
    node: String,
    connection: Connection,
    /// Which of all connections of the world it has.
    pub number: u64,
    ready: bool,
    connects_at: Instant,
    heard_at: Instant,
    /// Commands that are to be answered on this connection, by their `requestId`.
    asked: BTreeMap<String, (Json, Instant)>,
    requests: u64,
    drafts: u64,
    phone: Phone,
    over: Over,
    pub hall: Hall,
    pub outgoing: Outgoing,
    pub received: Received,
    learned: Learned,
    pub statuses: Statuses,
    pub calls: Calls,
    /// The last message of somebody else, to be read.
    unread: Option<(Json, Json)>,
}

impl Device {
    pub fn new(owner: Owner, stories: &Stories, dice: Dice) -> Self {
        let now = Instant::now();
        Self {
            dice,
            stories: stories.clone(),
            link: None,
            node: String::new(),
            connection: Connection::default(),
            number: 0,
            ready: false,
            connects_at: now,
            heard_at: now,
            asked: BTreeMap::new(),
            requests: 0,
            drafts: 0,
            phone: Phone::new(&owner),
            over: Over::default(),
            hall: Hall::default(),
            outgoing: Outgoing::default(),
            received: Received::of(&owner.name),
            learned: Learned::of(&owner.name, &owner.others),
            statuses: Statuses::default(),
            calls: Calls::default(),
            unread: None,
            owner,
        }
    }

    /// Its name in the trace.
    pub fn name(&self) -> String {
        format!("{}/{}", self.owner.name, self.owner.device)
    }

    /// Whether nothing is left that it waits for.
    pub fn is_quiet(&self) -> bool {
        self.ready && self.phone.is_quiet() && self.outgoing.is_done() && self.asked.is_empty()
    }

    /// What it waits for, in words.
    pub fn waits_for(&self) -> String {
        let (name, last, call) = (self.name(), self.received.last, self.calls.live());
        format!(
            "{name}: {}, {last}, {call:?}, {:?}, {:?}",
            self.ready, self.statuses, self.asked
        )
    }

    /// Whether it has heard what is so, and is where it is thought to be.
    pub fn knows(&self, facts: &Facts) -> bool {
        let head = facts.heads.get(&self.owner.name).copied();
        let knows = |(otomo, status): (&String, &String)| self.statuses.shows(otomo, status);
        let place = (self.owner.name.clone(), self.node.clone());
        self.received.last == head.unwrap_or(0)
            && (self.link.is_none() || facts.places.contains(&place))
            && self.calls.live().is_none()
            && facts.statuses.iter().all(knows)
    }

    /// What it has made of an old snapshot and the events since is what a fresh one says.
    pub fn agrees_with(&self, fresh: &Self) {
        let name = self.name();
        assert_eq!(
            self.statuses, fresh.statuses,
            "statuses: an old snapshot and the events since are a fresh one: {name}"
        );
        assert!(
            self.calls.over().is_subset(fresh.calls.over()),
            "calls: what is over is in a fresh snapshot: {name} {:?} {:?}",
            self.calls,
            fresh.calls
        );
        assert_eq!(
            self.received.unread(),
            fresh.received.unread(),
            "what is unread: an old snapshot and the events since are a fresh one: {name}"
        );
    }

    /// Its turn: it does something, perhaps.
    pub fn act(
        &mut self,
        nodes: &[Node],
        sky: &Sky,
        heard: &mpsc::UnboundedSender<Heard>,
        next: &mut u64,
        calm: bool,
    ) {
        if self.link.is_none() {
            return self.connect(nodes, sky, heard, next);
        }
        if self.heard_at.elapsed() > SILENCE_MAX {
            note!("{} takes its connection for dead", self.name());
            return self.gone();
        }
        if !self.ready {
            return;
        }
        if calm {
            let late = self
                .asked
                .values()
                .find(|(_, at)| at.elapsed() > ANSWER_MAX);
            assert!(
                late.is_none(),
                "every command is answered: {} {late:?}",
                self.name()
            );
        } else if self.dice.one_in(60) {
            return self.leave();
        } else if self.dice.one_in(25) {
            self.write_something();
        }
        if let Some(command) = self.phone.act(&mut self.dice, calm) {
            self.say_of_call(command);
        }
        if let Some(command) = self.outgoing.next() {
            self.say(command);
        }
        if self.owner.comes_to_the_hall
            && let Some(command) = self.hall.act(&mut self.dice, calm)
        {
            self.say(command);
        }
        if self.dice.one_in(10)
            && let Some((conversation, seq)) = self.unread.take()
        {
            self.say(
                json!({"type": "message-read", "conversationId": conversation, "messageSeq": seq}),
            );
        }
        if !calm && self.owner.role == Role::Otomo && self.dice.one_in(40) {
            let status = *self.dice.pick(&["online", "online", "break"]);
            self.say(json!({"type": "otomo_status_set", "status": status}));
        }
    }

    /// Its owner calls somebody, if they can.
    pub fn call(&mut self, to: &str) {
        if self.ready
            && let Some(command) = self.phone.call(to, &mut self.dice)
        {
            self.say_of_call(command);
        }
    }

    fn say_of_call(&mut self, command: Json) {
        if field(&command, "type") == "call_request" {
            self.stories.requested(&self.owner.name, &command);
        }
        self.say(command);
    }

    /// A fresh client of the same person: what is so now.
    pub fn fresh(&self, number: usize) -> Self {
        let owner = Owner {
            device: 100 + number,
            ..self.owner.clone()
        };
        Self::new(owner, &self.stories, Dice::of(number as u64))
    }

    fn connect(
        &mut self,
        nodes: &[Node],
        sky: &Sky,
        heard: &mpsc::UnboundedSender<Heard>,
        next: &mut u64,
    ) {
        if Instant::now() < self.connects_at {
            return;
        }
        self.connects_at = Instant::now() + self.pause();
        let node = self.dice.pick(nodes);
        *next += 1;
        let last = self.received.last;
        let hello = hello(&self.owner, last);
        let dice = self.dice.fork();
        self.link = Link::connect(node, hello, *next, heard, (sky, dice));
        if self.link.is_some() {
            note!(
                "{} connects to {} as {next}, after {last}",
                self.name(),
                node.name
            );
            self.number = *next;
            self.node = node.name.to_string();
            self.connection = Connection::default();
            self.heard_at = Instant::now();
            self.received.begin(last);
            self.hall.begin();
        }
    }

    fn pause(&mut self) -> Duration {
        Duration::from_millis(self.dice.within(AWAY_MS))
    }

    /// Goes, in one way or another.
    fn leave(&mut self) {
        let how = self.dice.below(4);
        note!("{} leaves, the {how} way", self.name());
        if let Some(link) = &self.link {
            match how {
                0 => link.say(Up::Close(Leave::Clean)),
                1 => link.say(Up::Close(Leave::Reload)),
                2 => link.go_silent(),
                _ => {}
            }
        }
        if how > 1 {
            self.gone();
        }
    }

    /// The connection is over.
    fn gone(&mut self) {
        self.link = None;
        self.number = 0;
        self.ready = false;
        self.hall.inside = false;
        self.asked.clear();
        self.outgoing.requeue_all();
        self.connects_at = Instant::now() + self.pause();
    }

    fn write_something(&mut self) {
        self.drafts += 1;
        let id = format!("{}-{}-{}", self.owner.name, self.owner.device, self.drafts);
        let to = self.dice.pick(&self.owner.others).clone();
        self.outgoing.write(Draft { id, to });
    }

    fn say(&mut self, mut command: Json) {
        let Some(link) = &self.link else { return };
        self.requests += 1;
        let id = format!("{}", self.requests);
        command["requestId"] = id.clone().into();
        note!("{} says {command}", self.name());
        if Command::answer(field(&command, "type")).is_some() {
            self.asked.insert(id, (command.clone(), Instant::now()));
        }
        link.say(Up::Command(command));
    }

    /// Takes in what comes on the connection that it has.
    pub fn hear(&mut self, down: Down) {
        self.heard_at = Instant::now();
        match down {
            Down::Ping => {
                if let Some(link) = &self.link {
                    link.say(Up::Pong);
                }
            }
            Down::Closed(code) => {
                note!("{} is told goodbye: {code}", self.name());
                self.gone();
            }
            Down::Cut => {
                note!("{} is cut off", self.name());
                self.gone();
            }
            Down::Event(event) => {
                note!("{} hears {event}", self.name());
                self.hear_event(&event);
            }
        }
    }

    fn hear_event(&mut self, event: &Json) {
        self.answered(event);
        self.learned.hear(event);
        self.connection.hear(event);
        self.received.hear(event);
        self.statuses.hear(event);
        self.hall.hear(event);
        self.stories.hear(&self.owner.name, event);
        if let Some(event) = self.over.without_what_is_late(event) {
            self.calls.hear(&self.owner.name, &event);
            self.phone.hear(&event);
        }
        match field(event, "type") {
            "ready" => self.ready = true,
            "new-message" if event["senderId"] != self.owner.name.as_str() => {
                let place = (event["conversationId"].clone(), event["messageSeq"].clone());
                self.unread = Some(place);
            }
            _ => {}
        }
    }

    /// Something may be the answer to a command.
    fn answered(&mut self, event: &Json) {
        let Some(id) = event["requestId"].as_str() else {
            return;
        };
        let command = match self.asked.remove(id) {
            Some((command, _)) => command,
            // It is answered only if it is refused.
            None if field(event, "type") == "error" => return,
            None => panic!("a command is answered once: {} {event}", self.name()),
        };
        let name = field(&command, "type");
        if field(event, "type") == "error" {
            let code = field(event, "code");
            match name {
                "message_send" => self.outgoing.requeue(field(&command, "clientMessageId")),
                "message-read" | "otomo_status_set" => {}
                "room_join" if code == "ROOM_FORBIDDEN" => self.hall.refused(),
                "room_join" | "room_leave" => assert!(
                    ["UNAVAILABLE", "INTERNAL_ERROR"].contains(&code),
                    "no command may be refused with {code}: {command}"
                ),
                _ => self.phone.refused(&command, code),
            }
            return;
        }
        let expected = Command::answer(name);
        assert_eq!(
            Some(field(event, "type")),
            expected,
            "its own answer: {command}"
        );
        if name == "message_send" {
            self.outgoing.acknowledged(event);
        }
    }
}
