//! What calls have to know of an otomo before they ring.

use super::lease::Lease;
use crate::kernel::time::Timestamp;

/// What decides whether a ring may begin, apart from the calls themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callable {
    /// Whether they can be rung.
    pub reach: Reach,
    /// They chose to be on break, or were put there.
    pub on_break: bool,
    /// The end of the wrap-up after their last call. May be long past.
    pub free_at: Timestamp,
}

/// Whether somebody can be rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// At least one session is connected.
    Connected,
    /// None is, but a grace still runs.
    Leaving,
    /// Not there.
    Offline,
}

impl Reach {
    /// That of an otomo with these leases.
    pub fn of(leases: &[Lease], now: Timestamp) -> Self {
        let mut counting = leases.iter().filter(|lease| lease.counts(now)).peekable();
        if counting.peek().is_none() {
            Self::Offline
        } else if counting.all(|lease| lease.leaving) {
            Self::Leaving
        } else {
            Self::Connected
        }
    }
}
