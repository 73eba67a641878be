//! What the [`Announcer`](super::announcer::Announcer) is told.

use std::{collections::HashMap, time::Instant};

use actix::Message;

use super::{
    fault::RoomsFault, passage::UnderWay, publication::Publication, records::members::Granted,
    rules::Grant,
};
use crate::{
    delivery::{line::SessionRef, reply::Reply},
    kernel::ids::{RoomId, UserId},
    protocol::event::Event,
};

/// What became of one event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Inboxes that it is stored in, or rooms in which it holds.
    pub stored: u64,
    /// Connections whose outbox it has entered.
    pub delivered: u64,
}

/// Events to be stored and said, all or none.
#[derive(Message)]
#[rtype(result = "Result<Vec<Report>, RoomsFault>")]
pub(super) struct Publish {
    pub(super) publications: Vec<Publication>,
    /// From then on the time counts that they take to clients.
    pub(super) accepted: Instant,
    /// Who is on other nodes in the rooms of those that are durable.
    pub(super) elsewhere: HashMap<RoomId, Vec<UserId>>,
}

/// A session wants to be in a room. Its answer goes out through delivery.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Join {
    pub(super) joiner: Joiner,
    /// Until it is said.
    pub(super) under_way: UnderWay,
}

/// Who wants to be in a room.
#[derive(Debug)]
pub struct Joiner {
    /// The user.
    pub user: UserId,
    /// The session.
    pub at: SessionRef,
    /// The room.
    pub room: RoomId,
    /// The rooms that their token grants.
    pub claims: Vec<RoomId>,
    /// What they are told when they are in: `joined_game`, or `room_join_ack`.
    pub acknowledgement: Event,
    /// Where the answer goes.
    pub reply: Reply,
}

/// A session leaves a room into which it is yet to be let.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Leave {
    pub(super) leaver: Leaver,
    /// Until it is said.
    pub(super) under_way: UnderWay,
}

/// Who leaves a room.
#[derive(Debug)]
pub struct Leaver {
    /// The session.
    pub at: SessionRef,
    /// The room.
    pub room: RoomId,
    /// What they are told when they are out: `left_game`, or `room_leave_ack`.
    pub acknowledgement: Event,
    /// Where the answer goes.
    pub reply: Reply,
}

/// A user may be in a room, from now on or until another time.
#[derive(Message)]
#[rtype(result = "Result<Granted, RoomsFault>")]
pub(super) struct Admit {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) grant: Grant,
}

/// The token of a session claims a room no more: unless there is a grant, the session is to leave it.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct ClaimLost {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) at: SessionRef,
}

/// A user may be in a room no more.
#[derive(Message)]
#[rtype(result = "Result<(), RoomsFault>")]
pub(super) struct Revoke {
    pub(super) room: RoomId,
    pub(super) user: UserId,
}

/// Grants whose time is over are to be dropped.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Expire;

/// Some people of this node are in rooms: whoever lost the grant for that is to be taken out. Answered when they are.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct LookAgain {
    pub(super) places: Vec<(RoomId, UserId)>,
}

/// The server is stopping. Answered when all that is under way is stored and said.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Stop;

/// A session begins: it is told the states that hold for its user wherever they are. Answered when they are queued.
#[derive(Message)]
#[rtype(result = "Result<(), RoomsFault>")]
pub(super) struct Welcome {
    pub(super) user: UserId,
    pub(super) at: SessionRef,
}

/// The people of this node who are in a room may have missed a state: they are told those that hold.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Refresh {
    pub(super) room: RoomId,
}
