//! What comes to the coordinator, and how it waits in a lane.

use std::time::Duration;

use actix::Message;
use tokio::sync::oneshot;

use super::{
    fault::CallsFault,
    rules::{
        call::Device,
        command::{Command, Happening, Signal},
        request::Request,
    },
};
use crate::{
    delivery::line::{Client, SessionRef},
    kernel::ids::{CallId, UserId},
    protocol::{
        command::{Candidate, Description, RequestId, StatedReject},
        event::{Event, IceCandidate, WebrtcAnswer, WebrtcOffer},
    },
};

/// A client that asks for something. Its answer goes out through delivery, so that it keeps its place in the order of what
/// the client hears.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Who asks, and on which device.
    pub client: Client,
    /// Where the answer goes.
    pub at: SessionRef,
    /// What the client calls its own command.
    pub request_id: Option<RequestId>,
}

/// What a client may ask.
#[derive(Debug)]
pub enum Wish {
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
    pub(super) wish: Wish,
}

/// Something happened that a call has to know. Stored however often it takes.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Happened {
    pub(super) call: CallId,
    pub(super) happening: Happening,
    /// The session that has just come, if one has.
    pub(super) arriving: Option<SessionRef>,
}

/// The same, by somebody who waits until it is stored and said.
#[derive(Message)]
#[rtype(result = "Result<(), CallsFault>")]
pub(super) struct Order {
    pub(super) call: CallId,
    pub(super) happening: Happening,
}

/// No new calls any more: the server is draining.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Drain;

/// Nothing more comes. Answered when all that came is stored, said, and noted as said.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Stop;

/// What waits in a lane.
#[derive(Debug)]
pub(super) struct Task {
    /// The call that it concerns, and whose lane it waits in.
    pub(super) call: CallId,
    pub(super) work: Work,
    pub(super) origin: Origin,
    /// How often another node was faster.
    pub(super) outrun: u32,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Work {
    /// A call is to be opened. With the wait that is left for a caller who has used up their allowance.
    Open(Request, Option<Duration>),
    /// Something comes to a call.
    Command(Command),
    /// A device has something for the other device's peer connection.
    Signal(Device, Payload),
    /// People may not have been told of the last change.
    Restate,
}

/// Who wants it, and what they are owed.
#[derive(Debug)]
pub(super) enum Origin {
    /// A client: an answer. If it cannot be stored, an error.
    Client(Asker),
    /// Somebody in the server who waits.
    Order(oneshot::Sender<Result<(), CallsFault>>),
    /// A session that has just come: what it is told because of that goes to it alone.
    Arrival(SessionRef),
    /// Nobody: what happened has happened, and must not be lost.
    Nobody,
}

/// What one peer connection says to the other. Passed on unread.
#[derive(Debug)]
pub(super) enum Payload {
    Offer(Description),
    Answer(Description),
    Candidate(Candidate),
}

impl Task {
    pub(super) fn new(call: CallId, work: Work, origin: Origin) -> Self {
        Self {
            call,
            work,
            origin,
            outrun: 0,
        }
    }

    /// Something happened, and nobody waits.
    pub(super) fn event(call: CallId, happening: Happening) -> Self {
        let command = Command::Happened(happening);
        Self::new(call, Work::Command(command), Origin::Nobody)
    }

    /// The client that asked, if one did.
    pub(super) fn asker(&self) -> Option<&Asker> {
        match &self.origin {
            Origin::Client(asker) => Some(asker),
            Origin::Order(_) | Origin::Arrival(_) | Origin::Nobody => None,
        }
    }

    /// Whether it has happened, so that it must not be lost. Everything else somebody asks, and can ask again.
    pub(super) fn is_event(&self) -> bool {
        matches!(self.origin, Origin::Arrival(_) | Origin::Nobody)
    }

    /// Whether the sweep brings it again if it is dropped.
    pub(super) fn comes_again(&self) -> bool {
        matches!(
            self.work,
            Work::Restate | Work::Command(Command::Happened(Happening::DeadlinePassed))
        )
    }
}

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

impl Payload {
    pub(super) fn signal(&self) -> Signal {
        match self {
            Self::Offer(_) => Signal::Offer,
            Self::Answer(_) => Signal::Answer,
            Self::Candidate(_) => Signal::Candidate,
        }
    }

    /// As the other side gets it.
    pub(super) fn event(&self, call_id: CallId, from: &UserId) -> Event {
        let from_user_id = from.clone();
        match self {
            Self::Offer(offer) => WebrtcOffer {
                call_id,
                from_user_id,
                offer: offer.clone(),
            }
            .into(),
            Self::Answer(answer) => WebrtcAnswer {
                call_id,
                from_user_id,
                answer: answer.clone(),
            }
            .into(),
            Self::Candidate(candidate) => IceCandidate {
                call_id,
                from_user_id,
                candidate: candidate.clone(),
            }
            .into(),
        }
    }
}
