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
