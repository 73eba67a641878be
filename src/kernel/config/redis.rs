//! `[redis]`: what nodes tell each other through.

use std::time::Duration;

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::secret::Secret;

/// The scheme of an address of Redis.
const SCHEME: &str = "redis://";

/// What nodes tell each other through.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Where it is; it may hold a password. None: this node is alone.
    pub url: Option<Secret>,
    /// Between two looks at whether this node is heard through it.
    pub probe_interval: Duration,
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
        let allowed = Duration::from_millis(10)..=Duration::from_mins(1);
        let probe_interval = section.duration("probe_interval", allowed)?;
        Ok(Self {
            url,
            probe_interval,
        })
    }
}
