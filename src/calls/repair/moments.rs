//! The times of a call: none is yet to come, and none is before what it follows from.
//!
//! A clock that is set back for an hour makes such times, and calls bear them. What is further off is of a clock that was set
//! wrong, or of another hand: an end in the future, and charges for whatever lies between. Of an end people see how long they
//! talked: that is never before what it ends.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use crate::{
    kernel::{
        ids::CallId,
        time::{CLOCK_TOLERANCE, Timestamp},
    },
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// What a clock may have been off by that nobody calls wrong.
const TOLERANCE: Duration = Duration::from_hours(2);

/// The times of a call in their order, as columns and as its timeline calls what happened then.
const MOMENTS: [(&str, &str); 4] = [
    ("requested_at", "requested"),
    ("accepted_at", "accepted"),
    ("connected_at", "connected"),
    ("ended_at", "ended"),
];

/// When something happened to a call, by its row and by its timeline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Moment {
    stored: Option<i64>,
    told: Option<i64>,
}

/// The nearest times that can be, up to `now`: one that cannot is that of the timeline, if that one can, and else the nearest
/// between the times before and after it.
fn plausible(moments: [Moment; 4], now: i64) -> [Option<i64>; 4] {
    let (mut before, mut mended) = (i64::MIN, [None; 4]);
    for (place, (moment, mended)) in moments.iter().zip(&mut mended).enumerate() {
        let Some(stored) = moment.stored else {
            continue;
        };
        let possible = before..=now.max(before);
        let later = moments.iter().skip(place + 1).filter_map(|it| it.stored);
        let later = later.filter(|at| possible.contains(at));
        let until = later.fold(*possible.end(), i64::min);
        let told = moment.told.filter(|at| (before..=until).contains(at));
        before = match possible.contains(&stored) {
            true => stored,
            false => told.unwrap_or(stored.clamp(before, until)),
        };
        *mended = Some(before);
    }
    mended
}

#[derive(QueryableByName)]
struct Times {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Bool)]
    is_over: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    requested_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    accepted_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    connected_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    unseen_since: Option<i64>,
}

impl Times {
    /// Since when nobody was seen in it, if that is yet to come: up to then it would be charged, whoever is there. Without it the
    /// next start takes the last sign of life of the servers.
    fn unseen_too_late(&self, now: Timestamp) -> Option<i64> {
        let latest = (now + TOLERANCE).millis();
        self.unseen_since
            .filter(|since| !self.is_over && *since > latest)
    }
}

const TIMES: &str = "SELECT id, phase = 'ended' AS is_over, requested_at, accepted_at, connected_at, ended_at, unseen_since
    FROM calls";

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
}

pub(super) fn impossible(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = format!(
        "{TIMES} WHERE {} OR (phase <> 'ended' AND (ended_at IS NOT NULL OR unseen_since > {})) ORDER BY id",
        wrong(scene.now),
        (scene.now + TOLERANCE).millis()
    );
    let mut found = Vec::new();
    for times in rows::<Times>(conn, &question, &[])? {
        found.push(broken_times(conn, times, scene.now)?);
    }
    Ok(found)
}

/// Which rows have such a time, as SQL: later than now, or before the one that it follows from.
fn wrong(now: Timestamp) -> String {
    let columns = MOMENTS.map(|(column, _)| column);
    let latest = (now + TOLERANCE).millis();
    let future = columns.iter().map(|column| format!("{column} > {latest}"));
    let pairs = columns.iter().enumerate().flat_map(|(place, later)| {
        let earlier = columns.iter().take(place);
        earlier.map(move |earlier| (earlier, later))
    });
    // No difference of two numbers is too large for this.
    let disorder = pairs.map(|(earlier, later)| {
        let tolerance = match *later {
            "ended_at" => CLOCK_TOLERANCE,
            _ => TOLERANCE,
        };
        let tolerance = tolerance.as_millis();
        format!("CAST({earlier} AS NUMERIC) - CAST({later} AS NUMERIC) > {tolerance}")
    });
    future.chain(disorder).collect::<Vec<_>>().join(" OR ")
}

/// What cannot be of a call's times, and what is to be set instead.
struct Changes {
    found: Vec<String>,
    sets: Vec<String>,
}

