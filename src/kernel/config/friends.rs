//! `[friends]`: how many friends one may have.

use std::num::NonZeroU32;

use super::{fault::ConfigFault, reader::Section};

/// How many friends one may have. None: any number.
#[derive(Clone, Copy, Debug)]
pub struct FriendsConfig {
    /// Friends of one user.
    pub max_friends: Option<NonZeroU32>,
    /// Open requests: of one user to others, and of others to one user, each.
    pub max_requests: Option<NonZeroU32>,
}

impl FriendsConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            max_friends: section.count_or_none("max_friends", 100_000)?,
            max_requests: section.count_or_none("max_requests", 100_000)?,
        })
    }
}
