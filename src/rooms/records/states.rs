//! The newest state of each key in a room (the table `room_states`).

use diesel::{dsl::count_star, prelude::*};

use crate::{
    kernel::time::Timestamp,
    store::{Conn, StoreError, Tx, prepared, run, sql::schema::room_states},
};

/// The key of a state within its room.
pub fn key(type_name: &str, key: &str) -> String {
    // Neither has a line feed.
    format!("{type_name}\n{key}")
}

/// Stores the newest state of a key.
pub fn put(
    tx: &mut Tx<'_>,
    room: &str,
    key: &str,
    body: &str,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let state = (
        room_states::body.eq(body),
        room_states::updated_at.eq(tx.now().millis()),
        room_states::expires_at.eq(expires_at.millis()),
    );
    let newest = diesel::insert_into(room_states::table)
        .values((room_states::room.eq(room), room_states::key.eq(key), state))
        .on_conflict((room_states::room, room_states::key))
        .do_update()
        .set(state);
    run!(tx, |c| prepared(newest).execute(c)).map(drop)
}

/// Whether a room has a state of this key.
pub fn has(conn: &mut Conn, room: &str, key: &str) -> Result<bool, StoreError> {
    let found = run!(conn, |c| room_states::table
        .find((room, key))
        .select(room_states::updated_at)
        .get_result::<i64>(c)
        .optional())?;
    Ok(found.is_some())
}

/// How many keys a room has.
pub fn count(conn: &mut Conn, room: &str) -> Result<u64, StoreError> {
    let keys = run!(conn, |c| room_states::table
        .filter(room_states::room.eq(room))
        .select(count_star())
        .get_result::<i64>(c))?;
    Ok(u64::try_from(keys).unwrap_or_default())
}

/// The states that hold in a room `now`, the one that is unchanged for longest first.
pub fn of(conn: &mut Conn, room: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
    run!(conn, |c| room_states::table
        .filter(room_states::room.eq(room))
        .filter(room_states::expires_at.gt(now.millis()))
        .order((room_states::updated_at, room_states::key))
        .select(room_states::body)
        .load::<String>(c))
}

/// Drops up to `limit` states whose time is over, and says how many.
pub fn expire(tx: &mut Tx<'_>, limit: u32) -> Result<u32, StoreError> {
    let now = tx.now().millis();
    let over = run!(tx, |c| room_states::table
        .filter(room_states::expires_at.le(now))
        .order(room_states::expires_at)
        .limit(i64::from(limit))
        .select((room_states::room, room_states::key))
        .load::<(String, String)>(c))?;
    for (room, key) in &over {
        let state = room_states::table.find((room, key));
        run!(tx, |c| prepared(diesel::delete(state)).execute(c))?;
    }
    Ok(u32::try_from(over.len()).unwrap_or(u32::MAX))
}
