//! What of presence is configured.

use std::time::Duration;

use crate::delivery::leave::Graces;

/// What of presence is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether a ring is shown as busy (`calls.busy_while_ringing`).
    pub busy_while_ringing: bool,
    /// Rings in a row without an answer that put an otomo on break (`calls.missed_limit`); 0 for none.
    pub missed_limit: u32,
    /// How long a session may be gone before its otomo is.
    pub graces: Graces,
    /// How long statuses are held after a start (`presence.restart_grace`).
    pub restart_grace: Duration,
}
