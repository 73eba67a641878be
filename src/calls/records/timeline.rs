//! The table `call_events`: what happened in a call, a line for each version.

use diesel::{dsl::max, prelude::*};

use super::row::version;
use crate::{
    calls::rules::{
        call::Call,
        effect::TimelineEvent,
        ending::{By, End},
    },
    kernel::{ids::CallId, time::Timestamp},
    store::{
        Conn, Lossy, LossyIfAny, StoreError, Tx, VERSION_MAX, readable, run,
        sql::schema::call_events,
    },
};

/// One line of a call's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The version that it made.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: TimelineEvent,
    /// Who caused it.
    pub by: By,
    /// What there is to add: how the call ended, which device accepted.
    pub detail: Option<String>,
}

/// Adds the line for the version that `call` has now.
pub fn append(
    tx: &mut Tx<'_>,
    call: &Call,
    event: TimelineEvent,
    by: By,
) -> Result<(), StoreError> {
    let line = (
        call_events::call_id.eq(call.id.to_string()),
        call_events::version.eq(version(call.version)),
        call_events::at.eq(tx.now().millis()),
        call_events::event.eq(event.as_str()),
        call_events::actor.eq(by.as_str()),
        call_events::detail.eq(detail(call, event)),
    );
    run!(tx, |c| diesel::insert_into(call_events::table)
        .values(line)
        .execute(c))?;
    Ok(())
}

/// The timeline of a call, in order; empty for one that nobody knows.
pub fn of(conn: &mut Conn, call: CallId) -> Result<Vec<TimelineEntry>, StoreError> {
    let rows: Vec<Row> = run!(conn, |c| call_events::table
        .filter(call_events::call_id.eq(call.to_string()))
        .order(call_events::version)
        .select(Row::as_select())
        .load(c))?;
    readable(rows.into_iter().map(TimelineEntry::try_from))
}

/// The last version of which the timeline of a call tells and after which there is another, whatever its id looks like.
pub(super) fn last_version(conn: &mut Conn, call: &str) -> Result<Option<i64>, StoreError> {
    run!(conn, |c| call_events::table
        .filter(call_events::call_id.eq(call))
        .filter(call_events::version.lt(VERSION_MAX))
        .select(max(call_events::version))
        .get_result(c))
}

/// A row of `call_events`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = call_events)]
struct Row {
    #[diesel(deserialize_as = Lossy)]
    call_id: String,
    version: i64,
    at: i64,
    #[diesel(deserialize_as = Lossy)]
    event: String,
    #[diesel(deserialize_as = LossyIfAny)]
    actor: Option<String>,
    #[diesel(deserialize_as = LossyIfAny)]
    detail: Option<String>,
}

impl TryFrom<Row> for TimelineEntry {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column, fault: &dyn std::fmt::Display| {
            StoreError::corrupt(format!("call_events.{column} of {}: {fault}", row.call_id))
        };
        let actor = row.actor.as_deref().unwrap_or_default();
        Ok(Self {
            version: row
                .version
                .try_into()
                .map_err(|fault| corrupt("version", &fault))?,
            at: Timestamp::from_millis(row.at),
            event: row
                .event
                .parse()
                .map_err(|fault| corrupt("event", &fault))?,
            by: actor.parse().map_err(|fault| corrupt("actor", &fault))?,
            detail: row.detail,
        })
    }
}

fn detail(call: &Call, event: TimelineEvent) -> Option<String> {
    match event {
        TimelineEvent::Accepted => call
            .accepted()
            .map(|accepted| format!("device {}", accepted.device)),
        TimelineEvent::Connected => call
            .connection()
            .map(|connection| connection.method.to_string()),
        TimelineEvent::Charged => Some(format!(
            "charge {}, {} points in all",
            call.charges(),
            call.charged_points()
        )),
        TimelineEvent::Ended => call.end().map(in_words),
        TimelineEvent::Requested
        | TimelineEvent::Ringing
        | TimelineEvent::Unreached
        | TimelineEvent::Reported
        | TimelineEvent::Lost
        | TimelineEvent::Back
        | TimelineEvent::MediaLost
        | TimelineEvent::MediaBack
        | TimelineEvent::Restarted => None,
    }
}

fn in_words(end: &End) -> String {
    format!("{}, {}", end.outcome(), end.reason())
}
