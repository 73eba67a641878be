//! One device: its connections, one after the other, and what it has heard on all of them.
//!
//! - `coming`: how it comes and goes, and whether it reads. `hearing`: what it hears.

mod coming;
mod hearing;

use std::{collections::BTreeMap, time::Duration};

use otomo::{kernel::identity::Role, protocol::command::Command};
use serde_json::json;
use tokio::{sync::mpsc, time::Instant};

use super::{
    hall::Hall,
    outgoing::{Draft, Outgoing},
    over::Over,
    owner::Owner,
    phone::Phone,
    stories::Stories,
    typing::{self, Typing},
};
use crate::{
    invariants::{
        connection::Connection,
        learned::{self, Learned},
        promises::{ANSWERED, CLOSED_OR_CATCHES_UP, OVER_LISTED, STATUSES_AGREE, UNREAD_AGREES},
        stored::Facts,
    },
    link::{Heard, Link, Up},
    mirror::{Calls, Statuses},
    node::Node,
    received::Received,
    sky::Sky,
    support::{Dice, Json, field},
    trace::note,
};

/// How long a client hears nothing, not even a ping, before it takes a connection for dead.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// How often whoever types on says so (`chat.typing_resend`).
const TYPES_AGAIN: Duration = Duration::from_secs(1);

/// How long an answer may take on a connection that stands, in fair weather.
const ANSWER_MAX: Duration = Duration::from_secs(8);

/// How far a device has read what was sent to it on its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    AsItComes,
    /// It has paused, and this was the last that it had said by then.
    Behind(u64),
}

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
    connected_at: Instant,
    is_reading: bool,
    reads: Reads,
    /// Whether it was closed by a node that goes, and how long it was told to wait.
    sent_away: Option<Duration>,
    connects_at: Instant,
    heard_at: Instant,
    /// Commands that are to be answered on this connection, by their `requestId`.
    asked: BTreeMap<String, (Json, Instant)>,
    requests: u64,
    drafts: u64,
    phone: Phone,
    over: Over,
    pub hall: Hall,
    pub typing: Typing,
    pub outgoing: Outgoing,
    pub received: Received,
    learned: Learned,
    pub statuses: Statuses,
    pub calls: Calls,
    /// The last message of somebody else, to be read.
    unread: Option<(Json, Json)>,
    /// The conversation in which its owner types on, and since when nothing was typed.
    types: Option<(String, Instant)>,
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
            connected_at: now,
            is_reading: true,
            reads: Reads::AsItComes,
            sent_away: None,
            connects_at: now,
            heard_at: now,
            asked: BTreeMap::new(),
            requests: 0,
            drafts: 0,
            phone: Phone::new(&owner),
            over: Over::default(),
            hall: Hall::default(),
            typing: Typing::default(),
            outgoing: Outgoing::default(),
            received: Received::of(&owner.name),
            learned: Learned::of(&owner.name, &owner.others),
            statuses: Statuses::default(),
            calls: Calls::default(),
            unread: None,
            types: None,
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
            && self.is_shown(facts)
    }

    /// Whether its owner, who is connected, is shown as somebody who is.
    pub fn is_shown(&self, facts: &Facts) -> bool {
        let status = facts.statuses.get(&self.owner.name);
        self.link.is_none() || status.is_none_or(|it| it != "offline")
    }

    /// What it has made of an old snapshot and the events since is what a fresh one says.
    pub fn agrees_with(&self, fresh: &Self) {
        let name = self.name();
        assert_eq!(self.statuses, fresh.statuses, "{STATUSES_AGREE}: {name}");
        assert!(
            self.calls.over().is_subset(fresh.calls.over()),
            "{OVER_LISTED}: {name} {:?} {:?}",
            self.calls,
            fresh.calls
        );
        assert_eq!(
            self.received.unread(),
            fresh.received.unread(),
            "{UNREAD_AGREES}: {name}"
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
        self.read_or_not(calm);
        if !self.ready {
            return;
        }
        if calm {
            let late = self
                .asked
                .values()
                .find(|(_, at)| at.elapsed() > ANSWER_MAX);
            let must = match self.is_slow() {
                true => CLOSED_OR_CATCHES_UP,
                false => ANSWERED,
            };
            assert!(late.is_none(), "{must}: {} {late:?}", self.name());
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
        self.chat(calm);
        if !calm && self.owner.role == Role::Otomo && self.dice.one_in(40) {
            let status = *self.dice.pick(&["online", "online", "break"]);
            self.say(json!({"type": "otomo_status_set", "status": status}));
        }
    }

    /// What its owner does beside calls and messages: comes to the room, reads, types.
    fn chat(&mut self, calm: bool) {
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
        if let Some((conversation, at)) = &mut self.types
            && at.elapsed() >= TYPES_AGAIN
        {
            *at = Instant::now();
            let again = typing::starts(conversation);
            self.say(again);
        }
        if !calm {
            let mut others = self.owner.others.clone();
            self.dice.shuffle(&mut others);
            let foreign = || learned::conversation(&others[0], &others[1]);
            if let Some(command) = self.typing.act(foreign, &mut self.dice) {
                self.say(command);
            }
        }
    }

    /// Its owner types in a conversation, if there is one, until they are told to stop. Returns where, and who is to hear it.
    pub fn types(&mut self) -> Option<(String, String)> {
        let conversation = self.typing.conversation()?.clone();
        let partner = self.learned.partner(&conversation).to_owned();
        self.say(typing::starts(&conversation));
        self.types = Some((conversation.clone(), Instant::now()));
        Some((conversation, partner))
    }

    /// Its owner types nothing more.
    pub fn types_no_more(&mut self) {
        self.types = None;
    }

    /// Its owner writes what they have typed.
    pub fn writes_to(&mut self, to: &str) {
        self.write(to.to_owned());
        if let Some(command) = self.outgoing.next() {
            self.say(command);
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

    fn write_something(&mut self) {
        let to = self.dice.pick(&self.owner.others).clone();
        self.write(to);
    }

    fn write(&mut self, to: String) {
        self.drafts += 1;
        let id = format!("{}-{}-{}", self.owner.name, self.owner.device, self.drafts);
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
}
