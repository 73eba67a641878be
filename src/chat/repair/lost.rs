//! Conversations whose own row is not there, while messages or members of them are.

use std::collections::BTreeSet;

use diesel::{QueryableByName, sql_types::Text};

use super::{
    Place,
    rules::{self, Rebuilt},
};
use crate::{
    chat::rules::Kind,
    kernel::ids::{ConversationId, UserId},
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Scene, execute, rows},
    },
};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Text)]
    id: String,
}

/// With messages, it is made again of what is left. Without any there is nothing to keep: two people begin anew when they next
/// write.
pub(super) fn find(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let of = |table: &str| {
        format!(
            "SELECT conversation_id AS id FROM {table} WHERE NOT EXISTS
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

fn lost(conn: &mut Conn, id: String) -> Result<Breakage, StoreError> {
    let members = "SELECT user_id AS id FROM members WHERE conversation_id = $1";
    let members = rows::<Id>(conn, members, &[&id])?;
    let senders = "SELECT sender_id AS id FROM messages WHERE conversation_id = $1 GROUP BY sender_id ORDER BY min(seq)";
    let senders = rows::<Id>(conn, senders, &[&id])?;
    let subject = format!("the conversation {id}");
    if senders.is_empty() {
        let found = format!("is not there, and {} people are in it", members.len());
        let how = "they are not: there is nothing to read in it";
        return Ok(Breakage::mended(subject, found, how, move |tx| {
            let change = "DELETE FROM members WHERE conversation_id = $1";
            execute(tx, change, &[&id]).map(drop)
        }));
    }
    let (members, senders) = (people(members), people(senders));
    let parsed: Option<ConversationId> = id.parse().ok();
    let rebuilt = parsed.and_then(|id| rules::rebuild(id, BTreeSet::from_iter(members), &senders));
    let found = "is not there, and messages are in it";
    Ok(match rebuilt {
        None => Breakage::left(
            subject,
            found,
            "put a backup in the place of the database, or delete the messages by hand: they do not say whose they were",
        ),
        Some(rebuilt) => {
            let count = rebuilt.members.len();
            let how = format!(
                "it is made again, as a {} one of {count} people",
                rebuilt.kind
            );
            Breakage::mended(subject, found, how, move |tx| make(tx, &id, &rebuilt))
        }
    })
}

/// Those whose ids somebody can have.
fn people(named: Vec<Id>) -> Vec<UserId> {
    let named = named.into_iter();
    named.filter_map(|it| it.id.parse().ok()).collect()
}

fn make(tx: &mut Tx<'_>, id: &str, rebuilt: &Rebuilt) -> Result<(), StoreError> {
    let question = "SELECT max(seq) AS seq FROM messages WHERE conversation_id = $1";
    let last = rows::<Place>(tx, question, &[id])?
        .into_iter()
        .map(|it| it.seq);
    let last = last.max().unwrap_or_default();
    let people: Vec<&str> = rebuilt.members.iter().map(UserId::as_str).collect();
    // Places, floor and time follow from the messages; what is missing among them is found after this.
    let pair = match rebuilt.kind {
        Kind::Direct => "$4",
        Kind::Group => "NULLIF($4, $4)",
    };
    let change = format!(
        "INSERT INTO conversations (id, kind, created_by, pair, created_at, last_seq, last_at, floor)
         SELECT $1, $2, $3, {pair}, min(created_at), {last}, max(created_at), min(seq) - 1 FROM messages
         WHERE conversation_id = $5"
    );
    let (kind, creator) = (rebuilt.kind.as_str(), rebuilt.creator.as_str());
    execute(tx, &change, &[id, kind, creator, &people.join("\n"), id])?;
    let now = tx.now().millis();
    for person in people {
        let change = format!(
            "INSERT INTO members (user_id, conversation_id, joined_at, read_seq) VALUES ($1, $2, {now}, {last})
             ON CONFLICT (user_id, conversation_id) DO NOTHING"
        );
        execute(tx, &change, &[person, id])?;
    }
    Ok(())
}
