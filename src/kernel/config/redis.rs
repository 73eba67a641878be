//! `[redis]`: what nodes tell each other through.

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::secret::Secret;

/// The scheme of an address of Redis.
const SCHEME: &str = "redis://";

/// What nodes tell each other through.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Where it is; it may hold a password. None: this node is alone.
    pub url: Option<Secret>,
}

impl RedisConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let url = section.secret("url")?;
        if url
            .as_ref()
            .is_some_and(|url| !url.reveal().starts_with(SCHEME))
        {
            return Err(section.refuse("url", "redis://[user:password@]host[:port][/database]"));
        }
        Ok(Self { url })
    }
}
