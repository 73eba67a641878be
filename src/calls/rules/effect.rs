//! What follows from a command, as data.
//!
//! *Persist, then speak, then answer.* The two halves have types of their own so that the driver cannot
//! mix them: everything [`Durable`] of all steps goes into one transaction, in order; after its commit
//! everything [`Spoken`] is interpreted, in order. A crash between the two can repeat a notice
//! ([`restate`](super::speech::restate)), never announce what is not stored.

use std::time::Duration;

use super::{
    call::{Call, Connection, PhaseName, Side},
    ending::{By, Hangup, Outcome, Rejection},
    meter::{Charge, Tick},
};
use crate::kernel::{
    ids::{CallId, DeviceId},
    names::named,
    time::Timestamp,
};

/// A call after a command, and what has to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The call as it is now. Equal to what it was if nothing durable is here.
    pub next: Call,
    /// For the transaction. Empty: no store job is needed, speak at once.
    pub durable: Vec<Durable>,
    /// For after the commit.
    pub spoken: Vec<Spoken>,
}

/// What is written, all of it in the transaction that read the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    /// The row of [`Step::next`], filtered on the version before it (version 1 is an insert), and a line
    /// of the call's timeline.
    Persist(TimelineEvent, By),
    /// One more line of the timeline, for a version that is two things.
    Note(TimelineEvent, By),
    /// The caller's points are taken, and their `sp_update` is left in their inbox.
    Charge(Charge),
    /// Both people into `live_participants`; whoever is there already makes the transaction fail.
    Reserve,
    /// Both people out of `live_participants`.
    Release,
    /// The ring went unanswered: count it. At the limit presence puts the otomo on break.
    CountMissed,
    /// The otomo has decided about a ring: the count starts again.
    ResetMissed,
    /// No ring for the otomo before then.
    WrapUp {
        /// The otomo's `free_at`.
        until: Timestamp,
    },
    /// Settle the status of both people: the caller may be an otomo too. For one who is not, nothing
    /// happens.
    Settle,
    /// `call_missed` into the otomo's inbox.
    LeaveMissed,
}

/// What is said once all is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoken {
    /// `incoming_call` to devices of the otomo, counting the outboxes it enters. If the call is still
    /// requesting, what came of it goes back to the call: `Rang` or `Unreached`.
    Ring(Devices),
    /// One notice to one audience.
    Tell(Audience, Notice),
    /// The signal that was asked, passed on.
    Relay(Audience),
    /// The candidate that was asked is kept in the lane until somebody accepts. Kept there and not in the
    /// call: it is not a fact about the call, 64 of them would be written with each change, and one that is
    /// lost costs no more than a slower connection (the peers go on to find each other's addresses).
    KeepCandidate,
    /// What the lane has kept, passed on; it keeps nothing any more.
    RelayKept(Audience),
    /// The `call_missed` that the transaction left in the otomo's inbox.
    MissedCall,
    /// The `sp_update` that it left in the caller's.
    Charged,
    /// The statuses that [`Durable::Settle`] changed, if it changed any, to everybody.
    Status,
    /// The acknowledgement to the asker.
    Answer(Answer),
    /// From here on the call depends on the bound device of this side. If that device has gone while its
    /// command was on its way, nobody will ever say so again: then the call is told `Left` now.
    Watch(Side),
}

/// Devices of one of the two people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Which of the two.
    pub side: Side,
    /// Which of their devices.
    pub devices: Devices,
}

/// Which devices of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Devices {
    /// Each of them.
    All,
    /// This one.
    Only(DeviceId),
    /// Each but this one, which knows already.
    Except(DeviceId),
}

/// What a participant hears. Whatever else the message needs (names, times, ICE servers) is in
/// [`Step::next`] or known to the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// `call_ringing`: a device of the otomo shows the ring.
    Ringing,
    /// `call_accepted`.
    Accepted,
    /// `call_rejected`.
    Rejected(Rejection),
    /// `call_cancelled`.
    Cancelled(RingStop),
    /// `signaling_start`: the caller's device makes the offer, the otomo's the answer.
    SignalingStart,
    /// `call_connected`.
    Connected(Connection),
    /// `call_peer_reconnecting`.
    PeerReconnecting {
        /// When the call ends if they have not come back.
        deadline: Timestamp,
    },
    /// `call_peer_back`.
    PeerBack,
    /// `call_tick`. The balance in it is for the caller alone.
    Tick(Tick),
    /// `call_end`, for accepted calls only.
    Ended {
        /// Why.
        reason: Hangup,
        /// How long media flowed.
        duration: Duration,
    },
}