fn broken_times(conn: &mut Conn, times: Times, now: Timestamp) -> Result<Breakage, StoreError> {
    let Changes { found, sets } = changes(conn, &times, now)?;
    let (found, sets) = (found.join(", "), sets.join(", "));
    Ok(Breakage::mended(
        format!("the call {}", times.id),
        format!("has times that cannot be (ms): {found}"),
        format!("they are what its timeline tells, or the nearest that can be: {sets}"),
        move |tx| set(tx, &times.id, &sets),
    ))
}

/// Puts the times of one call right, if any of them cannot be: what a repair ends has ended by now, and after it began.
pub(super) fn put_right(tx: &mut Tx<'_>, call: CallId) -> Result<(), StoreError> {
    let (id, now) = (call.to_string(), tx.now());
    for times in rows::<Times>(tx, &format!("{TIMES} WHERE id = $1"), &[&id])? {
        let sets = changes(tx, &times, now)?.sets;
        if !sets.is_empty() {
            set(tx, &id, &sets.join(", "))?;
        }
    }
    Ok(())
}

fn changes(conn: &mut Conn, times: &Times, now: Timestamp) -> Result<Changes, StoreError> {
    let question = "SELECT event, at FROM call_events WHERE call_id = $1 ORDER BY version";
    let lines: Vec<Line> = rows(conn, question, &[&times.id])?;
    let told = |event: &str| {
        lines
            .iter()
            .find(|line| line.event == event)
            .map(|line| line.at)
    };
    let stored = [
        times.requested_at,
        times.accepted_at,
        times.connected_at,
        times.ended_at.filter(|_| times.is_over),
    ];
    let mut moments = [Moment::default(); 4];
    for ((moment, stored), (_, event)) in moments.iter_mut().zip(stored).zip(MOMENTS) {
        *moment = Moment {
            stored,
            told: told(event),
        };
    }
    let mended = plausible(moments, now.millis());
    let (mut found, mut sets) = (Vec::new(), Vec::new());
    for (((column, _), stored), mended) in MOMENTS.iter().zip(stored).zip(mended) {
        if let (Some(stored), Some(mended)) = (stored, mended)
            && stored != mended
        {
            found.push(format!("{column} {stored}"));
            sets.push(format!("{column} = {mended}"));
        }
    }
    if let Some(at) = times.ended_at.filter(|_| !times.is_over) {
        found.push(format!("ended_at {at}, and it goes on"));
        sets.push("ended_at = NULL".to_owned());
    }
    if let Some(since) = times.unseen_too_late(now) {
        found.push(format!("unseen_since {since}"));
        sets.push("unseen_since = NULL".to_owned());
    }
    Ok(Changes { found, sets })
}

fn set(tx: &mut Tx<'_>, id: &str, sets: &str) -> Result<(), StoreError> {
    execute(tx, &format!("UPDATE calls SET {sets} WHERE id = $1"), &[id]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: i64 = i64::MAX;

    #[test]
    fn a_time_that_cannot_be_is_that_of_the_timeline_or_the_nearest_that_can() {
        let plausible = |stored: [i64; 4], told: [Option<i64>; 4]| {
            let mut moments = [Moment::default(); 4];
            for (moment, (stored, told)) in moments.iter_mut().zip(stored.into_iter().zip(told)) {
                let stored = Some(stored).filter(|stored| *stored != 0);
                *moment = Moment { stored, told };
            }
            plausible(moments, 100).map(|at| at.unwrap_or(0))
        };
        let none = [None; 4];
        for (stored, told, wanted) in [
            ([10, 20, 30, 40], none, [10, 20, 30, 40]),
            ([10, 0, 0, 40], none, [10, 0, 0, 40]),
            ([10, 20, 30, FAR], none, [10, 20, 30, 100]),
            (
                [10, 20, FAR, 0],
                [None, None, Some(25), None],
                [10, 20, 25, 0],
            ),
            (
                [10, 20, FAR, 0],
                [None, None, Some(FAR), None],
                [10, 20, 100, 0],
            ),
            (
                [10, 20, -FAR, 40],
                [None, None, Some(35), None],
                [10, 20, 35, 40],
            ),
            ([10, 20, 30, 5], none, [10, 20, 30, 30]),
            (
                [FAR, 20, 30, 40],
                [Some(15), None, None, None],
                [15, 20, 30, 40],
            ),
            ([FAR, 20, 30, 40], none, [20, 20, 30, 40]),
            ([10, FAR, 30, 40], none, [10, 30, 30, 40]),
            ([FAR; 4], none, [100; 4]),
        ] {
            assert_eq!(plausible(stored, told), wanted, "{stored:?} {told:?}");
        }
    }
}
