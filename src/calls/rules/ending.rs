//! How a call ended. The *outcome* says how far it came (what a phone bill calls the disposition), the
//! *reason* why it went no further, and `by` who caused it. A connected call whose network broke after an
//! hour is `completed`, reason `disconnect`: it took place, and its duration counts.

use super::{
    call::{Accepted, Connection, Side},
    meter::Charge,
};
use crate::kernel::{ids::CallId, names::named, time::Timestamp};

/// The last record of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When. For a deadline that ran out this is the deadline itself, however late it was noticed; but a metered call to
    /// which nobody came back after a start of the server ended when it was last known to go on.
    pub at: Timestamp,
    /// Who caused it.
    pub by: By,
    /// How.
    pub end: End,
}

/// How a call ended, with what had happened in it until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The otomo, or the server in their place, did not take it.
    Rejected(Rejection),
    /// The caller did not want it any more.
    Cancelled(Cancellation),
    /// The two requested each other at once: both are in the other call.
    Joined {
        /// The call that both are in.
        into: CallId,
    },
    /// It rang to the end.
    Missed,
    /// It was accepted, and is over.
    HungUp {
        /// The accept.
        accepted: Accepted,
        /// The media, if it ever came up.
        connection: Option<Connection>,
        /// Why it is over.
        reason: Hangup,
    },
}

named! {
    /// How far a call came.
    #[schemars(rename = "CallOutcome")]
    pub enum Outcome {
        /// Accepted and connected.
        Completed = "completed",
        /// Not taken by the otomo, or by the server in their place.
        Rejected = "rejected",
        /// Given up by the caller before it was accepted.
        Cancelled = "cancelled",
        /// Rang to the end.
        Missed = "missed",
        /// Accepted and never connected.
        Failed = "failed",
    }
}

named! {
    /// Why a call was rejected.
    pub enum Rejection {
        /// In another call, or wrapping one up.
        Busy = "busy",
        /// Declined by hand.
        ManualDecline = "manual_decline",
        /// On break, or not at the device.
        Away = "away",
        /// The otomo's app gave up ringing.
        Timeout = "timeout",
        /// Not there, or gone while it rang.
        Offline = "offline",
        /// An admin ended it. The caller is told `system_error`.
        AdminEnd = "admin_end",
        /// The server is draining, or cannot go on.
        SystemError = "system_error",
    }
}

named! {
    /// Why a call was cancelled.
    pub enum Cancellation {
        /// The caller gave up.
        CallerCancelled = "caller_cancelled",
        /// The caller's device was lost and did not come back.
        CallerLost = "caller_lost",
        /// The same two began a new call.
        Superseded = "superseded",
    }
}

named! {
    /// Why an accepted call ended.
    pub enum Hangup {
        /// The caller hung up.
        UserEnd = "user_end",
        /// The otomo hung up.
        OtomoEnd = "otomo_end",
        /// The caller's points did not reach for a charge.
        LowBalance = "low_balance",
        /// A participant's device was lost and did not come back.
        Disconnect = "disconnect",
        /// The media server saw no more media.
        RtpStopped = "rtp_stopped",
        /// Media did not come up in time.
        Timeout = "timeout",
        /// An admin ended it.
        AdminEnd = "admin_end",
        /// The same two began a new call.
        Superseded = "superseded",
        /// The server is draining, or cannot go on.
        SystemError = "system_error",
    }
}

named! {
    /// Who caused something that happened to a call.
    #[schemars(rename = "CausedBy")]
    pub enum By {
        /// The caller, by asking or by being gone.
        Caller = "caller",
        /// The otomo, by asking or by being gone.
        Otomo = "otomo",
        /// The media server.
        MediaServer = "media_server",
        /// An admin.
        Admin = "admin",
        /// The server: a deadline, a refusal, a drain.
        System = "system",
    }
}

impl From<Side> for By {
    fn from(side: Side) -> Self {
        match side {
            Side::Caller => Self::Caller,
            Side::Otomo => Self::Otomo,
        }
    }
}

impl End {
    /// How far the call came.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Rejected(_) => Outcome::Rejected,
            Self::Cancelled(_) | Self::Joined { .. } => Outcome::Cancelled,
            Self::Missed => Outcome::Missed,
            Self::HungUp {
                connection: Some(_),
                ..
            } => Outcome::Completed,
            Self::HungUp {
                connection: None, ..
            } => Outcome::Failed,
        }
    }

    /// Why it went no further, by name. Together with the outcome it says which end this is; no two
    /// ends share both, except that [`End::Joined`] names another call.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.as_str(),
            Self::Cancelled(cancellation) => cancellation.as_str(),
            Self::Joined { .. } => Cancellation::Superseded.as_str(),
            Self::Missed => "timeout",
            Self::HungUp { reason, .. } => reason.as_str(),
        }
    }

    /// The call that both people are in instead.
    pub const fn joined(&self) -> Option<CallId> {
        match self {
            Self::Joined { into } => Some(*into),
            Self::Rejected(_) | Self::Cancelled(_) | Self::Missed | Self::HungUp { .. } => None,
        }
    }

    /// The accept, if there was one.
    pub const fn accepted(&self) -> Option<&Accepted> {
        match self {
            Self::HungUp { accepted, .. } => Some(accepted),
            Self::Rejected(_) | Self::Cancelled(_) | Self::Joined { .. } | Self::Missed => None,
        }
    }

    /// The same with this charge made, if one was.
    #[must_use]
    pub(super) fn charged(mut self, charge: Option<Charge>) -> Self {
        if let (
            Self::HungUp {
                connection: Some(connection),
                ..
            },
            Some(charge),
        ) = (&mut self, charge)
        {
            connection.charges = charge.number;
        }
        self
    }

    /// Why it is over, if it was accepted.
    pub const fn hangup(&self) -> Option<Hangup> {
        match self {
            Self::HungUp { reason, .. } => Some(*reason),
            Self::Rejected(_) | Self::Cancelled(_) | Self::Joined { .. } | Self::Missed => None,
        }
    }

    /// The media, if it was ever up.
    pub const fn connection(&self) -> Option<Connection> {
        match self {
            Self::HungUp { connection, .. } => *connection,
            Self::Rejected(_) | Self::Cancelled(_) | Self::Joined { .. } | Self::Missed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::calls::rules::call::Method;

    #[test]
    fn outcome_and_reason_say_which_end_it_was() {
        let at = Timestamp::from_millis(0);
        let hung_up = |connection: Option<Connection>| {
            Hangup::ALL.iter().map(move |reason| End::HungUp {
                accepted: Accepted {
                    device: "otomo-1".parse().unwrap(),
                    at,
                },
                connection,
                reason: *reason,
            })
        };
        let method = Method::PeerReport;
        let rejected = Rejection::ALL.iter().copied().map(End::Rejected);
        let cancelled = Cancellation::ALL.iter().copied().map(End::Cancelled);
        let ends: Vec<End> = rejected
            .chain(cancelled)
            .chain([End::Missed])
            .chain(hung_up(None))
            .chain(hung_up(Some(Connection {
                at,
                method,
                charges: 0,
            })))
            .collect();
        let names: BTreeSet<_> = ends
            .iter()
            .map(|end| (end.outcome(), end.reason()))
            .collect();
        assert_eq!(names.len(), ends.len());
    }
}
