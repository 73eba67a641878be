//! The one place where a status is decided.

use super::{
    policy::Policy,
    readiness::{Chosen, ChosenCause, Readiness},
    status::Status,
};
use crate::kernel::names::named;

named! {
    /// The phase of the call that an otomo is in, in whatever role. Named as the phases of calls are.
    #[schemars(rename = "LiveCallPhase")]
    pub enum LiveCall {
        /// Stored, and not yet told to the called one.
        Requesting = "requesting",
        /// It rings.
        Ringing = "ringing",
        /// Accepted; media is not up yet.
        Connecting = "connecting",
        /// They talk.
        Connected = "connected",
    }
}

/// All that a status follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whether a session is connected, or a grace still runs.
    pub connected: bool,
    /// What the otomo has chosen.
    pub readiness: Readiness,
    /// The call that the otomo is in.
    pub call: Option<LiveCall>,
}

/// A status, and which fact decided it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The status.
    pub status: Status,
    /// The fact.
    pub cause: Cause,
}

/// Which fact decided a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The call: busy.
    InCall(LiveCall),
    /// No connection and no grace: offline.
    NotConnected,
    /// The choice, and how it came about: online or on break.
    Chosen(ChosenCause),
}

impl Cause {
    /// The cause in a word, for logs and for people who ask why.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::InCall(_) => "call",
            Cause::NotConnected => "not_connected",
            Cause::Chosen(cause) => cause.as_str(),
        }
    }
}

impl LiveCall {
    /// Whether this call makes its otomo busy. A ring reserves the otomo and does not show,
    /// unless the operator wants that.
    pub const fn makes_busy(self, policy: &Policy) -> bool {
        match self {
            LiveCall::Requesting => false,
            LiveCall::Ringing => policy.busy_while_ringing,
            LiveCall::Connecting | LiveCall::Connected => true,
        }
    }
}

/// Decides a status. First match counts: a call outlasts a lost connection, and a choice made during a
/// call shows at its end.
pub fn decide(facts: &Facts, policy: &Policy) -> Decision {
    if let Some(call) = facts.call
        && call.makes_busy(policy)
    {
        return Decision {
            status: Status::Busy,
            cause: Cause::InCall(call),
        };
    }
    if !facts.connected {
        return Decision {
            status: Status::Offline,
            cause: Cause::NotConnected,
        };
    }
    let status = match facts.readiness.chosen {
        Chosen::Break => Status::Break,
        Chosen::Online => Status::Online,
    };
    Decision {
        status,
        cause: Cause::Chosen(facts.readiness.cause),
    }
}
