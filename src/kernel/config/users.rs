//! `[users]`: who is known.

use super::{fault::ConfigFault, reader::Section};

/// Who is known.
#[derive(Clone, Debug)]
pub struct UsersConfig {
    /// Whether a valid token is enough to be known.
    pub auto_provision: bool,
}

impl UsersConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            auto_provision: section.switch("auto_provision")?,
        })
    }
}
