//! Events of friends (source document 004).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::ids::UserId;

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FriendStatus {
    /// They are.
    Online,
    /// They are not.
    Offline,
}

/// `friend_status_changed`: a friend, or a conversation partner, has come online or gone offline (source document 004: these
/// fields and no others).
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FriendStatusChanged {
    /// The user.
    pub user_id: UserId,
    /// What they are now.
    pub status: FriendStatus,
    /// Since when, in milliseconds: when they came, or when they were last there. A leave that could have been a tunnel is
    /// told only after its grace.
    pub timestamp: i64,
}

/// `friend_status_snapshot`: which of the user's friends and conversation partners are online; for a client that does not
/// listen to `friends`, of the conversation partners alone.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FriendStatusSnapshot {
    /// Whether each of them is online.
    pub statuses: BTreeMap<UserId, bool>,
    /// When each of the others was last online, in UNIX seconds; those who never were are missing.
    pub last_seen: BTreeMap<UserId, i64>,
}
