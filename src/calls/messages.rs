//! What the [`CallCoordinator`](super::coordinator::CallCoordinator) is told.

use actix::Message;

use super::{
    fault::CallsFault,
    hints::Hint,
    routes::Underway,
    rules::{
        call::{Call, Device},
        command::Happening,
    },
};
use crate::{
    delivery::{
        line::{Client, SessionRef},
        reply::Reply,
    },
    kernel::ids::{CallId, UserId},
    protocol::command::{Candidate, Description, StatedReject},
};

/// A client that asks for something. Its answer goes out through delivery, so that it keeps its place in the order of what
/// the client hears.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who asks, and on which device.
    pub client: Client,
    /// The session that it asks by.
    pub at: SessionRef,
    /// Where the answer goes, if not there.
    pub reply: Reply,
    /// Held until it is done and said.
    pub underway: Underway,
}

/// What a client may ask.
#[derive(Debug)]
pub enum ClientCommand {
    /// `call_request`.
    Request {
        /// The otomo to call.
        to: UserId,
        /// The id that the client made.
        call: CallId,
    },
    /// `call_ringing`.
    Ringing(CallId),
    /// `call_accept`.
    Accept(CallId),
    /// `call_reject`, with the reason where one was given.
    Reject(CallId, Option<StatedReject>),
    /// `call_cancel`.
    Cancel(CallId),
    /// `webrtc_offer`.
    Offer(CallId, Description),
    /// `webrtc_answer`.
    Answer(CallId, Description),
    /// `ice_candidate`.
    Ice(CallId, Candidate),
    /// `call_connected`.
    Connected(CallId),
    /// `call_end_request`.
    End(CallId),
}

/// A client asks.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Asked {
    pub(super) asker: Asker,
    pub(super) command: ClientCommand,
}

/// A session of a device has begun. Stored however often it takes.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Arrived {
    pub(super) call: CallId,
    pub(super) device: Device,
    pub(super) at: SessionRef,
}

/// The last session of a device has ended. Stored however often it takes.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Left {
    pub(super) call: CallId,
    pub(super) device: Device,
}

/// Something happens to a call, by somebody who waits until it is stored and said.
#[derive(Message)]
#[rtype(result = "Result<(), CallsFault>")]
pub(super) struct Order {
    pub(super) call: CallId,
    pub(super) happening: Happening,
}

/// Another node has changed a call.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Hinted(pub(super) Hint);

/// Somebody has read a live call.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Learned(pub(super) Call);

/// Other nodes may have done anything, or one has died: look at every live call.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) enum Missed {
    /// What others said was not heard for a while.
    Gap,
    /// A node is no more.
    Death,
}

/// No new calls any more: the server is draining.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Drain;

/// The server is stopping. Answered when all that is under way is stored, said, and noted as said.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Stop;

impl Asker {
    /// The device that asks.
    pub(super) fn device(&self) -> Device {
        device(&self.client)
    }
}

/// The device of a client.
pub(super) fn device(client: &Client) -> Device {
    Device {
        user: client.user.clone(),
        id: client.device.clone(),
    }
}
