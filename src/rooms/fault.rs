//! Why something about rooms or events was refused.

use std::time::Duration;

use super::rules::{DURABLE_MEMBERS_MAX, PLACES_MAX};
use crate::{
    kernel::ids::RoomId,
    protocol::{error_code::ErrorCode, fault::Fault, publishing::Violation},
    store::StoreError,
};

/// Why something about rooms or events was refused. Nothing has changed then, and nothing was said.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RoomsFault {
    // The asker is at fault.
    /// The room is not theirs to be in.
    #[error("you may not be in this room; the app's backend lets users in")]
    Forbidden(RoomId),
    /// They say something in a room that this connection is not in.
    #[error("join the room first")]
    NotInRoom(RoomId),
    /// The connection is in as many rooms as it may.
    #[error("the connection is in {0} rooms; leave one first")]
    TooManyRooms(usize),
    /// A message without a text.
    #[error("a message needs a text")]
    Empty,
    /// A text above `chat.max_body`.
    #[error("message may have {0} bytes")]
    TooLarge(usize),
    /// More than `limits.messages_per_minute`; with how long to wait before the next.
    #[error("too many messages; send fewer a minute")]
    RateLimited(Duration),
    /// A room that takes no grants: a user's own, or that of everybody.
    #[error(
        "nobody can be let into this room: user_ rooms are their user's alone, and * is everybody"
    )]
    Closed,
    /// An event is not what its type or kind asks for; with its place among those that came with it.
    #[error("an event is not what its type or kind asks for")]
    Invalid(usize, Violation),
    /// An idempotency key was used for another event before.
    #[error("another event was published with this idempotencyKey; make a new one for each event")]
    KeyReused(usize),
    /// A durable event for a room with too many members.
    #[error(
        "a durable event reaches at most {DURABLE_MEMBERS_MAX} members; publish it to users, in parts"
    )]
    TooManyMembers(usize),
    /// Too much to store at once.
    #[error(
        "these events are for more than {PLACES_MAX} users and rooms together; send them in parts"
    )]
    TooManyPlaces,
    /// A room with too many states.
    #[error(
        "the room's states would be more than rooms.max_states or rooms.max_state_bytes; use its keys again, or let states expire (ttlSeconds)"
    )]
    TooManyStates(usize),

    // The surroundings are at fault: the same may work later.
    /// Too much is waiting.
    #[error("the server has too much to do right now; try again in a moment")]
    Busy,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopped,
}

impl From<RoomsFault> for Fault {
    fn from(fault: RoomsFault) -> Self {
        let code = match &fault {
            RoomsFault::Forbidden(_) | RoomsFault::NotInRoom(_) => ErrorCode::RoomForbidden,
            RoomsFault::Empty => ErrorCode::MessageEmpty,
            RoomsFault::TooLarge(_) => ErrorCode::MessageTooLarge,
            RoomsFault::RateLimited(_) => ErrorCode::RateLimited,
            RoomsFault::Closed => ErrorCode::BadRequest,
            RoomsFault::Invalid(..)
            | RoomsFault::TooManyMembers(_)
            | RoomsFault::TooManyStates(_)
            | RoomsFault::TooManyPlaces => ErrorCode::EventInvalid,
            RoomsFault::KeyReused(_) | RoomsFault::TooManyRooms(_) => ErrorCode::Conflict,
            RoomsFault::Busy
            | RoomsFault::Stopped
            | RoomsFault::Store(StoreError::Overloaded(_) | StoreError::Unavailable(..)) => {
                ErrorCode::Unavailable
            }
            RoomsFault::Store(_) => ErrorCode::InternalError,
        };
        let told = match &fault {
            RoomsFault::Invalid(_, violation) => violation.clone().into(),
            fault => Self::new(code, fault.to_string()),
        };
        match fault {
            RoomsFault::Forbidden(room) | RoomsFault::NotInRoom(room) => {
                told.about("room", room.as_str())
            }
            RoomsFault::TooLarge(max) => told.about("max", max),
            RoomsFault::RateLimited(wait) => told.retry_after(wait),
            RoomsFault::Busy => told.retry_after(Duration::from_secs(1)),
            RoomsFault::Invalid(index, _) => told.about("index", index),
            RoomsFault::KeyReused(index) => {
                told.about("index", index).about("path", "idempotencyKey")
            }
            RoomsFault::TooManyMembers(index) | RoomsFault::TooManyStates(index) => {
                told.about("index", index).about("path", "target.room")
            }
            RoomsFault::TooManyRooms(_)
            | RoomsFault::TooManyPlaces
            | RoomsFault::Empty
            | RoomsFault::Closed
            | RoomsFault::Store(_)
            | RoomsFault::Stopped => told,
        }
    }
}
