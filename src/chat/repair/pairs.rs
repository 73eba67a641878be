//! What a conversation is, a group or of two people alone, and who the two are.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};

use super::{
    Id,
    rules::{self, Nature},
};
use crate::{
    chat::rules::Kind,
    kernel::ids::{ConversationId, UserId},
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Scene, execute, rows},
    },
};

/// A conversation, by what is said of it and how many are in it.
#[derive(QueryableByName)]
struct Whole {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    pair: Option<String>,
    #[diesel(sql_type = Bool)]
    is_titled: bool,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

impl Whole {
    /// Those for which something holds.
    fn all(conn: &mut Conn, which: &str) -> Result<Vec<Self>, StoreError> {
        let question = format!(
            "SELECT whole.id AS id, whole.kind AS kind, whole.pair AS pair, whole.title IS NOT NULL AS is_titled,
                count(members.user_id) AS people
            FROM conversations AS whole LEFT JOIN members ON members.conversation_id = whole.id
            GROUP BY whole.id, whole.kind, whole.pair, whole.title HAVING {which} ORDER BY whole.id"
        );
        rows(conn, &question, &[])
    }

    /// Who is in it, wrote into it, began it, or is said to be of its pair.
    fn known(&self, conn: &mut Conn) -> Result<BTreeSet<UserId>, StoreError> {
        let question = "SELECT user_id AS id FROM members WHERE conversation_id = $1
            UNION SELECT sender_id FROM messages WHERE conversation_id = $2
            UNION SELECT created_by FROM conversations WHERE id = $3";
        let mut known: BTreeSet<UserId> = named(conn, question, &[&*self.id; 3])?;
        let pair = self.pair.iter().flat_map(|pair| pair.split('\n'));
        known.extend(pair.filter_map(|name| name.parse::<UserId>().ok()));
        Ok(known)
    }

    fn id(&self) -> Option<ConversationId> {
        self.id.parse().ok()
    }
}

/// Those whom a question names, of those whose ids somebody can have.
pub(super) fn named<P: FromIterator<UserId>>(
    conn: &mut Conn,
    question: &str,
    keys: &[&str],
) -> Result<P, StoreError> {
    let named = rows::<Id>(conn, question, keys)?.into_iter();
    Ok(named.filter_map(|it| it.id.parse().ok()).collect())
}

/// One that cannot be read keeps its people's lists from being read; of one with a pair the two alone have a part. A group with
/// the id of two of its people is theirs alone: with it taken, they could not begin another.
pub(super) fn of_no_kind(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    // The digit tells of an id that is a name's hash (`ConversationId::is_named`).
    let odd = "whole.kind NOT IN ('direct', 'group')
        OR whole.kind = 'group' AND (whole.pair IS NOT NULL OR substr(whole.id, 15, 1) = '5')";
    let mut found = Vec::new();
    for odd in Whole::all(conn, odd)? {
        let (known, is_group) = (odd.known(conn)?, odd.kind == Kind::Group.as_str());
        let says_group = is_group || odd.is_titled;
        let nature = odd
            .id()
            .and_then(|id| rules::nature(id, says_group, &known));
        let is_sound = is_group && odd.pair.is_none() && nature == Some(Nature::Group);
        if !is_sound {
            found.push(odd_kind(odd, nature));
        }
    }
    Ok(found)
}

fn odd_kind(odd: Whole, nature: Option<Nature>) -> Breakage {
    let Whole { id, kind, pair, .. } = odd;
    let subject = format!("the conversation {id}");
    let of = match (pair, &nature) {
        (Some(pair), _) => format!(", and of {} alone", told(&pair)),
        (None, Some(Nature::Direct([one, other]))) => {
            format!(", and has the id of {one} and {other}")
        }
        (None, _) => String::new(),
    };
    let found = format!("is of the kind {kind:?}{of}");
    match nature {
        Some(Nature::Direct([one, other])) => {
            let how = format!("it is of {one} and {other}");
            Breakage::mended(subject, found, how, move |tx| {
                put_pair(tx, &id, [&one, &other])
            })
        }
        Some(Nature::Group) => Breakage::mended(subject, found, "it is a group", move |tx| {
            let change = "UPDATE conversations SET kind = $1, pair = NULL WHERE id = $2";
            execute(tx, change, &[Kind::Group.as_str(), &id]).map(drop)
        }),
        None => Breakage::left(
            subject,
            found,
            "put a backup in the place of the database, or, if it was a group, say so by hand (kind 'group', no pair): its id \
             may be that of two people, and of what they wrote nobody else may hear",
        ),
    }
}

fn told(pair: &str) -> String {
    pair.replace('\n', " and ")
}

/// Strangers must not read what two people wrote, and the two must be able to.
pub(super) fn of_others(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let wrong = "whole.kind = 'direct' AND (whole.pair IS NULL OR count(members.user_id) <> 2
        OR min(members.user_id) || '\n' || max(members.user_id) <> whole.pair)";
    let mut found = Vec::new();
    for wrong in Whole::all(conn, wrong)? {
        let known = wrong.known(conn)?;
        let whose = wrong.id().and_then(|id| rules::whose(id, &known));
        found.push(wrong_pair(wrong, whose));
    }
    Ok(found)
}

fn wrong_pair(wrong: Whole, whose: Option<[UserId; 2]>) -> Breakage {
    let Whole {
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

pub(super) fn put_pair(
    tx: &mut Tx<'_>,
    id: &str,
    [one, other]: [&UserId; 2],
) -> Result<(), StoreError> {
    let pair = one.pair(other);
    // Another may say that it is theirs, as two do whose pairs are exchanged: it is of nobody then, which is found next.
    let taken = "UPDATE conversations SET pair = id WHERE pair = $1 AND id <> $2";
    execute(tx, taken, &[&pair, id])?;
    let change = "UPDATE conversations SET kind = $1, pair = $2 WHERE id = $3";
    execute(tx, change, &[Kind::Direct.as_str(), &pair, id])?;
    let strangers = "DELETE FROM members WHERE conversation_id = $1 AND user_id NOT IN ($2, $3)";
    execute(tx, strangers, &[id, one.as_str(), other.as_str()])?;
    put(tx, id, one)?;
    put(tx, id, other)
}

/// Whoever is put into a conversation again has read what is there, as whoever joins.
pub(super) fn put(tx: &mut Tx<'_>, id: &str, person: &UserId) -> Result<(), StoreError> {
    let now = tx.now().millis();
    let change = format!(
        "INSERT INTO members (user_id, conversation_id, joined_at, read_seq)
         SELECT $1, id, {now}, last_seq FROM conversations WHERE id = $2
         ON CONFLICT (user_id, conversation_id) DO NOTHING"
    );
    execute(tx, &change, &[person.as_str(), id]).map(drop)
}
