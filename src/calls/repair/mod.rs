//! What may not be in the tables of calls: a call that cannot be read, a live one that does not hold its people, people held by
//! none, one that no sweeper ends.
//!
//! A call with which something is wrong while it is live is ended, by the rules and in the transaction that ends any other: as
//! after a start of the server, so that what was down is not charged, and then stopped by the system. Its people are told by the
//! next server, and free. `people`: who is held by which call; `times`: when something happens to one; `moments`: when it
//! happened; `charges`: what it has cost. `written`: how its id is. `free`: the same for one call or person, while servers run.

mod charges;
mod free;
mod moments;
mod people;
mod times;
mod written;

use diesel::{QueryableByName, sql_types::Text};

pub(super) use self::free::{close, let_go};
use super::{
    records::{self, broken, broken::Unreadable},
    rules::{
        call::{Call, Side},
        command::{Authority, Command, Happening},
        policy::Policy,
    },
    transactions::{Job, Policies, Unstored},
};
use crate::{
    cluster::alive,
    kernel::{
        config::Config,
        ids::{CallId, UserId},
    },
    presence,
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Rule, Scene, execute, rows},
    },
};

/// What holds of these tables.
pub const RULES: &[Rule] = &[
    Rule {
        name: "joined-call",
        find: joined_into_none,
    },
    Rule {
        name: "unreadable-call",
        find: unreadable,
    },
    Rule {
        name: "call-times",
        find: moments::impossible,
    },
    Rule {
        name: "call-charges",
        find: charges::not_in_the_ledger,
    },
    Rule {
        name: "held-person",
        find: people::held_by_none,
    },
    Rule {
        name: "call-people",
        find: people::not_held,
    },
    Rule {
        name: "call-due",
        find: times::misplaced,
    },
    Rule {
        name: "call-deadline",
        find: times::out_of_time,
    },
    Rule {
        name: "call-spoken",
        find: times::never_spoken,
    },
    Rule {
        name: "call-line",
        find: lines_of_none,
    },
];

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

fn policies(config: &Config) -> Policies {
    Policies {
        calls: Policy::from(&config.calls),
        presence: presence::repair::policy(config),
    }
}

/// Ends a live call as after a start, and not later.
fn end(tx: &mut Tx<'_>, call: CallId, policies: &Policies) -> Result<(), StoreError> {
    let now = tx.now();
    let alive_at = alive::latest(tx, now)?;
    for happening in [
        Happening::Restarted(alive_at),
        Happening::Stopped(Authority::System),
    ] {
        let job = Job::Command(call, Command::Happened(happening));
        job.run(tx, policies).map_err(|unstored| match unstored {
            Unstored::Store(fault) => fault,
            Unstored::Outrun => StoreError::corrupt(format!("the call {call} changes meanwhile")),
        })?;
    }
    moments::put_right(tx, call)
}

/// A call goes with the one into which it was joined, so to delete what refers to nothing would be to delete a call: the reference
/// alone is wrong, and what happened in it stays.
fn joined_into_none(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT id FROM calls WHERE joined_call_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM calls AS other WHERE other.id = calls.joined_call_id) ORDER BY id";
    let joined = rows::<Id>(conn, question, &[])?.into_iter();
    Ok(joined
        .map(|Id { id }| {
            Breakage::mended(
                format!("the call {id}"),
                "was joined into one that is not there",
                "it was superseded, by nobody knows which",
                move |tx| {
                    let change = "UPDATE calls SET joined_call_id = NULL WHERE id = $1";
                    execute(tx, change, &[&id]).map(drop)
                },
            )
        })
        .collect())
}

/// One that cannot be read keeps every list that it is in from being read.
fn unreadable(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let at = alive::latest(conn, scene.now)?.unwrap_or(scene.now);
    let policy = presence::repair::policy(scene.config);
    let found = broken::unreadable(conn, at)?.into_iter();
    Ok(found.map(|it| unreadable_call(it, policy)).collect())
}

fn unreadable_call(call: Unreadable, policy: presence::rules::Policy) -> Breakage {
    let Unreadable {
        id,
        fault,
        live,
        of_one,
        over,
        rewritten,
    } = call;
    let subject = format!("the call {id}");
    if let Some(call) = rewritten {
        return written::breakage(subject, fault, id, call);
    }
    let Some(over) = over else {
        let todo = match of_one {
            true => {
                "say by hand who the other was, in caller_id or otomo_id: its timeline and the ledger may tell"
            }
            false => "its id or its people are none that can be: delete the row by hand",
        };
        return Breakage::left(subject, fault, todo);
    };
    let end = over.end().map_or(String::new(), |end| {
        format!(": {}, {}", end.outcome(), end.reason())
    });
    let how = match of_one {
        true => format!("it is over{end}, and who is known of it is free"),
        false => format!("it is over{end}"),
    };
    Breakage::mended(subject, fault, how, move |tx| {
        put_over(tx, &over, live, |tx, person| {
            presence::repair::settle(tx, person, &policy)
        })
    })
}

/// Puts a call that is over in the place of its row, and lets its people go, who are then settled.
fn put_over(
    tx: &mut Tx<'_>,
    over: &Call,
    was_live: bool,
    mut settle: impl FnMut(&mut Tx<'_>, &UserId) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let people: Vec<&UserId> = Side::ALL.iter().map(|side| over.person(*side)).collect();
    presence::records::lock_all(tx, &people)?;
    broken::replace(tx, over, was_live)?;
    records::release(tx, over.id)?;
    people.into_iter().try_for_each(|person| settle(tx, person))
}

/// The timeline of a call goes with it.
fn lines_of_none(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT DISTINCT call_id AS id FROM call_events
        WHERE NOT EXISTS (SELECT 1 FROM calls WHERE calls.id = call_events.call_id) ORDER BY id";
    let lost = rows::<Id>(conn, question, &[])?.into_iter();
    Ok(lost
        .map(|Id { id }| {
            Breakage::mended(
                format!("the call {id}"),
                "is not there, and things have happened in it",
                "they have not",
                move |tx| {
                    let change = "DELETE FROM call_events WHERE call_id = $1";
                    execute(tx, change, &[&id]).map(drop)
                },
            )
        })
        .collect())
}