named! {
    /// Why a device stops showing a call that nobody (or somebody else) has accepted.
    pub enum RingStop {
        /// The caller gave up.
        CallerCancelled = "caller_cancelled",
        /// The caller's device was lost.
        CallerLost = "caller_lost",
        /// Another device of the otomo answered.
        AnsweredElsewhere = "answered_elsewhere",
        /// Another device of the otomo declined.
        RejectedElsewhere = "rejected_elsewhere",
        /// It rang to the end.
        Timeout = "timeout",
        /// Something went before it: a new call of the same two, an admin, or the server, which could not go on with it.
        Superseded = "superseded",
    }
}

/// The acknowledgement of a command. Signals and reports have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// `call_request_ack`.
    Requested(RequestState),
    /// `call_accept_ack`.
    Accepted,
    /// `call_reject_ack`.
    Rejected,
    /// `call_cancel_ack`.
    Cancelled,
    /// `call_end_request_ack`.
    Ended,
}

/// Where a requested call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestState {
    /// The id that was requested.
    pub call: CallId,
    /// `requesting` for a new one, even if its rejection follows at once.
    pub phase: PhaseName,
    /// How it ended, for a repeat after the end.
    pub end: Option<(Outcome, &'static str)>,
    /// The call that both people are in instead.
    pub joined: Option<CallId>,
}

named! {
    /// What happened to a call, as its timeline has it.
    pub enum TimelineEvent {
        /// Stored.
        Requested = "requested",
        /// An `incoming_call` entered an outbox.
        Ringing = "ringing",
        /// An `incoming_call` entered none.
        Unreached = "unreached",
        /// A device of the otomo accepted.
        Accepted = "accepted",
        /// One participant reported media.
        Reported = "reported",
        /// Media is up.
        Connected = "connected",
        /// A minute was charged.
        Charged = "charged",
        /// A side was lost.
        Lost = "lost",
        /// A side came back.
        Back = "back",
        /// The media server saw no more media.
        MediaLost = "media_lost",
        /// The media server saw media again.
        MediaBack = "media_back",
        /// The server was down.
        Restarted = "restarted",
        /// Over.
        Ended = "ended",
    }
}

impl Audience {
    /// Every device of this side.
    pub const fn all(side: Side) -> Self {
        Self {
            side,
            devices: Devices::All,
        }
    }

    /// One device of this side.
    pub const fn only(side: Side, device: DeviceId) -> Self {
        Self {
            side,
            devices: Devices::Only(device),
        }
    }

    /// Every device of this side but one.
    pub const fn except(side: Side, device: DeviceId) -> Self {
        Self {
            side,
            devices: Devices::Except(device),
        }
    }
}

impl Step {
    /// Nothing changes; something may still be said.
    pub(super) fn unchanged(call: &Call) -> Self {
        Self {
            next: call.clone(),
            durable: Vec::new(),
            spoken: Vec::new(),
        }
    }

    /// The call is stored as it is now.
    pub(super) fn stored(next: Call, event: TimelineEvent, by: By) -> Self {
        Self {
            next,
            durable: vec![Durable::Persist(event, by)],
            spoken: Vec::new(),
        }
    }

    /// The charges of the step, in order.
    pub(super) fn charges(&self) -> impl Iterator<Item = Charge> {
        self.durable.iter().filter_map(|durable| match durable {
            Durable::Charge(charge) => Some(*charge),
            Durable::Persist(..)
            | Durable::Note(..)
            | Durable::Reserve
            | Durable::Release
            | Durable::CountMissed
            | Durable::ResetMissed
            | Durable::WrapUp { .. }
            | Durable::Settle
            | Durable::LeaveMissed => None,
        })
    }

    /// What the step takes from the caller.
    pub fn points(&self) -> i64 {
        self.charges().map(|charge| charge.points).sum()
    }

    /// And this is written.
    pub(super) fn write(mut self, durable: impl IntoIterator<Item = Durable>) -> Self {
        self.durable.extend(durable);
        self
    }

    /// And this is said.
    pub(super) fn say(mut self, spoken: impl IntoIterator<Item = Spoken>) -> Self {
        self.spoken.extend(spoken);
        self
    }

    /// And this is answered.
    pub(super) fn answer(self, answer: Answer) -> Self {
        self.say([Spoken::Answer(answer)])
    }
}
