//! What delivery must know of an event's type: declared once per type, not at each call site.

use std::{str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a client may subscribe to with `?topics=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Topic {
    /// The connection itself; nobody can opt out.
    System = 0,
    /// Otomo statuses (source document 000).
    Otomo = 1,
    /// Calls (source document 001).
    Calls = 2,
    /// Messages, reads, typing (source document 002).
    Chat = 3,
    /// Friends' online status (source document 004).
    Friends = 4,
    /// Rooms and game events (source document 003).
    Rooms = 5,
    /// The point balance (source document 003).
    Points = 6,
}

impl Topic {
    /// Every topic, in the order of the protocol.
    pub const ALL: [Topic; 7] = [
        Topic::System,
        Topic::Otomo,
        Topic::Calls,
        Topic::Chat,
        Topic::Friends,
        Topic::Rooms,
        Topic::Points,
    ];

    /// The topic's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Topic::System => "system",
            Topic::Otomo => "otomo",
            Topic::Calls => "calls",
            Topic::Chat => "chat",
            Topic::Friends => "friends",
            Topic::Rooms => "rooms",
            Topic::Points => "points",
        }
    }
}

/// A text that names no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown topic `{0}`: use otomo, calls, chat, friends, rooms or points")]
pub struct UnknownTopic(String);

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(name: &str) -> Result<Self, UnknownTopic> {
        let found = Topic::ALL.into_iter().find(|topic| topic.as_str() == name);
        found.ok_or_else(|| UnknownTopic(name.chars().take(32).collect()))
    }
}

/// A set of topics in one byte: every session has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topics(u8);

impl Topics {
    /// What nobody can opt out of.
    pub const NONE: Topics = Topics(1);
    /// Everything: what a client gets that names nothing.
    pub const ALL: Topics = Topics(0x7f);

    /// Whether events of `topic` pass.
    pub const fn contains(self, topic: Topic) -> bool {
        self.0 & (1 << topic as u8) != 0
    }

    /// The set and one more topic.
    #[must_use]
    pub const fn with(self, topic: Topic) -> Topics {
        Topics(self.0 | (1 << topic as u8))
    }
}

impl FromStr for Topics {
    type Err = UnknownTopic;

    /// A comma list, as in `?topics=otomo,calls`.
    fn from_str(list: &str) -> Result<Self, UnknownTopic> {
        let names = list
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names
            .map(Topic::from_str)
            .try_fold(Topics::NONE, |set, topic| Ok(set.with(topic?)))
    }
}

/// What tells states apart: of two events with equal keys only the newer one is worth sending.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which state. Often the `type`, but types that tell of one state share its name.
    pub state: &'static str,
    /// What it is the state of: an otomo, a user in a room.
    pub id: Arc<str>,
}

/// How an event behaves when a client is slow or away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "EventKind")]
pub enum Kind {
    /// What must come first: `connected`, the snapshots, `ready`.
    Preamble,
    /// Answers, errors and all of a call: never dropped, never delayed, gone on reconnect (the
    /// snapshot tells what holds then).
    Control,
    /// In the recipient's inbox: never lost, paged as the client reads.
    Durable,
    /// Only the newest per key matters.
    State,
    /// Dropped first.
    Ephemeral,
}

impl Kind {
    /// The name on the wire and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Preamble => "preamble",
            Kind::Control => "control",
            Kind::Durable => "durable",
            Kind::State => "state",
            Kind::Ephemeral => "ephemeral",
        }
    }
}

/// How soon an event goes out, beside others of its kind.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before everything but answers and calls, and never held back.
    High,
    /// In its turn.
    #[default]
    Normal,
    /// Last, together with what else is low within `outbox.low_window`.
    Low,
}

impl Priority {
    /// Every priority, the highest first.
    pub const ALL: [Priority; 3] = [Priority::High, Priority::Normal, Priority::Low];

    /// The name on the wire and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        }
    }
}

/// What delivery knows of an event's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// The `type` on the wire.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Who listens.
    pub topic: Topic,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_list_of_topics_always_holds_the_connection_itself() {
        let some: Topics = "otomo, calls".parse().unwrap();
        assert!(some.contains(Topic::System) && some.contains(Topic::Otomo));
        assert!(some.contains(Topic::Calls) && !some.contains(Topic::Chat));
        assert!(
            Topic::ALL
                .into_iter()
                .all(|topic| Topics::ALL.contains(topic))
        );
        assert_eq!("".parse::<Topics>().unwrap(), Topics::NONE);
        assert!("otomo,nonsense".parse::<Topics>().is_err());
    }
}
