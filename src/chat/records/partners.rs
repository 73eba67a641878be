//! Conversation partners: who shares a conversation with whom.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{conversation, user};
use crate::{
    kernel::{
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, StoreError, run,
        sql::schema::{last_seen, members},
    },
};

diesel::alias! {
    const OTHERS: Alias<Others> = members as others;
}

/// The conversation partners of a user, each once.
pub fn of(conn: &mut Conn, of: &UserId) -> Result<Vec<UserId>, StoreError> {
    let theirs = members::table
        .filter(members::user_id.eq(of.as_str()))
        .select(members::conversation_id);
    let found = run!(conn, |c| OTHERS
        .filter(OTHERS.field(members::conversation_id).eq_any(theirs))
        .filter(OTHERS.field(members::user_id).ne(of.as_str()))
        .select(OTHERS.field(members::user_id))
        .distinct()
        .load::<String>(c))?;
    found.into_iter().map(user).collect()
}

/// The same, with when each last came or went, if they ever did.
pub fn with_last_seen(
    conn: &mut Conn,
    of: &UserId,
) -> Result<Vec<(UserId, Option<Timestamp>)>, StoreError> {
    let theirs = members::table
        .filter(members::user_id.eq(of.as_str()))
        .select(members::conversation_id);
    let partners = OTHERS
        .filter(OTHERS.field(members::conversation_id).eq_any(theirs))
        .select(OTHERS.field(members::user_id));
    let rows = run!(conn, |c| last_seen::table
        .filter(last_seen::user_id.eq_any(partners))
        .select((last_seen::user_id, last_seen::at))
        .load::<(String, i64)>(c))?;
    let mut seen = HashMap::new();
    for (id, at) in rows {
        seen.insert(user(id)?, Timestamp::from_millis(at));
    }
    let partners = self::of(conn, of)?;
    let with = |user: UserId| {
        let at = seen.get(&user).copied();
        (user, at)
    };
    Ok(partners.into_iter().map(with).collect())
}

/// The conversations that two users share; for one and the same user, all of theirs.
pub fn shared(
    conn: &mut Conn,
    one: &UserId,
    other: &UserId,
) -> Result<Vec<ConversationId>, StoreError> {
    let theirs = members::table
        .filter(members::user_id.eq(one.as_str()))
        .select(members::conversation_id);
    let shared = run!(conn, |c| OTHERS
        .filter(OTHERS.field(members::user_id).eq(other.as_str()))
        .filter(OTHERS.field(members::conversation_id).eq_any(theirs))
        .select(OTHERS.field(members::conversation_id))
        .load::<String>(c))?;
    shared.into_iter().map(conversation).collect()
}
