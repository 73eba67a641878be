//! The table `friendships`: two rows for two people, one as each of them sees it.

use diesel::{dsl::count_star, prelude::*};

use super::rules::{Count, Standing};
use crate::{
    kernel::{ids::UserId, time::Timestamp},
    store::{Conn, Lossy, StoreError, Tx, readable, readable_page, run, sql::schema::friendships},
};

/// What somebody is to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Friendship {
    /// Who.
    pub other: UserId,
    /// What they are.
    pub standing: Standing,
    /// Since when.
    pub since: Timestamp,
}

/// A place in a list: after somebody who has been there since then.
#[derive(Debug, Clone)]
pub struct Place {
    /// Since when.
    pub since: Timestamp,
    /// Who.
    pub other: UserId,
}

/// What `other` is to `user`, if anything.
pub fn find(
    conn: &mut Conn,
    user: &UserId,
    other: &UserId,
) -> Result<Option<Friendship>, StoreError> {
    let row = run!(conn, |c| friendships::table
        .find((user.as_str(), other.as_str()))
        .select((
            friendships::other_id,
            friendships::standing,
            friendships::since_at
        ))
        .get_result::<Row>(c)
        .optional())?;
    row.map(Friendship::try_from).transpose()
}

/// How many of each a user has.
pub fn count(conn: &mut Conn, of: &UserId) -> Result<Count, StoreError> {
    let rows = run!(conn, |c| friendships::table
        .filter(friendships::user_id.eq(of.as_str()))
        .group_by(friendships::standing)
        .select((friendships::standing, count_star()))
        .load::<(Lossy, i64)>(c))?;
    let read = |(standing, rows)| Ok((self::standing(standing)?, rows));
    let mut count = Count::default();
    for (standing, rows) in readable(rows.into_iter().map(read))? {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        match standing {
            Standing::Outgoing => count.outgoing = rows,
            Standing::Incoming => count.incoming = rows,
            Standing::Friend => count.friends = rows,
        }
    }
    Ok(count)
}

/// A part of what a user has, of all kinds or one, the latest first, at most `limit`.
pub fn page(
    conn: &mut Conn,
    of: &UserId,
    which: Option<Standing>,
    after: Option<&Place>,
    limit: u32,
) -> Result<Vec<Friendship>, StoreError> {
    readable_page(limit, |rows, passed| {
        run!(conn, |c| {
            let mut list = friendships::table
                .filter(friendships::user_id.eq(of.as_str()))
                .select((
                    friendships::other_id,
                    friendships::standing,
                    friendships::since_at,
                ))
                .order((friendships::since_at.desc(), friendships::other_id.desc()))
                .limit(rows)
                .offset(passed)
                .into_boxed();
            if let Some(standing) = which {
                list = list.filter(friendships::standing.eq(standing.as_str()));
            }
            if let Some(Place { since, other }) = after {
                let (since, other) = (since.millis(), other.as_str());
                let earlier = friendships::since_at.lt(since);
                let beside = friendships::since_at
                    .eq(since)
                    .and(friendships::other_id.lt(other));
                // The first is what the index is entered by; the others leave out who came before.
                list = list.filter(friendships::since_at.le(since));
                list = list.filter(earlier.or(beside));
            }
            list.load::<Row>(c)
        })
    })
}

/// `other` is this to `user` from now on, and the other way round.
pub fn put(
    tx: &mut Tx<'_>,
    user: &UserId,
    other: &UserId,
    standing: Standing,
) -> Result<(), StoreError> {
    let now = friendships::since_at.eq(tx.now().millis());
    for (user, other, standing) in [(user, other, standing), (other, user, standing.mirrored())] {
        let standing = friendships::standing.eq(standing.as_str());
        run!(tx, |c| diesel::insert_into(friendships::table)
            .values((
                friendships::user_id.eq(user.as_str()),
                friendships::other_id.eq(other.as_str()),
                standing,
                now
            ))
            .on_conflict((friendships::user_id, friendships::other_id))
            .do_update()
            .set((standing, now))
            .execute(c))?;
    }
    Ok(())
}

/// The two are nothing to each other any more.
pub fn remove(tx: &mut Tx<'_>, user: &UserId, other: &UserId) -> Result<(), StoreError> {
    for (user, other) in [(user, other), (other, user)] {
        let row = friendships::table.find((user.as_str(), other.as_str()));
        run!(tx, |c| diesel::delete(row).execute(c))?;
    }
    Ok(())
}

/// The other, what they are, and since when.
type Row = (Lossy, Lossy, i64);

impl TryFrom<Row> for Friendship {
    type Error = StoreError;

    fn try_from((other, standing, since): Row) -> Result<Self, StoreError> {
        let corrupt = |fault| StoreError::corrupt(format!("friendships.other_id: {fault}"));
        Ok(Self {
            other: String::from(other).parse().map_err(corrupt)?,
            standing: self::standing(standing)?,
            since: Timestamp::from_millis(since),
        })
    }
}

fn standing(column: Lossy) -> Result<Standing, StoreError> {
    let corrupt = |fault| StoreError::corrupt(format!("friendships.standing: {fault}"));
    String::from(column).parse().map_err(corrupt)
}
