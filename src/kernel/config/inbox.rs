//! `[inbox]`: how long durable events wait for those who are away.

use std::{num::NonZeroU32, time::Duration};

use super::{fault::ConfigFault, reader::Section};

/// How long durable events wait for those who are away.
#[derive(Clone, Debug)]
pub struct InboxConfig {
    /// How long they are kept. None: without end.
    pub retention: Option<Duration>,
    /// How many are kept for one user. None: any number.
    pub max_events: Option<NonZeroU32>,
}

impl InboxConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            retention: section.duration_or_none(
                "retention",
                Duration::from_millis(10)..=Duration::from_hours(24 * 3_650),
            )?,
            max_events: section.count_or_none("max_events", 10_000_000)?,
        })
    }
}
