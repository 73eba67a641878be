//! `[sse]`: Server-Sent Events.

use std::time::Duration;

use super::{fault::ConfigFault, reader::Section};

/// How event streams are served.
#[derive(Clone, Debug)]
pub struct SseConfig {
    /// How old a stream becomes before its client is sent to connect again. None: any age.
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
