//! How a device comes and goes: its connections, one after the other.

use std::time::Duration;

use otomo::delivery::leave::Leave;
use tokio::{sync::mpsc, time::Instant};

use super::{super::hello::hello, ANSWER_MAX, Device, Reads};
use crate::{
    invariants::connection::Connection,
    link::{Heard, Link, Up},
    node::Node,
    sky::Sky,
    support::Json,
    trace::note,
};

/// In milliseconds, between two connections.
const AWAY_MS: std::ops::Range<u64> = 20..700;

/// The same of who was told when to come back: at once then.
const BACK_MS: std::ops::Range<u64> = 20..200;

/// The close code of a node that goes: it drains, or has lost its place.
const DRAIN: u64 = 4200;

impl Device {
    pub(super) fn connect(
        &mut self,
        nodes: &[Node],
        sky: &Sky,
        heard: &mpsc::UnboundedSender<Heard>,
        next: &mut u64,
    ) {
        if Instant::now() < self.connects_at {
            return;
        }
        self.sent_away = self.sent_away.map(|_| Duration::ZERO);
        self.connects_at = Instant::now() + self.pause();
        let ready: Vec<&Node> = match self.sent_away {
            Some(_) => nodes.iter().filter(|it| it.is_ready()).collect(),
            None => Vec::new(),
        };
        let node = match ready.is_empty() {
            true => self.dice.pick(nodes),
            false => *self.dice.pick(&ready),
        };
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
            self.typing.begin();
            self.sent_away = None;
            (self.is_reading, self.reads) = (true, Reads::AsItComes);
            self.connected_at = self.heard_at;
        }
    }

    /// How long it stays away: for a while, or as it was told.
    fn pause(&mut self) -> Duration {
        let (told, ms) = match self.sent_away {
            Some(told) => (told, BACK_MS),
            None => (Duration::ZERO, AWAY_MS),
        };
        told + Duration::from_millis(self.dice.within(ms))
    }

    /// Whether it was sent away by a node that drains, and is to come back now.
    pub fn is_due_back(&self) -> bool {
        self.sent_away.is_some() && self.link.is_none() && Instant::now() >= self.connects_at
    }

    /// The server says goodbye. Whoever is sent away from a node that drains does as told.
    pub(super) fn told_goodbye(&mut self, closing: &Json) {
        if closing["code"] == DRAIN {
            let wait = closing["retryAfterMs"].as_u64().expect("a number");
            self.sent_away = Some(Duration::from_millis(wait));
        }
    }

    /// It stops reading, or reads on.
    pub(super) fn read_or_not(&mut self, calm: bool) {
        let Some(link) = &self.link else { return };
        let turns = match self.is_reading {
            true => !calm && self.dice.one_in(60),
            false => calm || self.dice.one_in(10),
        };
        if turns {
            self.is_reading = !self.is_reading;
            match self.is_reading {
                true => link.read_on(),
                false => link.stop_reading(),
            }
            self.reads = Reads::Behind(self.requests);
            note!("{} reads: {}", self.name(), self.is_reading);
        }
    }

    /// Something that it said is answered: if that was said after it began to read on, it has read what came before.
    pub(super) fn caught_up_with(&mut self, request: &str) {
        let said: u64 = request.parse().expect("it was counted");
        if let Reads::Behind(last) = self.reads
            && self.is_reading
            && said > last
        {
            self.reads = Reads::AsItComes;
        }
    }

    /// Whether it has not read everything as it came, and may be behind, on the connection that it has.
    pub fn is_slow(&self) -> bool {
        self.link.is_some() && self.reads != Reads::AsItComes
    }

    /// Whether it has been connected for longer than it may take until it is ready.
    pub fn begins_late(&self) -> bool {
        self.link.is_some() && !self.ready && self.connected_at.elapsed() > ANSWER_MAX
    }

    /// Goes, in one way or another.
    pub(super) fn leave(&mut self) {
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
    pub(super) fn gone(&mut self) {
        self.link = None;
        self.number = 0;
        self.ready = false;
        self.hall.inside = false;
        self.asked.clear();
        self.outgoing.requeue_all();
        self.connects_at = Instant::now() + self.pause();
    }
}
