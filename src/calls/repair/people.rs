//! Who is held by which call: both people of a live one, and nobody else.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};

use crate::{
    presence,
    store::{
        Conn, StoreError,
        repair::{Breakage, Scene, execute, rows},
    },
};

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    call_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    phase: Option<String>,
}

/// Somebody who can neither call nor be called, because of a call that they are not in.
pub(super) fn held_by_none(
    conn: &mut Conn,
    scene: &Scene<'_>,
) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT held.user_id AS user_id, held.call_id AS call_id, calls.phase AS phase
        FROM live_participants AS held LEFT JOIN calls ON calls.id = held.call_id
        WHERE calls.id IS NULL OR calls.phase = 'ended' OR held.user_id NOT IN (calls.caller_id, calls.otomo_id)
        ORDER BY held.user_id";
    let policy = presence::repair::policy(scene.config);
    let held = rows::<Held>(conn, question, &[])?.into_iter();
    Ok(held
        .map(
            |Held {
                 user_id,
                 call_id,
                 phase,
             }| {
                let why = match phase.as_deref() {
                    None => "which is not there",
                    Some("ended") => "which is over",
                    Some(_) => "which is of two others",
                };
                Breakage::mended(
                    format!("the user {user_id}"),
                    format!("is held by the call {call_id}, {why}"),
                    "they are free",
                    move |tx| {
                        let change = "DELETE FROM live_participants WHERE user_id = $1";
                        execute(tx, change, &[&user_id])?;
                        match user_id.parse() {
                            Ok(user) => presence::repair::settle(tx, &user, &policy),
                            Err(_) => Ok(()),
                        }
                    },
                )
            },
        )
        .collect())
}

#[derive(QueryableByName)]
struct Call {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    phase: String,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// A live call of which one does not know that they are in it: they may be in a second one. A call of a single person is one that
/// cannot be read.
pub(super) fn not_held(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question =
        "SELECT calls.id AS id, calls.phase AS phase, count(held.user_id) AS people FROM calls
        LEFT JOIN live_participants AS held
            ON held.call_id = calls.id AND held.user_id IN (calls.caller_id, calls.otomo_id)
        WHERE calls.phase <> 'ended' AND calls.caller_id <> calls.otomo_id GROUP BY calls.id, calls.phase HAVING count(held.user_id) <> 2
        ORDER BY calls.id";
    let policies = super::policies(scene.config);
    let free = rows::<Call>(conn, question, &[])?.into_iter();
    Ok(free
        .map(|Call { id, phase, people }| {
            let subject = format!("the call {id}");
            let found = format!("is {phase}, and holds {people} of its two people");
            match id.parse() {
                Ok(call) => Breakage::mended(subject, found, "it is over", move |tx| {
                    super::end(tx, call, &policies)
                }),
                Err(_) => Breakage::left(subject, found, "delete the row by hand"),
            }
        })
        .collect())
}
