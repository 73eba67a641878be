//! `[sse]`: Server-Sent Events.

use std::time::Duration;

use super::{fault::ConfigFault, reader::Section};

/// How event streams are served.
#[derive(Clone, Debug)]
pub struct SseConfig {
    /// The age at which a stream ends, for its client to reconnect. None: it never does.
    pub max_age: Option<Duration>,
}

impl SseConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            max_age: section.duration_or_none(
                "max_age",
                Duration::from_millis(10)..=Duration::from_hours(24 * 30),
            )?,
        })
    }
}
