//! The table `audit`.

use diesel::prelude::*;

use super::{AuditEvent, Entry};
use crate::{
    kernel::{ids::AuditId, time::Timestamp},
    store::{Conn, Lossy, LossyIfAny, StoreError, Tx, readable_page, run, sql::schema::audit},
};

/// Writes down an action that is about to be done.
pub fn insert(tx: &mut Tx<'_>, id: AuditId, event: &AuditEvent) -> Result<(), StoreError> {
    let row = (
        audit::id.eq(id.to_string()),
        audit::at.eq(tx.now().millis()),
        audit::actor.eq(event.actor.as_str()),
        audit::action.eq(event.action.as_str()),
        audit::target.eq(event.target.as_str()),
        audit::detail.eq(event.detail.as_deref()),
    );
    run!(tx, |c| diesel::insert_into(audit::table)
        .values(row)
        // A job that is run again finds its own first result.
        .on_conflict_do_nothing()
        .execute(c))
    .map(drop)
}

/// Adds how it came out.
pub fn set_outcome(tx: &mut Tx<'_>, id: AuditId, outcome: &str) -> Result<(), StoreError> {
    let entry = audit::table.find(id.to_string());
    run!(tx, |c| diesel::update(entry)
        .set(audit::outcome.eq(outcome))
        .execute(c))
    .map(drop)
}

/// At most `limit` entries, newest first, those before `before`. Ids sort by time.
pub fn page(
    conn: &mut Conn,
    before: Option<AuditId>,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    // Above every id.
    let before = before.map_or_else(|| "~".to_owned(), |id| id.to_string());
    readable_page(limit, |rows, passed| {
        run!(conn, |c| audit::table
            .filter(audit::id.lt(&before))
            .order(audit::id.desc())
            .limit(rows)
            .offset(passed)
            .select(Row::as_select())
            .load::<Row>(c))
    })
}

/// A row of `audit`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = audit)]
struct Row {
    #[diesel(deserialize_as = Lossy)]
    id: String,
    at: i64,
    #[diesel(deserialize_as = Lossy)]
    actor: String,
    #[diesel(deserialize_as = Lossy)]
    action: String,
    #[diesel(deserialize_as = Lossy)]
    target: String,
    #[diesel(deserialize_as = LossyIfAny)]
    detail: Option<String>,
    #[diesel(deserialize_as = LossyIfAny)]
    outcome: Option<String>,
}

impl TryFrom<Row> for Entry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column, fault: &dyn std::fmt::Display| {
            StoreError::corrupt(format!("audit.{column} of {}: {fault}", row.id))
        };
        let event = AuditEvent {
            actor: row
                .actor
                .parse()
                .map_err(|fault| corrupt("actor", &fault))?,
            action: row
                .action
                .parse()
                .map_err(|fault| corrupt("action", &fault))?,
            target: row.target,
            detail: row.detail,
        };
        Ok(Self {
            id: row.id.parse().map_err(|fault| corrupt("id", &fault))?,
            at: Timestamp::from_millis(row.at),
            event,
            outcome: row.outcome,
        })
    }
}
