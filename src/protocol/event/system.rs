//! Events of the connection itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    kernel::{
        identity::Role,
        ids::{EventId, NodeId, SessionId, UserId},
        time::Timestamp,
    },
    protocol::{close_code::CloseCode, error_code::ErrorCode, fault::Fault},
};

/// How often the server pings and how long it waits.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatSettings {
    /// Milliseconds between pings.
    pub interval_ms: u64,
    /// Milliseconds in which an answer is due.
    pub timeout_ms: u64,
}

/// How often to say that the user is writing.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TypingSettings {
    /// Milliseconds after which to send `typing-start` again while they write.
    pub resend_ms: u64,
    /// Milliseconds after which they have stopped if it is not sent again.
    pub expire_ms: u64,
}

/// The limits that a client should know.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Bytes of the largest message.
    pub message_size: usize,
    /// Commands a second in the long run.
    pub commands_per_second: u32,
    /// Commands at once.
    pub burst: u32,
    /// Call requests a minute.
    pub calls_per_minute: u32,
    /// Messages a minute, of the user on all connections; 0 for any number.
    pub messages_per_minute: u32,
    /// Milliseconds a call rings.
    pub ring_timeout_ms: u64,
    /// Milliseconds from the answer to media.
    pub connect_timeout_ms: u64,
    /// Milliseconds a lost participant has to return.
    pub loss_grace_ms: u64,
    /// Milliseconds the app's backend may take for an action. A posted command that another node serves takes 10 s more at most.
    pub action_timeout_ms: u64,
}

/// `connected`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connected {
    /// This connection.
    pub session_id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What they may do.
    pub role: Role,
    /// The node that serves it.
    pub node: NodeId,
    /// Where the stream of durable events stands, or where this client resumes.
    pub seq: u64,
    /// Whether the client's `lastSeq` is continued.
    pub resumed: bool,
    /// The heartbeat in force.
    pub heartbeat: HeartbeatSettings,
    /// The limits in force.
    pub limits: Limits,
    /// The pace of `typing-start`.
    pub typing: TypingSettings,
    /// UNIX seconds.
    pub timestamp: i64,
}

/// `ready`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Ready {
    /// The newest durable event that the client now has or has been offered.
    pub seq: u64,
}

/// Why a stream cannot be continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResyncReason {
    /// What came next is no longer kept, or cannot be read.
    Retention,
    /// The stream never got that far: another database, or another user's number.
    UnknownSeq,
}

/// `resync`: read the state afresh, the stream goes on from `seq`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resync {
    /// Why.
    pub reason: ResyncReason,
    /// The oldest event still kept; after one that cannot be read, the next.
    pub first_seq: u64,
    /// Where this connection goes on: after the newest one; or after the one that cannot be read.
    pub seq: u64,
}

/// `heartbeat_ack`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeartbeatAck {
    /// UNIX seconds.
    pub timestamp: i64,
}

/// `token_refresh_ack`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenRefreshAck {
    /// UNIX seconds.
    pub expires_at: i64,
}

/// `token_expiring`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenExpiring {
    /// UNIX seconds.
    pub expires_at: i64,
}

/// `closing`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Closing {
    /// The close code that follows.
    #[schemars(with = "CloseCode")]
    pub code: u16,
    /// In words.
    pub reason: String,
    /// Whether to connect again.
    pub reconnect: bool,
    /// How long to wait before.
    pub retry_after_ms: u64,
}

/// `error`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ServerError")]
pub struct Error {
    /// For the client's program.
    pub code: ErrorCode,
    /// For its programmer.
    pub message: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub context: Map<String, Value>,
    /// UNIX seconds.
    pub timestamp: i64,
}

impl Error {
    /// Tells a client at `now` why its command is not done.
    pub fn new(fault: &Fault, now: Timestamp) -> Self {
        Self {
            code: fault.code,
            message: fault.message.clone(),
            context: fault.context.clone(),
            timestamp: now.unix_seconds(),
        }
    }
}

/// `notification`: a message of the app to its user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AppNotification")]
pub struct Notification {
    /// Identifies it for good.
    pub id: EventId,
    /// A headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What to show.
    pub message: String,
    /// The app's own sorting.
    pub category: String,
    /// The app's own data.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// UNIX seconds.
    pub timestamp: i64,
}
