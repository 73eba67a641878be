//! Whom a message is for, and what it is about.

use crate::kernel::{
    ids::{NodeId, RoomId, UserId},
    names::named,
};

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Every node. Held by each from its start.
    Everyone,
    /// One node. Held by it from its start.
    Node(NodeId),
    /// The nodes that have connections of a user.
    User(UserId),
    /// The nodes that have connections in a room.
    Room(RoomId),
}

named! {
    /// What a message is about: which room of the house reads it.
    pub enum Subject {
        /// Frames for clients, and what is to be done with their connections.
        Delivery = "delivery",
        /// Statuses of otomo that were stored.
        Presence = "presence",
        /// Changes of calls that were stored.
        Calls = "calls",
        /// Who is typing.
        Typing = "typing",
        /// Who came online and went offline.
        Friends = "friends",
        /// Nodes that join and leave.
        Nodes = "nodes",
    }
}

const EVERYONE: &str = "otomo:everyone";
const NODE: &str = "otomo:node:";
const USER: &str = "otomo:user:";
const ROOM: &str = "otomo:room:";

impl Channel {
    /// The channel's name in Redis.
    pub(super) fn name(&self) -> String {
        match self {
            Channel::Everyone => EVERYONE.to_owned(),
            Channel::Node(node) => format!("{NODE}{node}"),
            Channel::User(user) => format!("{USER}{user}"),
            Channel::Room(room) => format!("{ROOM}{room}"),
        }
    }

    /// The channel that has this name in Redis.
    pub(super) fn named(name: &str) -> Option<Self> {
        if name == EVERYONE {
            Some(Self::Everyone)
        } else if let Some(node) = name.strip_prefix(NODE) {
            node.parse().ok().map(Self::Node)
        } else if let Some(user) = name.strip_prefix(USER) {
            user.parse().ok().map(Self::User)
        } else {
            let room = name.strip_prefix(ROOM)?;
            room.parse().ok().map(Self::Room)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_found_by_its_name() {
        let channels = [
            Channel::Everyone,
            Channel::Node("n1".parse().unwrap()),
            Channel::User("otomo:room:a".parse().unwrap()),
            Channel::Room("game_1:2".parse().unwrap()),
        ];
        for channel in channels {
            assert_eq!(Channel::named(&channel.name()), Some(channel));
        }
        for stranger in [
            "",
            "otomo:",
            "otomo:user:",
            "otomo:group:a",
            "user:7:status",
        ] {
            assert_eq!(Channel::named(stranger), None, "{stranger}");
        }
    }
}
