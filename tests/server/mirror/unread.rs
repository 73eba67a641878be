//! How much is unread: `unread_snapshot`, and after it `new-message` and `message-read` above its `asOfSeq`.

use std::collections::BTreeMap;

use crate::support::{Json, field};

/// Where somebody stands in one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Place {
    last: u64,
    read: u64,
}

/// Where somebody stands in all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    me: String,
    as_of: u64,
    places: BTreeMap<String, Place>,
}

impl Unread {
    /// As a snapshot says.
    pub fn of(me: &str, snapshot: &Json) -> Self {
        let listed = snapshot["conversations"].as_array().expect("a list");
        let place = |entry: &Json| {
            let place = Place {
                last: number(entry, "lastSeq"),
                read: number(entry, "readSeq"),
            };
            assert_eq!(number(entry, "unread"), place.last - place.read, "{entry}");
            (field(entry, "conversationId").to_owned(), place)
        };
        Self {
            me: me.to_owned(),
            as_of: number(snapshot, "asOfSeq"),
            places: listed.iter().map(place).collect(),
        }
    }

    /// The last durable event that is in it.
    pub fn as_of(&self) -> u64 {
        self.as_of
    }

    /// How far somebody has read a conversation.
    pub fn read(&self, conversation: &str) -> u64 {
        self.places.get(conversation).map_or(0, |place| place.read)
    }

    /// Takes in a durable event; one that is in it already changes nothing.
    pub fn hear(&mut self, event: &Json) {
        let seq = number(event, "seq");
        if seq <= self.as_of {
            return;
        }
        self.as_of = seq;
        let mine = |who: &str| field(event, who) == self.me;
        let (written, read_by_me) = match field(event, "type") {
            "new-message" => (true, mine("senderId")),
            "message-read" => (false, mine("userId")),
            _ => return,
        };
        let conversation = field(event, "conversationId").to_owned();
        let place = self.places.entry(conversation).or_default();
        if written {
            place.last = number(event, "messageSeq");
        }
        if read_by_me {
            place.read = number(event, "messageSeq");
        }
    }
}

fn number(json: &Json, name: &str) -> u64 {
    let number = json[name].as_u64();
    number.unwrap_or_else(|| panic!("no number `{name}` in {json}"))
}
