//! `[socketio]`: Socket.IO and Engine.IO.

use std::time::Duration;

use super::{fault::ConfigFault, reader::Section};

/// How clients of Socket.IO are served.
#[derive(Clone, Debug)]
pub struct SocketIoConfig {
    /// Time between two pings.
    pub ping_interval: Duration,
    /// Time in which a ping must be answered, and the longest that a client may be without a poll.
    pub ping_timeout: Duration,
    /// Bytes of one payload, or of one message on a WebSocket.
    pub max_payload: usize,
    /// Binary attachments of one packet.
    pub max_attachments: usize,
    /// Bytes of all of them together.
    pub max_attachment_bytes: usize,
}

impl SocketIoConfig {
    pub(super) fn read(mut section: Section<'_>) -> Result<Self, ConfigFault> {
        let timeouts = Duration::from_millis(10)..=Duration::from_mins(10);
        let bytes = 1 << 10..=16 << 20;
        Ok(Self {
            ping_interval: section.duration("ping_interval", timeouts.clone())?,
            ping_timeout: section.duration("ping_timeout", timeouts)?,
            max_payload: section.size("max_payload", bytes.clone())?,
            max_attachments: section.count("max_attachments", 0..=1000)?,
            max_attachment_bytes: section.size("max_attachment_bytes", bytes)?,
        })
    }
}
