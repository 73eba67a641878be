//! When something happens to a call: when a sweeper looks at it, and which of its versions people have been told of.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};

use super::broken;
use crate::{
    kernel::time::Timestamp,
    store::{
        Conn, StoreError,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// The next start sees to whatever is overdue. Who was in a call that has waited for longer is not coming back for it.
const OVERDUE_MAX: Duration = Duration::from_hours(1);

/// No call waits for longer, whatever is configured: twice the most that `calls.charge_interval` may be, which is the longest of
/// its times.
const AHEAD_MAX: Duration = Duration::from_hours(2);

/// A live call that nobody looks at goes on for ever.
pub(super) fn misplaced(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let told = |at: Option<Timestamp>| at.map_or("never".to_owned(), |at| at.millis().to_string());
    let found = broken::misplaced(conn)?.into_iter();
    Ok(found
        .map(|(call, stored)| {
            let (stored, due) = (told(stored), told(call.due_at()));
            Breakage::mended(
                format!("the call {}", call.id),
                format!("is looked at when it is {stored} (ms), and something happens to it when it is {due}"),
                "it is looked at then",
                move |tx| broken::place(tx, &call),
            )
        })
        .collect())
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    phase: String,
    #[diesel(sql_type = BigInt)]
    due_at: i64,
}

/// A server that was away for long, or a clock that was once set wrong.
pub(super) fn out_of_time(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let (from, to) = (
        (scene.now - OVERDUE_MAX).millis(),
        (scene.now + AHEAD_MAX).millis(),
    );
    let question = format!(
        "SELECT id, phase, due_at FROM calls WHERE phase <> 'ended' AND (due_at < {from} OR due_at > {to}) ORDER BY id"
    );
    let policies = super::policies(scene.config);
    let now = scene.now.millis();
    let late = rows::<Waiting>(conn, &question, &[])?.into_iter();
    Ok(late
        .map(|Waiting { id, phase, due_at }| {
            let minutes = due_at.saturating_sub(now) / 60_000;
            let subject = format!("the call {id}");
            let found = match minutes < 0 {
                true => format!("is {phase}, and should have gone on {} min ago", -minutes),
                false => {
                    format!("is {phase}, and would go on in {minutes} min, later than any call")
                }
            };
            match id.parse() {
                Ok(call) => Breakage::mended(subject, found, "it is over", move |tx| {
                    super::end(tx, call, &policies)
                }),
                Err(_) => Breakage::left(subject, found, "delete the row by hand"),
            }
        })
        .collect())
}

#[derive(QueryableByName)]
struct Unspoken {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = BigInt)]
    spoken_version: i64,
}

/// Each version has its line in the timeline, by which a sweeper sees that it is time to tell of it.
pub(super) fn never_spoken(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT id, version, spoken_version FROM calls WHERE spoken_version > version
            OR (spoken_version < version AND NOT EXISTS (SELECT 1 FROM call_events
                WHERE call_events.call_id = calls.id AND call_events.version = calls.version))
        ORDER BY id";
    let never = rows::<Unspoken>(conn, question, &[])?.into_iter();
    Ok(never
        .map(|Unspoken { id, version, spoken_version }| {
            let subject = format!("the call {id}");
            if spoken_version > version {
                let found = format!("is at version {version}, and people know {spoken_version}");
                return Breakage::mended(subject, found, "they know what there is", move |tx| {
                    let change = "UPDATE calls SET spoken_version = version WHERE id = $1";
                    execute(tx, change, &[&id]).map(drop)
                });
            }
            let found = format!("is at version {version}, of which its timeline does not tell, and neither do servers");
            Breakage::mended(subject, found, "the timeline tells of it", move |tx| {
                let now = tx.now().millis();
                let change = format!(
                    "INSERT INTO call_events (call_id, version, at, event, actor)
                     SELECT id, version, {now}, CASE phase WHEN 'ended' THEN 'ended' ELSE 'restarted' END, 'system'
                     FROM calls WHERE id = $1"
                );
                execute(tx, &change, &[&id]).map(drop)
            })
        })
        .collect())
}
