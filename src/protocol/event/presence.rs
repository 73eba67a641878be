//! Events of otomo statuses (source document 000).

use schemars::JsonSchema;
use serde::Serialize;

use crate::{kernel::ids::UserId, protocol::command::ChosenStatus};

/// An otomo's status (source document 000, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OtomoStatus {
    /// Ready for calls.
    Online,
    /// In a call.
    Busy,
    /// Away for a while.
    Break,
    /// Not there.
    Offline,
}

/// `otomo_status_update` (source document 000, section 2: these fields and no others).
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtomoStatusUpdate {
    /// Whose status.
    pub user_id: UserId,
    /// What it is now.
    pub status: OtomoStatus,
    /// When it changed, in UNIX seconds.
    pub timestamp: i64,
    /// Counts this otomo's changes. Not among the document's fields: sent as `v` to clients that ask
    /// for it with `?v=1`.
    #[serde(skip)]
    pub version: u64,
}

/// One otomo in the snapshot.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtomoEntry {
    /// Who.
    pub user_id: UserId,
    /// The status.
    pub status: OtomoStatus,
    /// Since when, in UNIX seconds.
    pub timestamp: i64,
    /// Counts this otomo's changes.
    pub version: u64,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// `otomo_status_snapshot`: everybody, in list order. Above a thousand otomo it comes in several messages, one right after the
/// other.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OtomoStatusSnapshot {
    /// Online first, then busy, break, offline; within these the most recent change first.
    pub otomos: Vec<OtomoEntry>,
    /// The list goes on with the next message of this type.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// `otomo_status_set_ack`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OtomoStatusSetAck {
    /// What is chosen now.
    pub status: ChosenStatus,
    /// What everybody sees now; differs from the choice during a call.
    pub shown: OtomoStatus,
    /// When the choice returns to `online`, in UNIX seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}
