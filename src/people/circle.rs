//! Who knows whom: friends, and conversation partners, who share a conversation. They alone are told whether somebody is
//! there, and when they were last.

use std::collections::{BTreeMap, HashMap, hash_map::Entry};

use diesel::{dsl::count_star, prelude::*};

use crate::{
    kernel::{
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    store::{
        Conn, Lossy, StoreError, prepared, readable, rounded, run,
        sql::schema::{friendships, last_seen, members},
    },
};

diesel::alias! {
    const OTHERS: Alias<Others> = members as others;
}

/// The word for a friend in `friendships.standing`; the others are of requests that are open.
pub const FRIEND: &str = "friend";

/// Whom somebody knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circle {
    /// Their conversation partners, each once.
    pub partners: Vec<UserId>,
    /// Their friends who are no conversation partners, each once.
    pub friends: Vec<UserId>,
}

impl Circle {
    /// All of them.
    pub fn everybody(&self) -> impl Iterator<Item = &UserId> {
        self.partners.iter().chain(&self.friends)
    }
}

/// A part of a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Conversation partners alone.
    Partners,
    /// Friends, too.
    Everybody,
}

/// Whom a user knows.
pub fn of(conn: &mut Conn, of: &UserId) -> Result<Circle, StoreError> {
    let partners = partners(conn, of)?;
    let mut friends = friends(conn, of)?;
    // Both are in order.
    friends.retain(|friend| partners.binary_search(friend).is_err());
    Ok(Circle { partners, friends })
}

/// The conversation partners of a user, each once, in order.
pub fn partners(conn: &mut Conn, of: &UserId) -> Result<Vec<UserId>, StoreError> {
    let theirs = members::table
        .filter(members::user_id.eq(of.as_str()))
        .select(members::conversation_id);
    let found = run!(conn, |c| OTHERS
        .filter(OTHERS.field(members::conversation_id).eq_any(theirs))
        .filter(OTHERS.field(members::user_id).ne(of.as_str()))
        .select(OTHERS.field(members::user_id))
        .distinct()
        .load::<Lossy>(c))?;
    in_order(found)
}

/// The friends of a user, each once, in order.
pub fn friends(conn: &mut Conn, of: &UserId) -> Result<Vec<UserId>, StoreError> {
    let found = run!(conn, |c| friendships::table
        .filter(friendships::user_id.eq(of.as_str()))
        .filter(friendships::standing.eq(FRIEND))
        .select(friendships::other_id)
        .load::<Lossy>(c))?;
    in_order(found)
}

/// Whom a user knows within a scope, with when each last came or went, if they ever did.
pub fn with_last_seen(
    conn: &mut Conn,
    of: &UserId,
    scope: Scope,
) -> Result<BTreeMap<UserId, Option<Timestamp>>, StoreError> {
    let theirs = members::table
        .filter(members::user_id.eq(of.as_str()))
        .select(members::conversation_id);
    let partners = OTHERS
        .filter(OTHERS.field(members::conversation_id).eq_any(theirs))
        .select(OTHERS.field(members::user_id));
    let mut rows = run!(conn, |c| last_seen::table
        .filter(last_seen::user_id.eq_any(partners))
        .select((last_seen::user_id, last_seen::at))
        .load::<(String, i64)>(c))?;
    let known = match scope {
        Scope::Partners => Circle {
            partners: self::partners(conn, of)?,
            friends: Vec::new(),
        },
        Scope::Everybody => {
            let friends = friendships::table
                .filter(friendships::user_id.eq(of.as_str()))
                .filter(friendships::standing.eq(FRIEND))
                .select(friendships::other_id);
            rows.extend(run!(conn, |c| last_seen::table
                .filter(last_seen::user_id.eq_any(friends))
                .select((last_seen::user_id, last_seen::at))
                .load::<(String, i64)>(c))?);
            self::of(conn, of)?
        }
    };
    let mut seen = HashMap::new();
    for (id, at) in rows {
        seen.insert(user(id)?, Timestamp::from_millis(at));
    }
    let with = |user: &UserId| (user.clone(), seen.get(user).copied());
    Ok(known.everybody().map(with).collect())
}

/// Whom some users know. Those who know nobody are not in it.
pub fn of_many(conn: &mut Conn, users: &[&UserId]) -> Result<HashMap<UserId, Circle>, StoreError> {
    let ids = rounded(users.iter().map(|user| user.as_str()).collect());
    let talking = members::table
        .filter(members::user_id.eq_any(ids.as_slice()))
        .select(members::user_id)
        .distinct();
    let befriended = friendships::table
        .filter(friendships::user_id.eq_any(ids.as_slice()))
        .filter(friendships::standing.eq(FRIEND))
        .select(friendships::user_id)
        .distinct();
    let mut known: Vec<Lossy> = run!(conn, |c| prepared(talking).load(c))?;
    known.extend(run!(conn, |c| prepared(befriended).load::<Lossy>(c))?);
    let mut circles = HashMap::new();
    for user in in_order(known)? {
        if let Entry::Vacant(circle) = circles.entry(user.clone()) {
            circle.insert(of(conn, &user)?);
        }
    }
    Ok(circles)
}

/// How much there is to read about those whom some users know, within a scope: the members of all their conversations,
/// themselves included, and their friends. Who is not in it has neither.
pub fn sizes(
    conn: &mut Conn,
    of: &[&UserId],
    scope: Scope,
) -> Result<HashMap<UserId, usize>, StoreError> {
    let ids = rounded(of.iter().map(|user| user.as_str()).collect());
    let shares = OTHERS
        .field(members::conversation_id)
        .eq(members::conversation_id);
    let partners = members::table
        .inner_join(OTHERS.on(shares))
        .filter(members::user_id.eq_any(ids.as_slice()))
        .group_by(members::user_id)
        .select((members::user_id, count_star()));
    let mut found = run!(conn, |c| prepared(partners).load::<(String, i64)>(c))?;
    if scope == Scope::Everybody {
        let friends = friendships::table
            .filter(friendships::user_id.eq_any(ids.as_slice()))
            .filter(friendships::standing.eq(FRIEND))
            .group_by(friendships::user_id)
            .select((friendships::user_id, count_star()));
        found.extend(run!(conn, |c| prepared(friends).load::<(String, i64)>(c))?);
    }
    let mut sizes = HashMap::new();
    for (id, count) in found {
        *sizes.entry(user(id)?).or_default() += usize::try_from(count).unwrap_or(usize::MAX);
    }
    Ok(sizes)
}

/// Whether two users know each other.
pub fn know_each_other(conn: &mut Conn, one: &UserId, other: &UserId) -> Result<bool, StoreError> {
    let friends = run!(conn, |c| friendships::table
        .find((one.as_str(), other.as_str()))
        .filter(friendships::standing.eq(FRIEND))
        .count()
        .get_result::<i64>(c))?;
    Ok(friends > 0 || !shared(conn, one, other)?.is_empty())
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
    let conversation = |id: String| {
        let corrupt = |fault| StoreError::corrupt(format!("conversation {id:?}: {fault}"));
        id.parse().map_err(corrupt)
    };
    shared.into_iter().map(conversation).collect()
}

/// Those whose ids can be read.
fn in_order(ids: Vec<Lossy>) -> Result<Vec<UserId>, StoreError> {
    let mut users = readable(ids.into_iter().map(|id| user(id.into())))?;
    users.sort_unstable();
    Ok(users)
}

fn user(id: String) -> Result<UserId, StoreError> {
    let corrupt = |fault| StoreError::corrupt(format!("user {id:?}: {fault}"));
    id.parse().map_err(corrupt)
}
