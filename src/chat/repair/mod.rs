//! What may not be in the chat's tables: messages and members of no conversation, a conversation that does not end where it says
//! or is of no kind, a pair of people that is not two, a cursor beyond the end.
//!
//! What people wrote is kept: no message goes, whatever is wrong around it. One that is lost from between others is lost: that is
//! said, and left as it is. `rules` decides; `lost`: conversations whose own row is not there; `pairs`: whose those of two people are.

mod lost;
mod pairs;
mod rules;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};

use self::rules::{Bounds, History};
use crate::store::{
    Conn, StoreError, Tx,
    repair::{Breakage, PLACE_MAX, Rule, Scene, execute, rows},
};

/// What holds of these tables.
pub const RULES: &[Rule] = &[
    Rule {
        name: "lost-conversation",
        find: lost::find,
    },
    Rule {
        name: "conversation-messages",
        find: messages,
    },
    Rule {
        name: "conversation-kind",
        find: pairs::of_no_kind,
    },
    Rule {
        name: "conversation-pair",
        find: pairs::of_others,
    },
    Rule {
        name: "read-position",
        find: positions,
    },
];

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

#[derive(QueryableByName)]
struct Odd {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    floor: i64,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
    #[diesel(sql_type = BigInt)]
    unread: i64,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

fn messages(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    // With as many messages as the bounds say, none of them before those and the last one there, none is missing between.
    let question = &format!("SELECT whole.id AS id, whole.floor AS floor, whole.last_seq AS last_seq, COALESCE(unread.seq, 0) AS unread
        FROM conversations AS whole
        LEFT JOIN (SELECT conversation_id, count(*) AS n, min(seq) AS lo, max(seq) AS hi FROM messages
            GROUP BY conversation_id) AS stored ON stored.conversation_id = whole.id
        LEFT JOIN ({}) AS unread ON unread.id = whole.id
        WHERE CASE WHEN whole.floor BETWEEN 0 AND whole.last_seq AND whole.last_seq <= {PLACE_MAX}
            THEN COALESCE(stored.n, 0) <> whole.last_seq - whole.floor
                OR stored.lo <= whole.floor OR stored.hi <> whole.last_seq OR unread.seq > whole.last_seq
            ELSE TRUE END
        ORDER BY whole.id", unread(conn));
    let mut found = Vec::new();
    for Odd {
        id,
        floor,
        last_seq,
        unread,
    } in rows::<Odd>(conn, question, &[])?
    {
        let question = "SELECT seq FROM messages WHERE conversation_id = $1 ORDER BY seq";
        let stored = rows::<Place>(conn, question, &[&id])?.into_iter();
        let history = History {
            bounds: Bounds {
                floor,
                last: last_seq,
            },
            stored: stored.map(|place| place.seq).collect(),
            unread,
        };
        // The bounds are told once each message has its place.
        found.extend(displaced(&id, &history).or_else(|| wrong_bounds(&id, &history)));
        found.extend(holes(&id, &history));
    }
    Ok(found)
}

/// The last message of which nobody can tell the conversation, as a question of SQL: for each that its sender is in, and has read so
/// far. It may be of that one, and no other message is to come in its place until people have decided.
fn unread(conn: &Conn) -> String {
    match conn {
        Conn::Sqlite(_) => format!(
            "SELECT lossy(members.conversation_id) AS id, max(lost.seq) AS seq FROM messages AS lost
             JOIN members ON members.user_id = lost.sender_id AND members.read_seq >= lost.seq
             WHERE lost.conversation_id IS NOT lossy(lost.conversation_id) AND lost.seq BETWEEN 1 AND {PLACE_MAX} GROUP BY 1"
        ),
        Conn::Pg(_) => "SELECT '' AS id, CAST(0 AS BIGINT) AS seq".to_owned(),
    }
}

fn wrong_bounds(id: &str, history: &History) -> Option<Breakage> {
    let (said, bounds) = (history.bounds, history.mended());
    if said == bounds {
        return None;
    }
    let may_be = match history.unread {
        unread if unread > said.last => format!(", and one that cannot be read may be {unread}"),
        _ => String::new(),
    };
    let there = match (history.stored.first(), history.stored.last()) {
        (Some(first), Some(last)) => format!("they are from {first} to {last}"),
        _ => "there are none".to_owned(),
    };
    let id = id.to_owned();
    Some(Breakage::mended(
        format!("the conversation {id}"),
        format!(
            "says that its messages go from {} to {}, and {there}{may_be}",
            said.floor.saturating_add(1),
            said.last
        ),
        format!(
            "it says from {} to {}",
            bounds.floor.saturating_add(1),
            bounds.last
        ),
        move |tx| set_bounds(tx, &id, bounds),
    ))
}

fn set_bounds(tx: &mut Tx<'_>, id: &str, Bounds { floor, last }: Bounds) -> Result<(), StoreError> {
    let change =
        format!("UPDATE conversations SET floor = {floor}, last_seq = {last} WHERE id = $1");
    execute(tx, &change, &[id]).map(drop)
}

fn displaced(id: &str, history: &History) -> Option<Breakage> {
    let moves = history.displaced();
    let (stray, place) = *moves.first()?;
    let Bounds { floor, last } = history.mended();
    let (first, last) = moves
        .iter()
        .fold((floor + 1, last), |(first, last), (_, place)| {
            (first.min(*place), last.max(*place))
        });
    let (found, how) = match moves.len() {
        1 => (
            format!("has a message in the place {stray}, which is none"),
            format!("it is in the place {place}"),
        ),
        several => (
            format!("has {several} messages in places that are none"),
            format!("they are in the places from {place} to {last}"),
        ),
    };
    let id = id.to_owned();
    Some(Breakage::mended(
        format!("the conversation {id}"),
        found,
        how,
        move |tx| {
            for (stray, place) in &moves {
                let change = format!(
                    "UPDATE messages SET seq = {place} WHERE seq = {stray} AND conversation_id = $1"
                );
                execute(tx, &change, &[&id])?;
            }
            let floor = first - 1;
            set_bounds(tx, &id, Bounds { floor, last })
        },
    ))
}

fn holes(id: &str, history: &History) -> Option<Breakage> {
    let lost = rules::told(&history.holes())?;
    Some(Breakage::left(
        format!("the conversation {id}"),
        format!("has lost its messages {lost}"),
        "put a backup in the place of the database if they matter; the others are read without them",
    ))
}

#[derive(QueryableByName)]
struct Reader {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    conversation_id: String,
    #[diesel(sql_type = BigInt)]
    read_seq: i64,
    #[diesel(sql_type = BigInt)]
    last_seq: i64,
}

/// A cursor only moves forward: one that is beyond the end would take the next messages for read.
fn positions(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT members.user_id AS user_id, members.conversation_id AS conversation_id,
            members.read_seq AS read_seq, conversations.last_seq AS last_seq
        FROM members JOIN conversations ON conversations.id = members.conversation_id
        WHERE members.read_seq < 0 OR members.read_seq > conversations.last_seq
        ORDER BY members.user_id, members.conversation_id";
    let wrong = rows::<Reader>(conn, question, &[])?.into_iter();
    Ok(wrong
        .map(|it| {
            let seq = it.read_seq.clamp(0, it.last_seq.max(0));
            Breakage::mended(
                format!("{} in the conversation {}", it.user_id, it.conversation_id),
                format!("has read up to {}, and it goes up to {}", it.read_seq, it.last_seq),
                format!("they have read up to {seq}"),
                move |tx| {
                    let change = format!(
                        "UPDATE members SET read_seq = {seq} WHERE user_id = $1 AND conversation_id = $2"
                    );
                    execute(tx, &change, &[&it.user_id, &it.conversation_id]).map(drop)
                },
            )
        })
        .collect())
}
