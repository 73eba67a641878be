//! What the [`PresenceHub`](super::hub::PresenceHub) is told.

use actix::Message;

use super::{
    Choice, Freed,
    board::Entry,
    fault::PresenceFault,
    rules::{Chooser, Chosen, StatusChange},
};
use crate::{
    delivery::{leave::Leave, line::Client},
    kernel::{
        ids::{SessionId, UserId},
        time::Timestamp,
    },
};

/// A session of an otomo is connected. Answered once it is stored and people are being told.
#[derive(Message)]
#[rtype(result = "Result<(), PresenceFault>")]
pub(super) struct Arrive(pub(super) Client);

/// It is not any more. Stored however often it takes.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub(super) struct Depart {
    pub(super) otomo: UserId,
    pub(super) session: SessionId,
    pub(super) leave: Leave,
}

/// An otomo, or an admin for them, chooses.
#[derive(Message)]
#[rtype(result = "Result<Choice, PresenceFault>")]
pub(super) struct Choose {
    pub(super) otomo: UserId,
    pub(super) chosen: Chosen,
    pub(super) until: Option<Timestamp>,
    pub(super) by: Chooser,
}

/// An otomo is forced offline: none of their sessions counts any more.
#[derive(Message)]
#[rtype(result = "Result<(), PresenceFault>")]
pub(super) struct ForceOffline(pub(super) UserId);

/// An admin sets an otomo free of what keeps calls from them, but for their call.
#[derive(Message)]
#[rtype(result = "Result<Freed, PresenceFault>")]
pub(super) struct Free(pub(super) UserId);

/// A backend says that a user is an otomo, or how they are called now.
#[derive(Message)]
#[rtype(result = "Result<(), PresenceFault>")]
pub(super) struct Introduce(pub(super) UserId);

/// Statuses that others have settled and stored. Answered once people are being told.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Changed(pub(super) Vec<StatusChange>);

/// Another node has stored these. Answered once they are taken in.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Hinted(pub(super) Vec<Entry>);

/// Other nodes may have stored anything.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Missed;

/// The server is stopping: no sweeps any more.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Stop;
