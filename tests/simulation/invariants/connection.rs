//! What is told on one connection, in its order.

use std::collections::{BTreeMap, BTreeSet};

use super::promises::{
    BEGINS_ONCE, BEGINS_WITH_CONNECTED, END_TOLD_ONCE, INSIDE_ONLY, LIVE_WAITS, MISSED_FIRST,
    READS_FORWARD, RINGS_NO_MORE, SNAPSHOTS_FIRST, STATUS_NEWS,
};
use crate::{
    people::hall::HALL,
    support::{Json, field},
};

/// The snapshots of what the people of a simulation want to hear of.
const SNAPSHOTS: [&str; 4] = [
    "otomo_status_snapshot",
    "call_snapshot",
    "unread_snapshot",
    "friend_status_snapshot",
];

/// Where a connection is, of a room.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    /// Let in, and not told yet what holds.
    AtTheDoor,
    Inside,
}

/// One connection, from its first word on.
#[derive(Debug, Default)]
pub struct Connection {
    begun: bool,
    snapshots: BTreeSet<String>,
    ready: bool,
    /// The last durable event, or where it began.
    last: u64,
    /// The last durable event that its snapshots know of.
    as_of: u64,
    /// The status of each otomo, and its version.
    statuses: BTreeMap<String, (String, u64)>,
    /// How far each member has read each conversation.
    reads: BTreeMap<(String, String), u64>,
    /// Calls that ring no more: answered, or over.
    rang: BTreeSet<String>,
    /// Calls of which it was told the end.
    over: BTreeSet<String>,
    place: Place,
}

impl Connection {
    /// Takes in what comes next.
    ///
    /// # Panics
    /// If it may not come now, with the sentence.
    pub fn hear(&mut self, event: &Json) {
        let name = field(event, "type");
        if name == "closing" {
            // It may end at any point.
            return;
        }
        if self.ready {
            assert!(
                name != "connected" && name != "ready",
                "{BEGINS_ONCE}: {event}"
            );
        } else {
            self.begins_in_order(name, event);
        }
        match name {
            "otomo_status_snapshot" => {
                let listed = event["otomos"].as_array().expect("a list");
                listed.iter().for_each(|it| self.lists(it));
            }
            "otomo_status_update" => self.updates(event),
            "message-read" => self.reads_on(event),
            _ => {
                self.rings_first(name, event);
                self.ends_once(name, event);
            }
        }
        self.is_in_the_room(name, event);
        if event["prev"].is_u64() {
            self.last = number(event, "seq");
        }
    }

    /// `connected`, the snapshots, what was missed, `ready`; and nothing else before that.
    fn begins_in_order(&mut self, name: &str, event: &Json) {
        assert_eq!(
            name == "connected",
            !std::mem::replace(&mut self.begun, true),
            "{BEGINS_WITH_CONNECTED}: {event}"
        );
        match name {
            "connected" => self.last = number(event, "seq"),
            _ if SNAPSHOTS.contains(&name) => {
                self.snapshots.insert(name.to_owned());
                self.as_of = self.as_of.max(event["asOfSeq"].as_u64().unwrap_or(0));
            }
            "ready" => {
                self.has_all_snapshots(event);
                let last = self.last;
                assert!(
                    number(event, "seq") == last && last >= self.as_of,
                    "{MISSED_FIRST}: {last} of {}, {event}",
                    self.as_of
                );
                self.ready = true;
            }
            _ => {
                // Where a goodbye comes before `ready`, what was held back of calls is said before it.
                let is_durable = event["prev"].is_u64();
                assert!(
                    is_durable || event["callId"].is_string(),
                    "{LIVE_WAITS}: {event}"
                );
                if is_durable {
                    self.has_all_snapshots(event);
                }
            }
        }
    }

    fn has_all_snapshots(&self, event: &Json) {
        assert_eq!(
            self.snapshots.len(),
            SNAPSHOTS.len(),
            "{SNAPSHOTS_FIRST}: {event}"
        );
    }

    fn lists(&mut self, entry: &Json) {
        let status = (field(entry, "status").to_owned(), number(entry, "version"));
        self.statuses
            .insert(field(entry, "userId").to_owned(), status);
    }

    /// An update is a change, and news: what it says was not so before, as far as one was told.
    fn updates(&mut self, update: &Json) {
        let (otomo, status) = (field(update, "userId"), field(update, "status"));
        let version = number(update, "v");
        if let Some((known, at)) = self.statuses.get(otomo) {
            assert!(
                version > at + 1 || version == at + 1 && known != status,
                "{STATUS_NEWS}: {known} {at}, {update}"
            );
        }
        let now = (status.to_owned(), version);
        self.statuses.insert(otomo.to_owned(), now);
    }

    /// Of what one connection hears of a call the ring comes first.
    fn rings_first(&mut self, name: &str, event: &Json) {
        let call = match name {
            "call_request_ack" => &event["joinedCallId"],
            "signaling_start" | "call_connected" | "call_cancelled" | "call_end"
            | "incoming_call" => &event["callId"],
            _ => return,
        };
        let Some(call) = call.as_str() else { return };
        if name != "incoming_call" {
            self.rang.insert(call.to_owned());
            return;
        }
        assert!(!self.rang.contains(call), "{RINGS_NO_MORE}: {event}");
    }

    /// Whoever says the end of a call, and however often.
    fn ends_once(&mut self, name: &str, event: &Json) {
        let is_end = match name {
            "call_end" => true,
            "call_cancelled" => event["reason"] != "answered_elsewhere",
            _ => false,
        };
        if is_end {
            let call = field(event, "callId").to_owned();
            assert!(self.over.insert(call), "{END_TOLD_ONCE}: {event}");
        }
    }

    /// Of a room one hears from the snapshot after one's coming to one's going.
    fn is_in_the_room(&mut self, name: &str, event: &Json) {
        match name {
            "room_join_ack" => self.place = Place::AtTheDoor,
            "room_left" | "room_leave_ack" => self.place = Place::Outside,
            "room_snapshot" if event["room"] == HALL => {
                assert_ne!(self.place, Place::Outside, "{INSIDE_ONLY}: {event}");
                self.place = Place::Inside;
            }
            "room_event" if !event["prev"].is_u64() => {
                assert_eq!(self.place, Place::Inside, "{INSIDE_ONLY}: {event}");
            }
            _ => {}
        }
    }

    fn reads_on(&mut self, event: &Json) {
        let (conversation, reader) = (field(event, "conversationId"), field(event, "userId"));
        let seq = number(event, "messageSeq");
        let key = (conversation.to_owned(), reader.to_owned());
        let before = self.reads.insert(key, seq);
        assert!(
            before.is_none_or(|before| before < seq),
            "{READS_FORWARD}: {before:?}, {event}"
        );
    }
}

fn number(json: &Json, name: &str) -> u64 {
    let number = json[name].as_u64();
    number.unwrap_or_else(|| panic!("no number `{name}` in {json}"))
}
