//! What is allowed and seldom meant.

use std::time::Duration;

use super::{Config, format_duration};

/// After how long most supervisors kill what does not end.
const SUPERVISORS_WAIT: Duration = Duration::from_secs(30);

impl Config {
    /// What is allowed and seldom meant, as far as the settings alone say so.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let (limit, spread) = (self.server.drain_limit, self.server.drain_spread);
        if limit >= SUPERVISORS_WAIT {
            warnings.push(format!(
                "server.drain_limit is {}: let the supervisor wait longer than that (TimeoutStopSec), or it kills \
                 what is to end by itself",
                format_duration(limit)
            ));
        }
        if spread > self.presence.restart_grace {
            warnings.push(format!(
                "server.drain_spread is {}, longer than presence.restart_grace: who is told to come back later than that \
                 is shown as offline if the server was killed before it could store when",
                format_duration(spread)
            ));
        }
        if self.redis.url.is_some() && !self.database.url.is_shared() {
            warnings.push(
                "redis.url is set and database.url is an SQLite file, which nodes cannot share"
                    .to_owned(),
            );
        }
        if !self.server.listen.ip().is_loopback() && self.server.tls.is_none() {
            warnings.push(
                "others reach server.listen without TLS: tokens pass the network in the clear unless a proxy in front \
                 speaks TLS"
                    .to_owned(),
            );
        }
        warnings
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::config::{Sources, load};

    fn warnings(settings: &[(&str, &str)]) -> Vec<String> {
        let mut sources = Sources::default();
        for (key, value) in settings {
            sources = sources.with(key, *value);
        }
        load(&sources).unwrap().warnings()
    }

    #[test]
    fn what_is_seldom_meant_is_warned_of_and_the_defaults_are_meant() {
        assert_eq!(warnings(&[]), [""; 0]);
        let secret = (
            "auth.hs256_secret",
            "a secret of tests, long enough for HS256",
        );
        for (settings, says) in [
            (
                &[("server.drain_limit", "1m")][..],
                "server.drain_limit is 1m",
            ),
            (
                &[("server.drain_spread", "20s")],
                "server.drain_spread is 20s",
            ),
            (&[("redis.url", "redis://127.0.0.1")], "redis.url is set"),
            (&[("server.listen", "0.0.0.0:1"), secret], "without TLS"),
        ] {
            let found = warnings(settings);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(says), "{found:?}");
        }
    }
}
