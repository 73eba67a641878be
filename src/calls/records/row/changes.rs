//! What may change of a call.

use diesel::prelude::*;

use super::Row;
use crate::store::sql::schema::calls;

/// The columns that may change. A statement that sets a column, be it to what it was, has each index on it written again.
#[derive(AsChangeset)]
#[diesel(table_name = calls, treat_none_as_null = true)]
pub(in crate::calls::records) struct Changes {
    otomo_device: Option<String>,
    phase: String,
    version: i64,
    ring_deadline: Option<i64>,
    deadline: Option<i64>,
    accepted_at: Option<i64>,
    connected_at: Option<i64>,
    ended_at: Option<i64>,
    caller_lost_until: Option<i64>,
    otomo_lost_until: Option<i64>,
    media_lost_until: Option<i64>,
    caller_reported: bool,
    otomo_reported: bool,
    method: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    ended_by: Option<String>,
    due_at: Option<i64>,
    charges: i64,
    unseen_since: Option<i64>,
}

impl From<Row> for Changes {
    fn from(row: Row) -> Self {
        Self {
            otomo_device: row.otomo_device,
            phase: row.phase,
            version: row.version,
            ring_deadline: row.ring_deadline,
            deadline: row.deadline,
            accepted_at: row.accepted_at,
            connected_at: row.connected_at,
            ended_at: row.ended_at,
            caller_lost_until: row.caller_lost_until,
            otomo_lost_until: row.otomo_lost_until,
            media_lost_until: row.media_lost_until,
            caller_reported: row.caller_reported,
            otomo_reported: row.otomo_reported,
            method: row.method,
            outcome: row.outcome,
            reason: row.reason,
            ended_by: row.ended_by,
            due_at: row.due_at,
            charges: row.charges,
            unseen_since: row.unseen_since,
        }
    }
}
