//! Drops the oldest messages of conversations: the floor moves up, and what is above it stays without a gap.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{conversation, seq_column, seq_from, user};
use crate::{
    kernel::{
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, StoreError, Tx, run,
        sql::schema::{conversations, members, messages},
    },
};

/// Conversations that one read looks at: a few milliseconds' worth.
const LOOK_CONVERSATIONS: i64 = 10_000;

/// What one step has dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    /// How many messages.
    pub messages: u64,
    /// Who had not read all of them: they have fewer unread messages now.
    pub unread_by: Vec<UserId>,
}

/// Drops up to `limit` messages stored before `before`, oldest first; `None` when none is left.
pub fn drop_aged(
    tx: &mut Tx<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<Option<Dropped>, StoreError> {
    let aged = run!(tx, |c| messages::table
        .filter(messages::created_at.lt(before.millis()))
        .order(messages::created_at)
        .limit(i64::from(limit))
        .select((messages::conversation_id, messages::seq))
        .load::<(String, i64)>(c))?;
    // Always from the beginning of a conversation, even if the clock was once set back and a later message looks older.
    let mut ends = BTreeMap::new();
    for (id, seq) in aged {
        let end = ends.entry(id).or_insert(seq);
        *end = seq.max(*end);
    }
    let mut all = Dropped::default();
    for (id, end) in ends {
        let left = u64::from(limit).saturating_sub(all.messages);
        let dropped = drop_beginning(tx, conversation(id)?, seq_from(end)?, left)?;
        all.messages += dropped.messages;
        all.unread_by.extend(dropped.unread_by);
    }
    Ok(Some(all).filter(|all| all.messages > 0))
}

/// Of the next so many conversations after `after`, those that hold more than `keep` messages; and after which to go on, if
/// there are further ones. All of them at once would be a read as long as there are conversations.
pub fn overfull(
    conn: &mut Conn,
    keep: u32,
    after: &str,
) -> Result<(Vec<ConversationId>, Option<String>), StoreError> {
    let next = conversations::id.gt(after);
    let end = run!(conn, |c| conversations::table
        .filter(next)
        .order(conversations::id)
        .limit(1)
        .offset(LOOK_CONVERSATIONS - 1)
        .select(conversations::id)
        .get_result::<String>(c)
        .optional())?;
    let ids = run!(conn, |c| {
        let overfull = conversations::table
            .filter(next)
            .filter((conversations::last_seq - conversations::floor).gt(i64::from(keep)))
            .select(conversations::id)
            .into_boxed();
        match &end {
            Some(end) => overfull.filter(conversations::id.le(end)),
            None => overfull,
        }
        .load::<String>(c)
    })?;
    let ids = ids
        .into_iter()
        .map(conversation)
        .collect::<Result<_, _>>()?;
    Ok((ids, end))
}

/// Drops up to `limit` messages of what a conversation holds beyond its newest `keep`; `None` when it holds no more than
/// that.
pub fn drop_overfull(
    tx: &mut Tx<'_>,
    of: ConversationId,
    keep: u32,
    limit: u32,
) -> Result<Option<Dropped>, StoreError> {
    let (_, last) = extent(tx, of)?;
    let end = last.saturating_sub(u64::from(keep));
    let dropped = drop_beginning(tx, of, end, u64::from(limit))?;
    Ok(Some(dropped).filter(|it| it.messages > 0))
}

/// Drops up to `limit` messages of a conversation, from its first on, at most up to `end`; the floor moves with them.
fn drop_beginning(
    tx: &mut Tx<'_>,
    of: ConversationId,
    end: u64,
    limit: u64,
) -> Result<Dropped, StoreError> {
    super::lock(tx, of)?;
    let (before, _) = extent(tx, of)?;
    let floor = end.min(before.saturating_add(limit));
    if floor <= before {
        return Ok(Dropped::default());
    }
    let id = of.to_string();
    let gone = messages::conversation_id
        .eq(&id)
        .and(messages::seq.le(seq_column(floor)));
    run!(tx, |c| diesel::delete(messages::table.filter(gone))
        .execute(c))?;
    run!(tx, |c| diesel::update(conversations::table.find(&id))
        .set(conversations::floor.eq(seq_column(floor)))
        .execute(c))?;
    let behind = run!(tx, |c| members::table
        .filter(members::conversation_id.eq(&id))
        .filter(members::read_seq.lt(seq_column(floor)))
        .select(members::user_id)
        .load::<String>(c))?;
    Ok(Dropped {
        messages: floor - before,
        unread_by: behind.into_iter().map(user).collect::<Result<_, _>>()?,
    })
}

/// The floor of a conversation and its last message.
fn extent(conn: &mut Conn, of: ConversationId) -> Result<(u64, u64), StoreError> {
    let (floor, last) = run!(conn, |c| conversations::table
        .find(of.to_string())
        .select((conversations::floor, conversations::last_seq))
        .get_result::<(i64, i64)>(c))?;
    Ok((seq_from(floor)?, seq_from(last)?))
}
