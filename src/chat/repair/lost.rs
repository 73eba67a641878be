//! Conversations whose own row is not there, while messages or members of them are.

use super::{
    Id, pairs,
    rules::{self, Rebuilt},
};
use crate::{
    chat::rules::Kind,
    kernel::ids::UserId,
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// With messages, it is made again of what is left. Without any there is nothing to keep: two people begin anew when they next
/// write.
pub(super) fn find(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    // Whose what is that refers to no text, people decide.
    let is_text = match conn {
        Conn::Sqlite(_) => "conversation_id IS lossy(conversation_id) AND",
        Conn::Pg(_) => "",
    };
    let of = |table: &str| {
        format!(
            "SELECT conversation_id AS id FROM {table} WHERE {is_text} NOT EXISTS
                 (SELECT 1 FROM conversations WHERE conversations.id = {table}.conversation_id)"
        )
    };
    let question = format!("{} UNION {} ORDER BY id", of("members"), of("messages"));
    let mut found = Vec::new();
    for Id { id } in rows::<Id>(conn, &question, &[])? {
        found.push(lost(conn, id)?);
    }
    Ok(found)
}

/// Whoever wrote first comes first.
const SENDERS: &str = "SELECT sender_id AS id FROM messages WHERE conversation_id = $1 GROUP BY sender_id ORDER BY min(seq)";

fn lost(conn: &mut Conn, id: String) -> Result<Breakage, StoreError> {
    let subject = format!("the conversation {id}");
    let members = "SELECT user_id AS id FROM members WHERE conversation_id = $1";
    let written = "SELECT id FROM messages WHERE conversation_id = $1 LIMIT 1";
    if rows::<Id>(conn, written, &[&id])?.is_empty() {
        let count = rows::<Id>(conn, members, &[&id])?.len();
        let found = format!("is not there, and {count} people are in it");
        if is_unread(conn, "conversations", "id")?
            || is_unread(conn, "messages", "conversation_id")?
        {
            return Ok(Breakage::left(subject, found, MAY_BE_UNREAD));
        }
        let how = "they are not: there is nothing to read in it";
        return Ok(Breakage::mended(subject, found, how, move |tx| {
            let change = "DELETE FROM members WHERE conversation_id = $1";
            execute(tx, change, &[&id]).map(drop)
        }));
    }
    if is_unread(conn, "conversations", "id")? {
        let found = "is not there, and messages are in it";
        return Ok(Breakage::left(subject, found, MAY_BE_UNREAD));
    }
    let members = pairs::named(conn, members, &[&id])?;
    let senders = pairs::named(conn, SENDERS, &[&id])?;
    let parsed = id.parse().ok();
    let rebuilt = parsed.and_then(|id| rules::rebuild(id, members, &senders));
    let found = "is not there, and messages are in it";
    Ok(match rebuilt {
        None => Breakage::left(
            subject,
            found,
            "put a backup in the place of the database, or delete the messages by hand: they do not say whose they were",
        ),
        Some(rebuilt) => Breakage::mended(subject, found, told(&rebuilt), move |tx| {
            make(tx, &id, &rebuilt)
        }),
    })
}

const MAY_BE_UNREAD: &str = "it may be one that cannot be read: people decide which that was";

/// Whether there is a row of which nobody can tell the conversation.
fn is_unread(conn: &mut Conn, table: &str, column: &str) -> Result<bool, StoreError> {
    let question =
        format!("SELECT 'row' AS id FROM {table} WHERE {column} IS NOT lossy({column}) LIMIT 1");
    match conn {
        Conn::Sqlite(_) => Ok(!rows::<Id>(conn, &question, &[])?.is_empty()),
        Conn::Pg(_) => Ok(false),
    }
}

fn told(rebuilt: &Rebuilt) -> String {
    match rebuilt {
        Rebuilt::Direct([one, other]) => format!("it is made again, of {one} and {other}"),
        Rebuilt::Group(people) => {
            format!("it is made again, as a group of {} people", people.len())
        }
    }
}

/// Places, floor and time follow from the messages; what is missing among them is found after this. Whoever wrote first began it.
fn make(tx: &mut Tx<'_>, id: &str, rebuilt: &Rebuilt) -> Result<(), StoreError> {
    let people: Vec<&UserId> = match rebuilt {
        Rebuilt::Direct(two) => two.iter().collect(),
        Rebuilt::Group(people) => people.iter().collect(),
    };
    let senders: Vec<UserId> = pairs::named(tx, SENDERS, &[id])?;
    let first = senders.iter().find(|it| people.contains(it));
    let creator = first.or(people.first().copied()).map_or("", UserId::as_str);
    let change = "INSERT INTO conversations (id, kind, created_by, created_at, last_seq, last_at, floor)
        SELECT $1, $2, $3, min(created_at), max(CASE WHEN seq > 0 THEN seq ELSE 0 END), max(created_at),
            min(CASE WHEN seq > 0 THEN seq - 1 ELSE 0 END)
        FROM messages WHERE conversation_id = $4";
    execute(tx, change, &[id, Kind::Group.as_str(), creator, id])?;
    match rebuilt {
        Rebuilt::Direct([one, other]) => pairs::put_pair(tx, id, [one, other]),
        Rebuilt::Group(people) => people.iter().try_for_each(|it| pairs::put(tx, id, it)),
    }
}
