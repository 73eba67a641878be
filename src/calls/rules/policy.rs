//! What the operator chose, and the two limits that nobody may choose.

use std::time::Duration;

use crate::kernel::config::{CallsConfig, ConnectedBy, PartialMinute};

/// A device that connects with less than this left of a ring is not rung any more: the screen would
/// be gone before a person had read it.
pub const RING_WORTHWHILE: Duration = Duration::from_secs(3);

/// How many ICE candidates are kept for the device that will accept. A browser finds 5 to 20.
pub const EARLY_CANDIDATES_MAX: usize = 64;

/// How long things may take in a call, and what counts as connected: what of `calls` is configured and not
/// presence's to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long it may ring, counted from the request, whenever the ring began.
    pub ring_timeout: Duration,
    /// How long media may take to come up, counted from the accept.
    pub connect_timeout: Duration,
    /// How long a device of an accepted call, or its media, may be gone.
    pub loss_grace: Duration,
    /// How long either side may be gone while it rings.
    pub ring_loss_grace: Duration,
    /// How long after a call the next ring is refused as busy.
    pub wrap_up: Duration,
    /// Whose word makes a call connected. The media server has seen the media itself, so its word counts
    /// under each of them.
    pub connected_by: ConnectedBy,
    /// Whether an otomo is shown as busy from the ring on, not only from the accept on.
    pub busy_while_ringing: bool,
    /// How long a minute of a metered call is.
    pub minute: Duration,
    /// What the last minute of a metered call costs if the call ends within it.
    pub partial_minute: PartialMinute,
}

impl From<&CallsConfig> for Policy {
    fn from(config: &CallsConfig) -> Self {
        Self {
            ring_timeout: config.ring_timeout,
            connect_timeout: config.connect_timeout,
            loss_grace: config.loss_grace,
            ring_loss_grace: config.ring_loss_grace,
            wrap_up: config.wrap_up,
            connected_by: config.connected_by,
            busy_while_ringing: config.busy_while_ringing,
            minute: config.charge_interval,
            partial_minute: config.partial_minute,
        }
    }
}
