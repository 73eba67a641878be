//! The room of the simulation, as one device knows it: whether it is in it, and what holds there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tokio::time::Instant;

use crate::support::{Dice, Json, field};

/// The room.
pub const HALL: &str = "hall";

/// What a device knows of the room.
#[derive(Debug, Default)]
pub struct Hall {
    /// Whether this connection is in it.
    pub inside: bool,
    /// One in how many times somebody who is not in it tries to come: those who were refused not so often.
    tries_one_in: usize,
    /// When it asked to come, if it has come and nobody has looked whether it may.
    came: Option<Instant>,
    /// What holds, by its key: the number of the last word.
    states: BTreeMap<String, Json>,
    /// Everything that was said and is not kept, by the kind and priority of the words, connection by connection.
    lanes: Vec<BTreeMap<String, Vec<u64>>>,
}

impl Hall {
    /// What its owner does, if anything. Once it is calm they stay.
    pub fn act(&self, dice: &mut Dice, calm: bool) -> Option<Json> {
        let command = match self.inside {
            false => dice.one_in(self.tries_one_in).then_some("room_join"),
            true => (!calm && dice.one_in(40)).then_some("room_leave"),
        };
        command.map(|command| json!({"type": command, "room": HALL}))
    }

    /// Another connection begins.
    pub fn begin(&mut self) {
        self.inside = false;
        self.tries_one_in = 3;
        self.lanes.push(BTreeMap::new());
    }

    /// It has come, as it asked for at this moment.
    pub fn came(&mut self, asked: Instant) {
        self.came = Some(asked);
    }

    /// When it asked to come, if it has come since this was asked last.
    pub fn take_arrival(&mut self) -> Option<Instant> {
        self.came.take()
    }

    /// It may not come in, for now.
    pub fn refused(&mut self) {
        self.tries_one_in = 12;
    }

    /// Takes in whatever comes.
    pub fn hear(&mut self, event: &Json) {
        match field(event, "type") {
            "room_left" | "room_leave_ack" => self.inside = false,
            "room_snapshot" if event["room"] == HALL => {
                self.inside = true;
                let events = event["events"].as_array().expect("a list");
                self.states = events.iter().map(state).collect();
            }
            "room_event" if !event["prev"].is_u64() => {
                let (lane, number) = (field(&event["data"], "lane"), number(event));
                let lanes = self.lanes.last_mut().expect("it is connected");
                lanes.entry(lane.to_owned()).or_default().push(number);
                if lane.starts_with("state") {
                    self.states.extend([state(event)]);
                }
            }
            _ => {}
        }
    }

    /// Whether what holds is what it knows; of one that is not in the room nothing is expected.
    pub fn knows(&self, states: &BTreeMap<String, Json>) -> bool {
        !self.inside || self.states == *states
    }

    /// Whether it has heard all of these words.
    pub fn has_heard(&self, words: &BTreeSet<u64>) -> bool {
        let heard = self.lanes.iter().flat_map(|it| it.values().flatten());
        words.is_subset(&heard.copied().collect())
    }

    /// Whether it has heard anything at all.
    pub fn is_unknown(&self) -> bool {
        self.states.is_empty() && self.lanes.iter().all(BTreeMap::is_empty)
    }

    /// What was said of each kind and priority on one connection.
    pub fn lanes(&self) -> impl Iterator<Item = (&String, &Vec<u64>)> {
        self.lanes.iter().flatten()
    }
}

/// A state: its key, and the number of the word.
pub fn state(event: &Json) -> (String, Json) {
    let data = &event["data"];
    (field(data, "key").to_owned(), data["n"].clone())
}

/// The number of a word.
pub fn number(event: &Json) -> u64 {
    event["data"]["n"].as_u64().expect("a number")
}
