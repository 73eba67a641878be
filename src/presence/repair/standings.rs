//! The otomo themselves: who cannot be read, whose status does not follow from the facts, who is not free for longer than any
//! wrap-up takes.

use std::{str::FromStr, time::Duration};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};

use crate::{
    kernel::ids::UserId,
    presence::{
        records,
        rules::{Chosen, ChosenCause, Lease, LiveCall, Standing, Status, at_rest},
    },
    store::{
        Conn, StoreError, Tx, VERSION_MAX,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// No wrap-up takes longer: an hour more than the most that `calls.wrap_up` may be.
const WRAP_UP_MAX: Duration = Duration::from_hours(25);

/// What is told of an otomo, and what they chose, as it is stored.
#[derive(QueryableByName, Debug, Clone, PartialEq, Eq)]
struct Row {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    chosen: String,
    #[diesel(sql_type = Text)]
    chosen_cause: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    chosen_until: Option<i64>,
    #[diesel(sql_type = BigInt)]
    missed: i64,
}

/// One that cannot be read keeps the list of all otomo from being read.
pub(super) fn unreadable(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT user_id, status, version, chosen, chosen_cause, chosen_until, missed FROM otomo ORDER BY user_id";
    let odd = rows::<Row>(conn, question, &[])?.into_iter();
    let odd = odd.filter_map(|row| {
        let next = nearest(&row);
        let subject = format!("the otomo {}", row.user_id);
        if row.user_id.parse::<UserId>().is_err() {
            let todo = "no user can have that id: delete the row by hand";
            return Some(Breakage::left(subject, "cannot be read", todo));
        }
        if next == row {
            return None;
        }
        let found = format!(
            "is stored as {} (version {}), chosen {} by {}, {} rings missed",
            row.status, row.version, row.chosen, row.chosen_cause, row.missed
        );
        let how = format!(
            "version {}, chosen {} by {}",
            next.version, next.chosen, next.chosen_cause
        );
        Some(Breakage::mended(subject, found, how, move |tx| {
            save(tx, &next)
        }))
    });
    Ok(odd.collect())
}

/// The nearest row that can be read and whose parts go together. A status in the place of one that is none is a new one: whoever
/// knows its version already would pass over it.
fn nearest(row: &Row) -> Row {
    let version = countable(row.version);
    let (status, version) = match named(&row.status) {
        Some(status) => (status, version),
        None => (Status::Offline, version.saturating_add(1)),
    };
    let (chosen, cause) = match (named(&row.chosen), named(&row.chosen_cause)) {
        (None, _) => (Chosen::Online, ChosenCause::Login),
        (Some(chosen), None) => (chosen, ChosenCause::Admin),
        (Some(Chosen::Break), Some(ChosenCause::Login | ChosenCause::Elapsed)) => {
            (Chosen::Break, ChosenCause::Admin)
        }
        (Some(Chosen::Online), Some(ChosenCause::MissedCalls)) => {
            (Chosen::Online, ChosenCause::Admin)
        }
        (Some(chosen), Some(cause)) => (chosen, cause),
    };
    Row {
        user_id: row.user_id.clone(),
        status: status.to_string(),
        version,
        chosen: chosen.to_string(),
        chosen_cause: cause.to_string(),
        chosen_until: row.chosen_until.filter(|_| chosen == Chosen::Break),
        missed: row.missed.clamp(0, u32::MAX.into()),
    }
}

/// A version that can be raised. In the place of one that is too high comes one that is above all that were told, and has as many
/// after it.
fn countable(version: i64) -> i64 {
    match version > VERSION_MAX {
        true => VERSION_MAX / 2,
        false => version.max(0),
    }
}

fn named<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn save(tx: &mut Tx<'_>, row: &Row) -> Result<(), StoreError> {
    let until = row
        .chosen_until
        .map_or("NULL".to_owned(), |until| until.to_string());
    let change = format!(
        "UPDATE otomo SET version = {}, missed = {}, chosen_until = {until}, status = $1, chosen = $2, chosen_cause = $3
         WHERE user_id = $4",
        row.version, row.missed
    );
    let keys = [&*row.status, &row.chosen, &row.chosen_cause, &row.user_id];
    execute(tx, &change, &keys).map(drop)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    user_id: String,
}

/// What a status follows from.
struct Facts {
    standing: Standing,
    leases: Vec<Lease>,
    call: Option<LiveCall>,
}

fn facts(conn: &mut Conn, otomo: &UserId) -> Result<Option<Facts>, StoreError> {
    let Some(standing) = records::find(conn, otomo)? else {
        return Ok(None);
    };
    Ok(Some(Facts {
        standing,
        leases: records::leases::of(conn, otomo)?,
        call: records::live_call(conn, otomo)?.map(|(_, phase)| phase),
    }))
}

/// What was read, if it can be read; the rules of what cannot tell of it. No other fault is passed over.
fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Corrupt(..)) => Ok(None),
        read => read.map(Some),
    }
}

