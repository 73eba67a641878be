//! What a conversation is, a group or of two people alone, and who the two are.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};

use super::rules;
use crate::{
    chat::rules::Kind,
    kernel::ids::UserId,
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// A conversation, and who is in it.
#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pair: Option<String>,
    #[diesel(sql_type = BigInt)]
    people: i64,
    /// The first and the last of them, by id, as a pair is written.
    #[diesel(sql_type = Nullable<Text>)]
    there: Option<String>,
}

impl Pair {
    /// Those for which something holds.
    fn all(conn: &mut Conn, which: &str) -> Result<Vec<Self>, StoreError> {
        let question = format!(
            "SELECT whole.id AS id, whole.kind AS kind, whole.pair AS pair, count(members.user_id) AS people,
                min(members.user_id) || '\n' || max(members.user_id) AS there
            FROM conversations AS whole LEFT JOIN members ON members.conversation_id = whole.id
            GROUP BY whole.id, whole.kind, whole.pair HAVING {which} ORDER BY whole.id"
        );
        rows(conn, &question, &[])
    }

    fn whose(&self) -> Option<[UserId; 2]> {
        let there = self.there.as_deref().filter(|_| self.people == 2);
        rules::whose(&self.id, self.pair.as_deref(), there)
    }
}

/// One that cannot be read keeps its people's lists from being read; of one with a pair the two alone have a part.
pub(super) fn of_no_kind(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let odd =
        "whole.kind NOT IN ('direct', 'group') OR whole.kind = 'group' AND whole.pair IS NOT NULL";
    let odd = Pair::all(conn, odd)?.into_iter();
    Ok(odd.map(odd_kind).collect())
}

fn odd_kind(odd: Pair) -> Breakage {
    let whose = odd.whose();
    let Pair { id, kind, pair, .. } = odd;
    let subject = format!("the conversation {id}");
    let of = match pair {
        None => String::new(),
        Some(pair) => format!(", and of {} alone", told(&pair)),
    };
    let found = format!("is of the kind {kind:?}{of}");
    match whose {
        Some([one, other]) => {
            let how = format!("it is of {one} and {other}");
            Breakage::mended(subject, found, how, move |tx| {
                put_pair(tx, &id, [&one, &other])
            })
        }
        None => Breakage::mended(subject, found, "it is a group", move |tx| {
            let change = "UPDATE conversations SET kind = $1, pair = NULL WHERE id = $2";
            execute(tx, change, &[Kind::Group.as_str(), &id]).map(drop)
        }),
    }
}

fn told(pair: &str) -> String {
    pair.replace('\n', " and ")
}

/// Strangers must not read what two people wrote, and the two must be able to.
pub(super) fn of_others(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let wrong = "whole.kind = 'direct' AND (whole.pair IS NULL OR count(members.user_id) <> 2
        OR min(members.user_id) || '\n' || max(members.user_id) <> whole.pair)";
    let wrong = Pair::all(conn, wrong)?.into_iter();
    Ok(wrong.map(wrong_pair).collect())
}

fn wrong_pair(wrong: Pair) -> Breakage {
    let whose = wrong.whose();
    let Pair {
        id, pair, people, ..
    } = wrong;
    let subject = format!("the conversation {id}");
    let of = pair.map_or("nobody".to_owned(), |pair| told(&pair));
    let found = format!("is of {of}, and not they alone are in it ({people} people)");
    match whose {
        Some([one, other]) => Breakage::mended(
            subject,
            found,
            format!("it is of {one} and {other}, who are in it"),
            move |tx| put_pair(tx, &id, [&one, &other]),
        ),
        None => Breakage::left(
            subject,
            found,
            "put a backup in the place of the database: its id does not say whose it is",
        ),
    }
}

/// Whoever is put into it again has read what is there, as whoever joins.
fn put_pair(tx: &mut Tx<'_>, id: &str, [one, other]: [&UserId; 2]) -> Result<(), StoreError> {
    let change = "UPDATE conversations SET kind = $1, pair = $2 WHERE id = $3";
    execute(tx, change, &[Kind::Direct.as_str(), &one.pair(other), id])?;
    let strangers = "DELETE FROM members WHERE conversation_id = $1 AND user_id NOT IN ($2, $3)";
    execute(tx, strangers, &[id, one.as_str(), other.as_str()])?;
    let now = tx.now().millis();
    for person in [one, other] {
        let change = format!(
            "INSERT INTO members (user_id, conversation_id, joined_at, read_seq)
             SELECT $1, id, {now}, last_seq FROM conversations WHERE id = $2
             ON CONFLICT (user_id, conversation_id) DO NOTHING"
        );
        execute(tx, &change, &[person.as_str(), id])?;
    }
    Ok(())
}
