//! A call and the phases it goes through. Each phase carries what is true in it and nothing else, so there
//! is no "always set once accepted": what is set follows from the phase.
//!
//! Every field has its column; a call read from its row is the call that was written.

use std::time::Duration;

use super::{
    ending::{End, Ended},
    meter::Tariff,
    refusal::Refusal,
};
use crate::kernel::{
    ids::{CallId, DeviceId, UserId},
    names::named,
    time::Timestamp,
};

/// One call between two people, from the request to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Made by the calling client.
    pub id: CallId,
    /// Who calls.
    pub caller: UserId,
    /// The device that requested. Signals go to and come from this one alone.
    pub caller_device: DeviceId,
    /// Who is called.
    pub otomo: UserId,
    /// When the request was stored.
    pub requested_at: Timestamp,
    /// What it costs the caller; `None` for a call that is free. As it was at the request, whatever the otomo asks by now.
    pub tariff: Option<Tariff>,
    /// Raised by one with each change that is stored; 1 is the request.
    pub version: u64,
    /// Where the call is.
    pub phase: Phase,
}

/// Where a call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Stored, and no device of the otomo has been told.
    Requesting(Ring),
    /// An `incoming_call` has entered an outbox.
    Ringing(Ring),
    /// Accepted; media is not up yet.
    Connecting {
        /// Who talks, and who is there.
        talk: Talk,
        /// How far media has come.
        setup: Setup,
    },
    /// Media flows.
    Connected {
        /// Who talks, and who is there.
        talk: Talk,
        /// When and how media came up.
        connection: Connection,
    },
    /// Over. Such a record never changes.
    Ended(Ended),
}

/// A call that nobody has accepted yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// When it has rung long enough, counted from the request.
    pub deadline: Timestamp,
    /// The caller's device, and the otomo as a person: here each device may answer.
    pub lost: Lost,
}

/// An accepted call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Talk {
    /// Who accepted.
    pub accepted: Accepted,
    /// The two devices that talk.
    pub lost: Lost,
    /// Until when the media server may see media again; `None` while all is well.
    pub media_lost_until: Option<Timestamp>,
    /// In a metered call after a start of the server: the last moment at which the call is known to have gone on. `None`
    /// once one of the two is back.
    pub unseen_since: Option<Timestamp>,
}

/// Until when a side may come back; `None` for one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lost {
    /// The caller.
    pub caller: Option<Timestamp>,
    /// The otomo.
    pub otomo: Option<Timestamp>,
}

/// The accept that won.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The otomo's device that talks from here on.
    pub device: DeviceId,
    /// When it was stored.
    pub at: Timestamp,
}

/// Media that is coming up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// When it must be up.
    pub deadline: Timestamp,
    /// Whether the caller's device has reported that it is.
    pub caller_reported: bool,
    /// Whether the otomo's device has.
    pub otomo_reported: bool,
}

/// When and how media came up, and what was charged for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// From here the duration counts, and the minutes of a metered call.
    pub at: Timestamp,
    /// Who saw it.
    pub method: Method,
    /// How many charges were made.
    pub charges: u32,
}

/// A device of a user. By default the session itself is the device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Device {
    /// Whose it is.
    pub user: UserId,
    /// Which of theirs.
    pub id: DeviceId,
}

/// A device of one of the two people, known to be so: see [`Call::party`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Which of the two.
    pub side: Side,
    /// Which of their devices.
    pub device: DeviceId,
}

named! {
    /// The phases by name.
    #[schemars(rename = "CallPhase")]
    pub enum PhaseName {
        /// Stored, and not yet told to the otomo.
        Requesting = "requesting",
        /// The otomo has been told.
        Ringing = "ringing",
        /// Accepted; the two exchange signals.
        Connecting = "connecting",
        /// Media flows.
        Connected = "connected",
        /// Over.
        Ended = "ended",
    }
}

named! {
    /// One of the two people of a call.
    pub enum Side {
        /// Who requested.
        Caller = "caller",
        /// Who was called.
        Otomo = "otomo",
    }
}

named! {
    /// Who saw the media first.
    pub enum Method {
        /// The participants' own peer connections.
        PeerReport = "peer_report",
        /// The media server.
        SfuRtpDetected = "sfu_rtp_detected",
    }
}

impl Side {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Otomo,
            Self::Otomo => Self::Caller,
        }
    }
}

impl Lost {
    /// Until when this side may come back, if it is gone.
    pub const fn until(self, side: Side) -> Option<Timestamp> {
        match side {
            Side::Caller => self.caller,
            Side::Otomo => self.otomo,
        }
    }

    /// The same with this side gone until then, or there (`None`).
    #[must_use]
    pub const fn with(self, side: Side, until: Option<Timestamp>) -> Self {
        match side {
            Side::Caller => Self {
                caller: until,
                ..self
            },
            Side::Otomo => Self {
                otomo: until,
                ..self
            },
        }
    }
}

impl Phase {
    /// Its name.
    pub const fn name(&self) -> PhaseName {
        match self {
            Self::Requesting(_) => PhaseName::Requesting,
            Self::Ringing(_) => PhaseName::Ringing,
            Self::Connecting { .. } => PhaseName::Connecting,
            Self::Connected { .. } => PhaseName::Connected,
            Self::Ended(_) => PhaseName::Ended,
        }
    }

