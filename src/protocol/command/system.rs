//! Commands of the connection itself and of an otomo's own status.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kernel::{ids::DeviceId, whole::whole_if_any};

/// `init_connection`: who connects, where the handshake could not say it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InitConnection {
    /// A JSON Web Token.
    pub token: String,
    /// The last durable `seq` this client has, to continue from there.
    #[serde(default, deserialize_with = "whole_if_any")]
    #[schemars(!default)]
    pub last_seq: Option<u64>,
    /// A comma list of topics.
    pub topics: Option<String>,
    /// What this device is called over reconnects.
    pub device: Option<DeviceId>,
}

/// `heartbeat`.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Heartbeat {}

/// `token_refresh`: the same user's next token.
#[derive(Deserialize, JsonSchema)]
pub struct TokenRefresh {
    /// A JSON Web Token.
    pub token: String,
}

/// Tokens stay out of logs, also when a whole command is printed.
macro_rules! without_token {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
without_token!(InitConnection TokenRefresh);

/// What an otomo may choose. `busy` and `offline` follow from calls and connections, never from a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenStatus {
    /// Ready for calls.
    Online,
    /// Away for a while.
    Break,
}

/// `otomo_status_set` (source document 000, O-01).
#[derive(Debug, Deserialize, JsonSchema)]
pub struct OtomoStatusSet {
    /// What the otomo chooses.
    pub status: ChosenStatus,
    /// UNIX seconds at which the choice returns to `online`.
    #[serde(default, deserialize_with = "whole_if_any")]
    #[schemars(!default)]
    pub until: Option<i64>,
}
