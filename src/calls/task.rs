//! What waits in a lane.

use std::time::Duration;

use tokio::sync::oneshot;

use super::{
    fault::CallsFault,
    messages::Asker,
    rules::{
        call::Device,
        command::{Command, Happening, Signal},
        request::Request,
    },
};
use crate::{
    delivery::line::SessionRef,
    kernel::ids::{CallId, UserId},
    protocol::{
        command::{Candidate, Description},
        event::{Event, IceCandidate, WebrtcAnswer, WebrtcOffer},
    },
};

/// One thing that waits in a lane.
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
    /// A call is to be opened. With the wait that is left for a caller who is over `limits.calls_per_minute`.
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
