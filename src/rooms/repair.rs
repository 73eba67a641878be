//! What may not be in the tables of rooms: a state that is not what it says, a name that no room or member can have.
//!
//! Nothing of it is worth keeping: a state is said again by the backend that said it, and what has no readable name can
//! neither be told to anybody nor be taken back.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};

use super::rules::EVERYONE;
use crate::{
    kernel::ids::{RoomId, UserId},
    protocol::stored::is_event,
    store::{
        Conn, StoreError,
        repair::{Breakage, Rule, Scene, execute, rows},
    },
};

/// What holds of these tables.
pub const RULES: &[Rule] = &[
    Rule {
        name: "room-name",
        find: names,
    },
    Rule {
        name: "room-state",
        find: states,
    },
];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The tables and columns that hold names, and what is a name there.
type Column = (&'static str, &'static str, fn(&str) -> bool);

const NAMES: [Column; 3] = [
    ("room_members", "room", is_room),
    ("room_members", "user_id", |name| {
        name.parse::<UserId>().is_ok()
    }),
    ("room_states", "room", |name| {
        name == EVERYONE || is_room(name)
    }),
];

fn is_room(name: &str) -> bool {
    name.parse::<RoomId>().is_ok()
}

fn names(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let mut found = Vec::new();
    for (table, column, is_name) in NAMES {
        let question = format!("SELECT DISTINCT {column} AS name FROM {table} ORDER BY name");
        let unfit = rows::<Name>(conn, &question, &[])?.into_iter();
        found.extend(unfit.filter(|it| !is_name(&it.name)).map(|Name { name }| {
            Breakage::mended(
                format!("{table}.{column}"),
                format!("is {name:?}, which is no name"),
                "its rows are deleted",
                move |tx| {
                    let change = format!("DELETE FROM {table} WHERE {column} = $1");
                    execute(tx, &change, &[&name]).map(drop)
                },
            )
        }));
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct State {
    #[diesel(sql_type = Text)]
    room: String,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    held: i64,
}

/// What a room may hold is counted by `bytes`. A state's key is its type and the key within that, on a line each.
fn states(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question =
        "SELECT room, key, bytes, CAST(octet_length(body) AS BIGINT) AS held FROM room_states
        WHERE bytes <> octet_length(body) OR key NOT LIKE '%\n%' ORDER BY room, key";
    let wrong = rows::<State>(conn, question, &[])?.into_iter();
    let mut found: Vec<Breakage> = wrong.map(wrong_state).collect();
    for Name { name: room } in rows::<Name>(conn, ROOMS, &[])? {
        let question = "SELECT key, body FROM room_states WHERE room = $1 ORDER BY key";
        let held = rows::<Held>(conn, question, &[&room])?.into_iter();
        let broken = held.filter(|it| it.key.contains('\n') && !is_event(&it.body));
        found.extend(broken.map(|it| {
            let subject = format!("the state {:?} of the room {room}", it.key);
            deleted(subject, "is no event of JSON", room.clone(), it.key)
        }));
    }
    Ok(found)
}

const ROOMS: &str = "SELECT DISTINCT room AS name FROM room_states ORDER BY name";

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    body: String,
}

fn deleted(subject: String, found: &str, room: String, key: String) -> Breakage {
    Breakage::mended(subject, found, "deleted", move |tx| {
        let change = "DELETE FROM room_states WHERE room = $1 AND key = $2";
        execute(tx, change, &[&room, &key]).map(drop)
    })
}

fn wrong_state(state: State) -> Breakage {
    let State {
        room,
        key,
        bytes,
        held,
    } = state;
    let subject = format!("the state {key:?} of the room {room}");
    if !key.contains('\n') {
        let found = "has a key that is not a type and a key";
        return deleted(subject, found, room, key);
    }
    let found = format!("says that it has {bytes} bytes, and has {held}");
    Breakage::mended(subject, found, "it says what it has", move |tx| {
        let change = format!("UPDATE room_states SET bytes = {held} WHERE room = $1 AND key = $2");
        execute(tx, &change, &[&room, &key]).map(drop)
    })
}
