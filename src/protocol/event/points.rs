//! Events of points, "SP" (source document 003): the document's names, times in ISO 8601.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::kernel::iso::Iso;

/// `sp_update`: the balance has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpUpdate {
    /// The balance now.
    pub current_sp: i64,
    /// By how much it changed; negative for what was consumed.
    pub amount_changed: i64,
    /// What kind of change it was, in the app's own words.
    pub transaction_type: String,
    /// The same for people.
    pub description: String,
    /// The balance before.
    pub balance_before: i64,
    /// The balance after: the same as `current_sp`.
    pub balance_after: i64,
    /// The app's own data.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// When it was stored.
    pub timestamp: Iso,
}

/// `sp_insufficient`: something was not done because it costs more than there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpInsufficient {
    /// What it would have cost.
    pub required_amount: i64,
    /// The balance.
    pub current_sp: i64,
    /// What was to be done, in the app's own words.
    pub action: String,
    /// The same for people.
    pub message: String,
    /// When it was refused.
    pub timestamp: Iso,
}

/// `sp_daily_recovery`: the points of a new day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpDailyRecovery {
    /// The points that were added.
    pub total_amount: i64,
    /// The balance after.
    pub balance_after: i64,
    /// The local day that they are for (`2026-11-25`).
    pub date: String,
    /// When it was stored.
    pub timestamp: Iso,
}