    /// When this phase must be over, if it has such a time.
    pub const fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Requesting(ring) | Self::Ringing(ring) => Some(ring.deadline),
            Self::Connecting { setup, .. } => Some(setup.deadline),
            Self::Connected { .. } | Self::Ended(_) => None,
        }
    }

    /// The ring, while nobody has accepted.
    pub(super) const fn ring(&self) -> Option<&Ring> {
        match self {
            Self::Requesting(ring) | Self::Ringing(ring) => Some(ring),
            Self::Connecting { .. } | Self::Connected { .. } | Self::Ended(_) => None,
        }
    }

    /// The same, to change it.
    pub(super) const fn ring_mut(&mut self) -> Option<&mut Ring> {
        match self {
            Self::Requesting(ring) | Self::Ringing(ring) => Some(ring),
            Self::Connecting { .. } | Self::Connected { .. } | Self::Ended(_) => None,
        }
    }

    /// The talk, from the accept to the end.
    pub(super) const fn talk_mut(&mut self) -> Option<&mut Talk> {
        match self {
            Self::Connecting { talk, .. } | Self::Connected { talk, .. } => Some(talk),
            Self::Requesting(_) | Self::Ringing(_) | Self::Ended(_) => None,
        }
    }
}

impl Call {
    /// The version with which a call is stored for the first time.
    pub const FIRST_VERSION: u64 = 1;

    /// Whether the two people are taken by it.
    pub const fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }

    /// Whether the call was over the moment it was stored: refused before it rang, or joined into another.
    /// Its otomo has never heard of it.
    pub const fn ended_at_once(&self) -> bool {
        !self.is_live() && self.version == Self::FIRST_VERSION
    }

    /// The person on this side.
    pub const fn person(&self, side: Side) -> &UserId {
        match side {
            Side::Caller => &self.caller,
            Side::Otomo => &self.otomo,
        }
    }

    /// The side on which this user is, if on any.
    pub fn side(&self, user: &UserId) -> Option<Side> {
        if *user == self.caller {
            Some(Side::Caller)
        } else if *user == self.otomo {
            Some(Side::Otomo)
        } else {
            None
        }
    }

    /// The device as a participant's. Everything that people ask goes through here, so a stranger gets no
    /// further.
    ///
    /// # Errors
    /// [`Refusal::NotParticipant`], which says nothing of the call, not even that it exists.
    pub fn party(&self, device: &Device) -> Result<Party, Refusal> {
        match self.side(&device.user) {
            Some(side) => Ok(Party {
                side,
                device: device.id.clone(),
            }),
            None => Err(Refusal::NotParticipant),
        }
    }

    /// The accept, once there was one.
    pub const fn accepted(&self) -> Option<&Accepted> {
        match &self.phase {
            Phase::Requesting(_) | Phase::Ringing(_) => None,
            Phase::Connecting { talk, .. } | Phase::Connected { talk, .. } => Some(&talk.accepted),
            Phase::Ended(ended) => ended.end.accepted(),
        }
    }

    /// The media, once it was up.
    pub const fn connection(&self) -> Option<Connection> {
        match &self.phase {
            Phase::Requesting(_) | Phase::Ringing(_) | Phase::Connecting { .. } => None,
            Phase::Connected { connection, .. } => Some(*connection),
            Phase::Ended(ended) => ended.end.connection(),
        }
    }

    /// The device of this side that signals, once it is known.
    pub fn bound_device(&self, side: Side) -> Option<&DeviceId> {
        match side {
            Side::Caller => Some(&self.caller_device),
            Side::Otomo => self.accepted().map(|accepted| &accepted.device),
        }
    }

    /// Whether this device signals in the call.
    pub fn is_bound(&self, party: &Party) -> bool {
        self.bound_device(party.side) == Some(&party.device)
    }

    /// Who is gone, and until when they may come back.
    pub const fn lost(&self) -> Lost {
        match &self.phase {
            Phase::Requesting(ring) | Phase::Ringing(ring) => ring.lost,
            Phase::Connecting { talk, .. } | Phase::Connected { talk, .. } => talk.lost,
            Phase::Ended(_) => Lost {
                caller: None,
                otomo: None,
            },
        }
    }

    /// How long media flowed, once that is over; zero if it never did.
    pub fn duration(&self) -> Duration {
        match (self.connection(), self.ended()) {
            (Some(connection), Some(ended)) => connection.at.until(ended.at),
            (Some(_) | None, _) => Duration::ZERO,
        }
    }

    /// How it ended, if it has.
    pub fn end(&self) -> Option<&End> {
        self.ended().map(|ended| &ended.end)
    }

    /// The last record, if it has ended.
    pub const fn ended(&self) -> Option<&Ended> {
        match &self.phase {
            Phase::Ended(ended) => Some(ended),
            Phase::Requesting(_)
            | Phase::Ringing(_)
            | Phase::Connecting { .. }
            | Phase::Connected { .. } => None,
        }
    }

    /// The next version of the call, in this phase.
    pub(super) fn moved_to(&self, phase: Phase) -> Self {
        Self {
            version: self.version + 1,
            phase,
            ..self.clone()
        }
    }
}
