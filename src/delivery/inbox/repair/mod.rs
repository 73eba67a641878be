//! What may not be in the inbox's tables: a stream with a hole, or that does not end where its head says; a body that nobody
//! has.
//!
//! What is lost from a stream cannot be made again. But no client may go on as if it had been there: so the stream begins anew
//! after the last hole, as if the retention had dropped what was before it, and whoever had not read that far is told to start
//! over (`resync`). See `rules`; `bodies`: what is stored as an event and is none.

mod bodies;
mod rules;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};

use self::rules::{Bounds, Stream};
use crate::{
    protocol::spec::Topic,
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, PLACE_MAX, Rule, Scene, execute, rows},
    },
};

/// What holds of these tables.
pub const RULES: &[Rule] = &[
    Rule {
        name: "inbox-event",
        find: bodies::broken,
    },
    Rule {
        name: "inbox-stream",
        find: streams,
    },
    Rule {
        name: "inbox-body",
        find: unread_bodies,
    },
];

/// A stream that is not what it says: how it is stored, but for its rows.
#[derive(QueryableByName)]
struct Odd {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    head: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    floor: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// The rows that can be read: with a body, of a topic that there is.
fn whole() -> String {
    let topics = Topic::ALL.map(|topic| format!("'{}'", topic.as_str()));
    format!(
        "FROM inbox JOIN events ON events.id = inbox.event_id AND events.topic IN ({})",
        topics.join(", ")
    )
}

fn streams(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let whole = whole();
    let last = format!("max(CASE WHEN seq BETWEEN 1 AND {PLACE_MAX} THEN seq ELSE 0 END)");
    // A stream is sound if it has as many rows as its bounds say, none of them before those and the last one there: then none is
    // missing between.
    let question = format!(
        "SELECT heads.user_id AS user_id, heads.head AS head, heads.floor AS floor, every.last AS last
         FROM inbox_heads AS heads
         LEFT JOIN (SELECT inbox.user_id AS user_id, count(*) AS n {whole} GROUP BY inbox.user_id) AS sound
             ON sound.user_id = heads.user_id
         LEFT JOIN (SELECT user_id, count(*) AS n, min(seq) AS lo, max(seq) AS hi, {last} AS last
             FROM inbox GROUP BY user_id) AS every ON every.user_id = heads.user_id
         WHERE CASE WHEN heads.floor BETWEEN 0 AND heads.head AND heads.head <= {PLACE_MAX}
             THEN COALESCE(sound.n, 0) <> heads.head - heads.floor OR COALESCE(every.n, 0) <> heads.head - heads.floor
                 OR every.lo <= heads.floor OR every.hi <> heads.head
             ELSE TRUE END
         UNION ALL
         SELECT user_id, NULL, NULL, {last} FROM inbox
         WHERE NOT EXISTS (SELECT 1 FROM inbox_heads WHERE inbox_heads.user_id = inbox.user_id)
         GROUP BY user_id ORDER BY user_id"
    );
    let mut found = Vec::new();
    for odd in rows::<Odd>(conn, &question, &[])? {
        let question =
            format!("SELECT inbox.seq AS seq {whole} WHERE inbox.user_id = $1 ORDER BY seq");
        let stored = rows::<Place>(conn, &question, &[&odd.user_id])?.into_iter();
        let stream = Stream {
            bounds: odd
                .head
                .zip(odd.floor)
                .map(|(head, floor)| Bounds { floor, head }),
            last: odd.last.unwrap_or(0),
            stored: stored.map(|place| place.seq).collect(),
        };
        found.push(match stream.displaced() {
            Some((stray, place)) => displaced(odd.user_id, stray, place),
            None => broken_stream(odd.user_id, &stream),
        });
    }
    Ok(found)
}

fn displaced(user: String, stray: i64, place: i64) -> Breakage {
    Breakage::mended(
        format!("the inbox of {user}"),
        format!("has an event in the place {stray}, which is none, and none in the place {place}"),
        format!("it is in the place {place}"),
        move |tx| {
            let change =
                format!("UPDATE inbox SET seq = {place} WHERE seq = {stray} AND user_id = $1");
            execute(tx, &change, &[&user]).map(drop)
        },
    )
}

fn broken_stream(user: String, stream: &Stream) -> Breakage {
    let bounds = stream.mended();
    let how = format!(
        "the stream goes from {} to {}; whoever had read less is told to start over",
        bounds.floor.saturating_add(1),
        bounds.head
    );
    Breakage::mended(
        format!("the inbox of {user}"),
        stream.fault(),
        how,
        move |tx| set_bounds(tx, &user, bounds),
    )
}

#[derive(QueryableByName)]
struct Body {
    #[diesel(sql_type = Text)]
    event_id: String,
}

/// What is above the floor by then has no hole. A body goes with the last of its places; those that had none before are told of
/// by a rule of their own.
fn set_bounds(
    tx: &mut Tx<'_>,
    user: &str,
    Bounds { floor, head }: Bounds,
) -> Result<(), StoreError> {
    let dropped = format!("FROM inbox WHERE (seq <= {floor} OR seq > {head}) AND user_id = $1");
    let bodies = rows::<Body>(tx, &format!("SELECT event_id {dropped}"), &[user])?;
    execute(tx, &format!("DELETE {dropped}"), &[user])?;
    let change = format!(
        "INSERT INTO inbox_heads (user_id, head, floor) VALUES ($1, {head}, {floor})
         ON CONFLICT (user_id) DO UPDATE SET head = {head}, floor = {floor}"
    );
    execute(tx, &change, &[user])?;
    let unread = format!("DELETE {UNREAD} AND id = $1");
    bodies
        .iter()
        .try_for_each(|body| execute(tx, &unread, &[&body.event_id]).map(drop))
}

/// Bodies that are in nobody's stream.
const UNREAD: &str =
    "FROM events WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.event_id = events.id)";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    bodies: i64,
}

fn unread_bodies(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let counted = rows::<Count>(conn, &format!("SELECT count(*) AS bodies {UNREAD}"), &[])?;
    let unread = counted.into_iter().filter(|it| it.bodies > 0);
    Ok(unread
        .map(|Count { bodies }| {
            Breakage::mended(
                "the events",
                format!("have {bodies} bodies that are in nobody's stream"),
                "deleted",
                |tx| execute(tx, &format!("DELETE {UNREAD}"), &[]).map(drop),
            )
        })
        .collect())
}
