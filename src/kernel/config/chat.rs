//! `[chat]`: what people may write to each other.

use super::{fault::ConfigFault, reader::Section};

/// What people may write to each other.
#[derive(Clone, Copy, Debug)]
pub struct ChatConfig {
    /// Bytes of a message's text, and of what the app adds to it.
    pub max_body: usize,
}

impl ChatConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            max_body: section.size("max_body", 1..=1 << 20)?,
        })
    }
}
