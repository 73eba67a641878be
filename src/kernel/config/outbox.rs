//! `[outbox]`: what may wait for one client, and for how long.

use std::time::Duration;

use super::{fault::ConfigFault, reader::Section};

/// What may wait for one client, and for how long.
#[derive(Clone, Debug)]
pub struct OutboxConfig {
    /// Bytes from which what may be lost is dropped, and states are thinned.
    pub soft_limit: usize,
    /// Bytes at which the client is closed as too slow; above `soft_limit`.
    pub hard_limit: usize,
    /// The most by which updates are held back to be written together.
    pub join_delay: Duration,
    /// How long low-priority events are gathered before they leave together.
    pub low_window: Duration,
    /// How long a client may take nothing while something waits.
    pub write_timeout: Duration,
}

impl OutboxConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let bytes = 1 << 10..=1 << 30;
        let outbox = Self {
            soft_limit: section.size("soft_limit", bytes.clone())?,
            hard_limit: section.size("hard_limit", bytes)?,
            join_delay: section.duration("join_delay", Duration::ZERO..=Duration::from_secs(1))?,
            low_window: section.duration("low_window", Duration::ZERO..=Duration::from_mins(1))?,
            write_timeout: section.duration(
                "write_timeout",
                Duration::from_millis(10)..=Duration::from_hours(1),
            )?,
        };
        if outbox.soft_limit >= outbox.hard_limit {
            return Err(ConfigFault::Conflict {
                keys: &["outbox.soft_limit", "outbox.hard_limit"],
                problem: "the soft limit must be below the hard one, or nothing is dropped before the client is"
                    .to_owned(),
            });
        }
        Ok(outbox)
    }
}
