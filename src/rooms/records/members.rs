//! Whom backends let into a room (the table `room_members`).

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;

use super::name;
use crate::{
    kernel::{
        ids::{RoomId, UserId},
        time::Timestamp,
    },
    rooms::rules::Grant,
    store::{Conn, StoreError, Tx, prepared, run, sql::schema::room_members},
};

/// Whether a grant is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// The user had none for this room.
    New,
    /// There was one, which this one replaces.
    Renewed,
}

/// Whether there was a grant to take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// There was.
    Yes,
    /// There was none.
    NotAMember,
}

/// A member of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Since when.
    pub granted_at: Timestamp,
    /// Until when; `None`: without end.
    pub expires_at: Option<Timestamp>,
}

/// The grant of a user, also one whose time is over.
pub fn grant(conn: &mut Conn, room: &RoomId, user: &UserId) -> Result<Option<Grant>, StoreError> {
    let expires_at = run!(conn, |c| room_members::table
        .find((room.as_str(), user.as_str()))
        .select(room_members::expires_at)
        .get_result::<Option<i64>>(c)
        .optional())?;
    Ok(expires_at.map(|end| Grant {
        expires_at: end.map(Timestamp::from_millis),
    }))
}

/// Lets a user in, from now on until the end of the grant.
pub fn put(
    tx: &mut Tx<'_>,
    room: &RoomId,
    user: &UserId,
    grant: Grant,
) -> Result<Granted, StoreError> {
    let granted = match self::grant(tx, room, user)? {
        Some(_) => Granted::Renewed,
        None => Granted::New,
    };
    let end = room_members::expires_at.eq(grant.expires_at.map(Timestamp::millis));
    let row = (
        room_members::room.eq(room.as_str()),
        room_members::user_id.eq(user.as_str()),
        room_members::granted_at.eq(tx.now().millis()),
        end,
    );
    run!(tx, |c| diesel::insert_into(room_members::table)
        .values(row)
        .on_conflict((room_members::room, room_members::user_id))
        .do_update()
        .set(end)
        .execute(c))?;
    Ok(granted)
}

/// Takes a grant back.
pub fn remove(tx: &mut Tx<'_>, room: &RoomId, user: &UserId) -> Result<Revoked, StoreError> {
    let member = room_members::table.find((room.as_str(), user.as_str()));
    let gone = run!(tx, |c| diesel::delete(member).execute(c))?;
    Ok(match gone {
        0 => Revoked::NotAMember,
        _ => Revoked::Yes,
    })
}

/// Those of these users who were let into these rooms: each of them with the room, and perhaps with others of these rooms. Also
/// those whose time is over and who were not taken out yet ([`expire`]).
pub fn among(
    conn: &mut Conn,
    places: &[(RoomId, UserId)],
) -> Result<HashSet<(RoomId, UserId)>, StoreError> {
    let rooms: BTreeSet<&str> = places.iter().map(|it| it.0.as_str()).collect();
    let users: BTreeSet<&str> = places.iter().map(|it| it.1.as_str()).collect();
    let granted = run!(conn, |c| room_members::table
        .filter(room_members::room.eq_any(&rooms))
        .filter(room_members::user_id.eq_any(&users))
        .select((room_members::room, room_members::user_id))
        .load::<(String, String)>(c))?;
    let place = |(room, user): (String, String)| {
        Ok((
            name("room_members.room", &room)?,
            name("room_members.user_id", &user)?,
        ))
    };
    granted.into_iter().map(place).collect()
}

/// The users who may be in a room `now`, at most `limit`.
pub fn current(
    conn: &mut Conn,
    room: &RoomId,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<UserId>, StoreError> {
    let users = run!(conn, |c| room_members::table
        .filter(room_members::room.eq(room.as_str()))
        .filter(
            room_members::expires_at
                .is_null()
                .or(room_members::expires_at.gt(now.millis()))
        )
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(room_members::user_id)
        .load::<String>(c))?;
    let user = |stored: &String| name("room_members.user_id", stored);
    users.iter().map(user).collect()
}

/// The members of a room in the order of their ids, after one of them, at most `limit`.
pub fn page(
    conn: &mut Conn,
    room: &RoomId,
    after: Option<&UserId>,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    let after = after.map_or("", UserId::as_str);
    let rows = run!(conn, |c| room_members::table
        .filter(room_members::room.eq(room.as_str()))
        .filter(room_members::user_id.gt(after))
        .order(room_members::user_id)
        .limit(i64::from(limit))
        .select((
            room_members::user_id,
            room_members::granted_at,
            room_members::expires_at
        ))
        .load::<(String, i64, Option<i64>)>(c))?;
    let member = |(user, granted_at, expires_at): (String, i64, Option<i64>)| {
        Ok(Member {
            user: name("room_members.user_id", &user)?,
            granted_at: Timestamp::from_millis(granted_at),
            expires_at: expires_at.map(Timestamp::from_millis),
        })
    };
    rows.into_iter().map(member).collect()
}

/// Drops up to `limit` grants whose time is over, and says whose they were.
pub fn expire(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<(RoomId, UserId)>, StoreError> {
    let is_over = room_members::expires_at.le(tx.now().millis());
    let over = run!(tx, |c| room_members::table
        .filter(is_over)
        .order(room_members::expires_at)
        .limit(i64::from(limit))
        .select((room_members::room, room_members::user_id))
        .load::<(String, String)>(c))?;
    let mut gone = Vec::with_capacity(over.len());
    for (room, user) in over {
        let member = room_members::table.find((room.as_str(), user.as_str()));
        let member = member.filter(is_over);
        // None if it was renewed, or another node was faster.
        if run!(tx, |c| prepared(diesel::delete(member)).execute(c))? == 0 {
            continue;
        }
        let room = name("room_members.room", &room)?;
        gone.push((room, name("room_members.user_id", &user)?));
    }
    Ok(gone)
}
