//! The newest state of each key in a room (the table `room_states`).

use std::collections::BTreeSet;

use diesel::{
    dsl::{count_star, sql},
    prelude::*,
    sql_types::BigInt,
};

use crate::{
    kernel::{ids::RoomId, time::Timestamp},
    protocol::stored::is_event,
    store::{Conn, Lossy, StoreError, Tx, prepared, readable, run, sql::schema::room_states},
};

/// The key of a state within its room.
pub fn key(type_name: &str, key: &str) -> String {
    // Neither has a line feed.
    format!("{type_name}\n{key}")
}

/// What a room holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// How many keys.
    pub keys: u64,
    /// How many bytes their states have together.
    pub bytes: u64,
}

/// A state that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Of what, within its room.
    pub key: String,
    /// The whole message.
    pub body: String,
    /// Which one of its key it is: a newer one has more.
    pub revision: i64,
    /// Until when it holds.
    pub expires_at: Timestamp,
}

/// Key, body, revision and end of a state.
type StateRow = (Lossy, Lossy, i64, i64);

/// When a state was stored, which is its revision, too: it rises also where two of a key are stored within a millisecond, or
/// by nodes whose clocks differ.
const RISING: &str = "CASE WHEN excluded.updated_at > room_states.updated_at \
    THEN excluded.updated_at ELSE room_states.updated_at + 1 END";

/// Stores the newest state of a key. Returns its revision.
pub fn put(
    tx: &mut Tx<'_>,
    room: &str,
    key: &str,
    body: &str,
    expires_at: Timestamp,
) -> Result<i64, StoreError> {
    let state = (
        room_states::bytes.eq(i64::try_from(body.len()).unwrap_or(i64::MAX)),
        room_states::body.eq(body),
        room_states::expires_at.eq(expires_at.millis()),
    );
    let stored_at = room_states::updated_at.eq(tx.now().millis());
    let newest = diesel::insert_into(room_states::table)
        .values((
            room_states::room.eq(room),
            room_states::key.eq(key),
            stored_at,
            state,
        ))
        .on_conflict((room_states::room, room_states::key))
        .do_update()
        .set((state, room_states::updated_at.eq(sql::<BigInt>(RISING))))
        .returning(room_states::updated_at);
    run!(tx, |c| prepared(newest).get_result::<i64>(c))
}

/// The state of a key that holds `now`, if there is one that can be read.
pub fn find(
    conn: &mut Conn,
    room: &str,
    key: &str,
    now: Timestamp,
) -> Result<Option<State>, StoreError> {
    let found = run!(conn, |c| room_states::table
        .find((room, key))
        .filter(room_states::expires_at.gt(now.millis()))
        .select((
            room_states::key,
            room_states::body,
            room_states::updated_at,
            room_states::expires_at
        ))
        .get_result::<StateRow>(c)
        .optional())?;
    Ok(readable(found.map(|row| sound(room, row)))?.pop())
}

/// A state as it is stored.
fn sound(room: &str, (key, body, revision, expires_at): StateRow) -> Result<State, StoreError> {
    let (key, body) = (String::from(key), String::from(body));
    if !is_event(&body) {
        return Err(StoreError::corrupt(format!(
            "the state {key:?} of the room {room} is no event of JSON"
        )));
    }
    Ok(State {
        key,
        body,
        revision,
        expires_at: Timestamp::from_millis(expires_at),
    })
}

/// How many bytes the state of a key has that holds `now`, if there is one.
pub fn size(
    conn: &mut Conn,
    room: &str,
    key: &str,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let bytes = run!(conn, |c| room_states::table
        .find((room, key))
        .filter(room_states::expires_at.gt(now.millis()))
        .select(room_states::bytes)
        .get_result::<i64>(c)
        .optional())?;
    Ok(bytes.map(|bytes| u64::try_from(bytes).unwrap_or_default()))
}

/// What a room holds `now`.
pub fn held(conn: &mut Conn, room: &str, now: Timestamp) -> Result<Held, StoreError> {
    // Sums of BIGINT are NUMERIC on some databases.
    let sum = sql::<BigInt>("CAST(COALESCE(SUM(bytes), 0) AS BIGINT)");
    let (keys, bytes) = run!(conn, |c| room_states::table
        .filter(room_states::room.eq(room))
        .filter(room_states::expires_at.gt(now.millis()))
        .select((count_star(), sum))
        .get_result::<(i64, i64)>(c))?;
    let count = |number| u64::try_from(number).unwrap_or_default();
    Ok(Held {
        keys: count(keys),
        bytes: count(bytes),
    })
}

/// The states that hold in a room `now` and can be read, the one that is unchanged for longest first.
pub fn of(conn: &mut Conn, room: &str, now: Timestamp) -> Result<Vec<State>, StoreError> {
    let states = run!(conn, |c| room_states::table
        .filter(room_states::room.eq(room))
        .filter(room_states::expires_at.gt(now.millis()))
        .order((room_states::updated_at, room_states::key))
        .select((
            room_states::key,
            room_states::body,
            room_states::updated_at,
            room_states::expires_at
        ))
        .load::<StateRow>(c))?;
    readable(states.into_iter().map(|row| sound(room, row)))
}

/// Those of these rooms that hold a state.
pub fn holding(conn: &mut Conn, rooms: &[RoomId]) -> Result<Vec<RoomId>, StoreError> {
    let names: Vec<&str> = rooms.iter().map(RoomId::as_str).collect();
    let holding: BTreeSet<String> = run!(conn, |c| room_states::table
        .filter(room_states::room.eq_any(&names))
        .select(room_states::room)
        .distinct()
        .load::<String>(c))?
    .into_iter()
    .collect();
    let holds = |room: &&RoomId| holding.contains(room.as_str());
    Ok(rooms.iter().filter(holds).cloned().collect())
}

/// Drops up to `limit` states whose time is over, and says how many.
pub fn expire(tx: &mut Tx<'_>, limit: u32) -> Result<u32, StoreError> {
    let is_over = room_states::expires_at.le(tx.now().millis());
    let over = run!(tx, |c| room_states::table
        .filter(is_over)
        .order(room_states::expires_at)
        .limit(i64::from(limit))
        .select((room_states::room, room_states::key))
        .load::<(String, String)>(c))?;
    for (room, key) in &over {
        let state = room_states::table.find((room, key)).filter(is_over);
        run!(tx, |c| prepared(diesel::delete(state)).execute(c))?;
    }
    Ok(u32::try_from(over.len()).unwrap_or(u32::MAX))
}
