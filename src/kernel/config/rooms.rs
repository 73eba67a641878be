//! `[rooms]`: what is kept of what backends publish.

use std::time::Duration;

use super::{fault::ConfigFault, reader::Section};

/// What is kept of what backends publish.
#[derive(Clone, Copy, Debug)]
pub struct RoomsConfig {
    /// How many states one room may have.
    pub max_states: u32,
    /// How many bytes they may have together.
    pub max_state_bytes: usize,
    /// How long a state holds whose event says nothing itself.
    pub state_retention: Duration,
    /// How long the idempotency keys of events are known.
    pub key_retention: Duration,
}

impl RoomsConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let span = Duration::from_millis(10)..=Duration::from_hours(24 * 366);
        Ok(Self {
            max_states: section.count("max_states", 1..=1_000_000)?,
            max_state_bytes: section.size("max_state_bytes", 1 << 10..=1 << 30)?,
            state_retention: section.duration("state_retention", span.clone())?,
            key_retention: section.duration("key_retention", span)?,
        })
    }
}
