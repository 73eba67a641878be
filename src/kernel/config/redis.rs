//! `[redis]`: what nodes tell each other through.

use std::time::Duration;

use redis::IntoConnectionInfo;

use super::{fault::ConfigFault, reader::Section};
use crate::kernel::secret::Secret;

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
        if url.as_ref().is_some_and(|url| !is_address(url.reveal())) {
            let allowed = "redis://[user:password@]host[:port][/database], with what is no letter or digit in the \
                           password as %XX";
            return Err(section.refuse("url", allowed));
        }
        let allowed = Duration::from_millis(10)..=Duration::from_mins(1);
        let probe_interval = section.duration("probe_interval", allowed)?;
        Ok(Self {
            url,
            probe_interval,
        })
    }
}

/// Whether it says where a Redis is. What is behind a `#` would be dropped: it is part of a password that was not encoded.
fn is_address(text: &str) -> bool {
    let parsed = redis::parse_redis_url(text).filter(|url| url.scheme() == "redis");
    parsed.is_some_and(|url| {
        url.has_host() && url.fragment().is_none() && url.into_connection_info().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_leads_elsewhere_is_none() {
        for good in [
            "redis://127.0.0.1",
            "redis://10.0.0.6:6380/2",
            "redis://otomo:a%23b@redis.internal",
            "redis://:secret@h:1",
        ] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "127.0.0.1:6379",
            "rediss://h",
            "redis://",
            "redis://:bad/x@pw@127.0.0.1:x",
            "redis://:p#SECRET@127.0.0.1",
            "redis://127.0.0.1/abc",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
