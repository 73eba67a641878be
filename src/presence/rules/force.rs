//! What an admin may decide about an otomo.

use super::{readiness::Chosen, status::Status};

/// What becomes of an admin's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forced {
    /// A choice made for the otomo; see [`Readiness::choose`](super::Readiness::choose).
    Choose(Chosen),
    /// The otomo is offline: all their leases are over at once, then their live call ends, then their sessions are closed
    /// (4003). They may log in again, unless they are disabled too.
    Offline,
}

/// Nobody can be made busy: that follows from a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("busy follows from a call and cannot be set")]
pub struct Busy;

/// What it takes to give an otomo this status.
pub fn force(status: Status) -> Result<Forced, Busy> {
    match status {
        Status::Online => Ok(Forced::Choose(Chosen::Online)),
        Status::Break => Ok(Forced::Choose(Chosen::Break)),
        Status::Offline => Ok(Forced::Offline),
        Status::Busy => Err(Busy),
    }
}