/// Of those who can be read.
pub(super) fn untrue(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let policy = super::policy(scene.config);
    let mut found = Vec::new();
    for Id { user_id } in rows::<Id>(conn, "SELECT user_id FROM otomo ORDER BY user_id", &[])? {
        let Ok(otomo) = user_id.parse::<UserId>() else {
            continue;
        };
        let Some(Facts {
            standing,
            leases,
            call,
        }) = readable(facts(conn, &otomo))?.flatten()
        else {
            continue;
        };
        let may_be = at_rest(&standing, &leases, call, &policy, scene.now);
        let status = standing.published.status;
        if may_be.contains(&status) {
            continue;
        }
        let follows: Vec<&str> = may_be.iter().map(|it| it.as_str()).collect();
        let follows = follows.join(" or ");
        found.push(Breakage::mended(
            format!("the otomo {otomo}"),
            format!(
                "is told to be {status}, and from the facts it follows that they are {follows}"
            ),
            "their status follows from the facts",
            move |tx| super::settle(tx, &otomo, &policy),
        ));
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct WrapUp {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    free_at: i64,
}

/// A clock that was once set wrong: until then nobody can call them.
pub(super) fn endless_wrap_ups(
    conn: &mut Conn,
    scene: &Scene<'_>,
) -> Result<Vec<Breakage>, StoreError> {
    let (now, most) = (scene.now.millis(), (scene.now + WRAP_UP_MAX).millis());
    let question =
        format!("SELECT user_id, free_at FROM otomo WHERE free_at > {most} ORDER BY user_id");
    let endless = rows::<WrapUp>(conn, &question, &[])?.into_iter();
    Ok(endless
        .map(|WrapUp { user_id, free_at }| {
            let hours = (free_at - now) / 3_600_000;
            Breakage::mended(
                format!("the otomo {user_id}"),
                format!("wraps up their last call for another {hours} h"),
                "they have done so",
                move |tx| {
                    let change = format!("UPDATE otomo SET free_at = {now} WHERE user_id = $1");
                    execute(tx, &change, &[&user_id]).map(drop)
                },
            )
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(status: &str, chosen: &str, cause: &str) -> Row {
        Row {
            user_id: "hana".to_owned(),
            status: status.to_owned(),
            version: 7,
            chosen: chosen.to_owned(),
            chosen_cause: cause.to_owned(),
            chosen_until: None,
            missed: 1,
        }
    }

    #[test]
    fn only_what_cannot_be_read_is_passed_over() {
        assert_eq!(readable(Ok(7)).unwrap(), Some(7));
        let damaged: Result<(), _> = Err(StoreError::corrupt("otomo.status of hana"));
        assert_eq!(readable(damaged).unwrap(), None);
        let lost: Result<(), _> = Err(StoreError::Unavailable("away", None));
        assert!(readable(lost).is_err());
    }

    #[test]
    fn what_can_be_read_stays_and_the_rest_is_made_readable() {
        let sound = [
            row("online", "online", "login"),
            row("break", "break", "missed_calls"),
            row("busy", "break", "self"),
        ];
        for row in sound {
            assert_eq!(nearest(&row), row);
        }
        for (odd, wanted) in [
            (
                row("away", "online", "self"),
                Row {
                    version: 8,
                    ..row("offline", "online", "self")
                },
            ),
            (
                row("online", "never", "self"),
                row("online", "online", "login"),
            ),
            (row("break", "break", "who"), row("break", "break", "admin")),
            (
                row("break", "break", "login"),
                row("break", "break", "admin"),
            ),
            (
                row("online", "online", "missed_calls"),
                row("online", "online", "admin"),
            ),
        ] {
            assert_eq!(nearest(&odd), wanted);
        }
        let odd = Row {
            version: -1,
            missed: -1,
            chosen_until: Some(5),
            ..row("online", "online", "login")
        };
        let next = nearest(&odd);
        assert_eq!((next.version, next.missed, next.chosen_until), (0, 0, None));
        let version = i64::MAX;
        let next = nearest(&Row { version, ..odd });
        assert_eq!(next.version, VERSION_MAX / 2);
    }
}
