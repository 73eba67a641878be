//! `[presence]`: when somebody counts as there.

use std::time::Duration;

use super::{fault::ConfigFault, reader::Section};

/// When somebody counts as there.
#[derive(Clone, Debug)]
pub struct PresenceConfig {
    /// After a broken link, or a close that the server began.
    pub leave_grace: Duration,
    /// After a close without a goodbye: a page reload.
    pub reload_grace: Duration,
    /// After a start of the server.
    pub restart_grace: Duration,
    /// Between two pings to a client.
    pub ping_interval: Duration,
    /// Until a ping must be answered; not longer than `ping_interval`.
    pub pong_timeout: Duration,
    /// How long a connection that is not renewed counts in the database.
    pub lease: Duration,
}

impl PresenceConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let grace = Duration::ZERO..=Duration::from_hours(1);
        let beat = Duration::from_millis(10)..=Duration::from_hours(1);
        let presence = Self {
            leave_grace: section.duration("leave_grace", grace.clone())?,
            reload_grace: section.duration("reload_grace", grace.clone())?,
            restart_grace: section.duration("restart_grace", grace)?,
            ping_interval: section.duration("ping_interval", beat.clone())?,
            pong_timeout: section.duration("pong_timeout", beat.clone())?,
            lease: section.duration("lease", beat)?,
        };
        if presence.pong_timeout > presence.ping_interval {
            return Err(ConfigFault::Conflict {
                keys: &["presence.pong_timeout", "presence.ping_interval"],
                problem: "a ping must be due to be answered before the next one goes out"
                    .to_owned(),
            });
        }
        Ok(presence)
    }
}
