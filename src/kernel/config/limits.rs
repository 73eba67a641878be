//! `[limits]`: how much one connection, one user and one address may ask of the server.

use std::{num::NonZeroU32, time::Duration};

use super::{fault::ConfigFault, reader::Section};

/// How much one connection, one user and one address may ask. None: any number. Each node counts for itself, except
/// connections of one user, which are counted over all nodes.
#[derive(Clone, Debug)]
pub struct LimitsConfig {
    /// Bytes of one message from a client.
    pub message_size: usize,
    /// Parts in which one message may come.
    pub fragments: u32,
    /// Commands of one connection, in the long run.
    pub commands_per_second: Option<NonZeroU32>,
    /// Commands of one connection at once.
    pub burst: NonZeroU32,
    /// Messages of one connection in a minute that are not valid commands; the next closes it.
    pub protocol_errors: Option<NonZeroU32>,
    /// Connections to this server.
    pub connections: Option<NonZeroU32>,
    /// Connections of one user.
    pub connections_per_user: Option<NonZeroU32>,
    /// What a further connection of the same user means.
    pub connection_policy: ConnectionPolicy,
    /// Calls that one user may request in a minute.
    pub calls_per_minute: Option<NonZeroU32>,
    /// Messages that one user may send in a minute, on all their connections together. A conversation that they begin over HTTP
    /// and somebody whom they add to a group count as one.
    pub messages_per_minute: Option<NonZeroU32>,
    /// Requests to be friends that one user may make in a minute.
    pub friend_requests_per_minute: Option<NonZeroU32>,
    /// Rooms that one connection may be in.
    pub rooms_per_connection: Option<NonZeroU32>,
    /// Handshakes per second from one address that is not loopback.
    pub handshakes_per_address: Option<NonZeroU32>,
    /// How long a connection may send no command.
    pub idle_timeout: Option<Duration>,
}

/// What a further connection of the same user means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionPolicy {
    /// Both stand, up to `connections_per_user`.
    Allow,
    /// Those before are closed (4005).
    Takeover,
    /// The new one is refused (4101).
    Reject,
}

impl LimitsConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        Ok(Self {
            message_size: section
                .restart_only()
                .size("message_size", 1 << 10..=16 << 20)?,
            fragments: section.restart_only().count("fragments", 1..=65_536)?,
            commands_per_second: section.count_or_none("commands_per_second", 1_000_000)?,
            burst: section.count(
                "burst",
                NonZeroU32::MIN..=NonZeroU32::MIN.saturating_add(999_999),
            )?,
            protocol_errors: section.count_or_none("protocol_errors", 1_000_000)?,
            connections: section.count_or_none("connections", 10_000_000)?,
            connections_per_user: section.count_or_none("connections_per_user", 10_000_000)?,
            connection_policy: section.choice(
                "connection_policy",
                &[
                    ("allow", ConnectionPolicy::Allow),
                    ("takeover", ConnectionPolicy::Takeover),
                    ("reject", ConnectionPolicy::Reject),
                ],
            )?,
            calls_per_minute: section.count_or_none("calls_per_minute", 1_000_000)?,
            messages_per_minute: section.count_or_none("messages_per_minute", 1_000_000)?,
            friend_requests_per_minute: section
                .count_or_none("friend_requests_per_minute", 1_000_000)?,
            rooms_per_connection: section.count_or_none("rooms_per_connection", 1_000_000)?,
            handshakes_per_address: section.count_or_none("handshakes_per_address", 1_000_000)?,
            idle_timeout: section.duration_or_none(
                "idle_timeout",
                Duration::from_millis(10)..=Duration::from_hours(24 * 30),
            )?,
        })
    }

    /// Those of `to`, as far as they can take the place of these. What a message may be, and so what rooms and outboxes must
    /// hold, stays: those who are connected were told.
    #[must_use]
    pub fn changed(&self, to: &Self) -> Self {
        Self {
            message_size: self.message_size,
            fragments: self.fragments,
            ..to.clone()
        }
    }
}
