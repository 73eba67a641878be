//! What can come to a call: people ask, and things happen.

use super::{
    call::{Device, Side},
    ending::Rejection,
};
use crate::kernel::{names::named, time::Timestamp};

/// One thing that comes to one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A person's device asks for something. May be refused.
    Asked(Device, Ask),
    /// Something happened, as the server saw it.
    Happened(Happening),
}

/// What a person's device may ask of a call that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The otomo takes the call (source document 001, WS-C02).
    Accept,
    /// The otomo does not take it (WS-C03).
    Reject(Decline),
    /// The caller gives up.
    Cancel,
    /// Either side hangs up, whatever the phase.
    End,
    /// A device of the otomo says that it shows the ring.
    Ringing,
    /// The device's own peer connection is up.
    Connected,
    /// Something for the other side's peer connection.
    Signal {
        /// Which kind. What it says is passed on unread and never enters the rules.
        signal: Signal,
        /// How many early candidates are kept for this call already: a fact from the lane, which keeps
        /// them (see [`Spoken::KeepCandidate`](super::effect::Spoken::KeepCandidate)).
        kept: usize,
    },
}

named! {
    /// A signal between the two peer connections.
    pub enum Signal {
        /// What the caller's side can do.
        Offer = "offer",
        /// What the otomo's side makes of it.
        Answer = "answer",
        /// A way to reach a side, or the end of them.
        Candidate = "candidate",
    }
}

named! {
    /// Why an otomo declines: the part of [`Rejection`] that is theirs to say.
    pub enum Decline {
        /// In another conversation.
        Busy = "busy",
        /// Does not want to; also what an end request means while it rings.
        ManualDecline = "manual_decline",
        /// Not at the device.
        Away = "away",
        /// No person decided: the app gave up ringing.
        Timeout = "timeout",
    }
}

/// What happened to a call without anyone asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// An `incoming_call` has entered at least one outbox.
    Rang,
    /// It has entered none: whoever was thought to be connected is not.
    Unreached,
    /// The last session of a device left.
    Left(Device, Remaining),
    /// The first session of a device is back, or there for the first time.
    Arrived(Device),
    /// The media server sees media.
    MediaAlive,
    /// The media server sees no more media.
    MediaLost,
    /// The time that [`Call::due_at`](super::call::Call::due_at) gave may have come.
    DeadlinePassed,
    /// The call has to end, whatever its people want.
    Stopped(Authority),
    /// The server was down, and with it every session. With the last moment at which it is known to have run, if it has
    /// ever stored one. Comes once, after what is overdue has been fired.
    Restarted(Option<Timestamp>),
}

/// Who else of that user is still connected when a device leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    /// At least one other device.
    Others,
    /// Nobody: the person has left.
    Nobody,
}

/// Who may end a call over its people's heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// An admin: ended the call, set its otomo free, or sent them offline.
    Admin,
    /// The server: the drain limit has come, or the call cannot go on.
    System,
}

impl Ask {
    /// The one side that may ask this; `None` if both may.
    pub const fn reserved_for(self) -> Option<Side> {
        match self {
            Self::Accept | Self::Reject(_) | Self::Ringing => Some(Side::Otomo),
            Self::Cancel => Some(Side::Caller),
            Self::End | Self::Connected | Self::Signal { .. } => None,
        }
    }
}

impl From<Decline> for Rejection {
    fn from(decline: Decline) -> Self {
        match decline {
            Decline::Busy => Self::Busy,
            Decline::ManualDecline => Self::ManualDecline,
            Decline::Away => Self::Away,
            Decline::Timeout => Self::Timeout,
        }
    }
}
