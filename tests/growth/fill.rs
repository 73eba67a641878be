//! A database with a long history, made in a minute or two: straight SQL through the real schema.
//!
//! The rows are in `fill.sql`. The indexes of the big tables are dropped before and made again afterwards, from their own
//! definitions: sorting ten million keys once is far cheaper than inserting each in its place.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _, sql_query, sql_types::Text,
};
use otomo::{kernel::config::DatabaseUrl, store::migrations::migrate};

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// How long the history is. A tenth of it is in the inbox, which keeps seven days.
const HISTORY: i64 = 70 * DAY;

/// How much of everything there is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Calls, each with five entries in its timeline.
    pub calls: u32,
    /// Messages: a tenth of them in one conversation, the others a hundred to each.
    pub messages: u32,
    /// People who call and write.
    pub users: u32,
    /// Otomo, all of them with a lease of this node.
    pub otomo: u32,
    /// Friends of `user-0`, and people whom they have a conversation with.
    pub friends: u32,
}

impl Size {
    /// One that is filled in a moment.
    pub const SMALL: Self = Self {
        calls: 200,
        messages: 2_000,
        users: 100,
        otomo: 20,
        friends: 40,
    };

    /// That of the environment (`OTOMO_GROWTH_CALLS` and the like), else this one.
    pub fn or_as_asked(self) -> Self {
        let asked = |name: &str, or: u32| {
            let value = std::env::var(format!("OTOMO_GROWTH_{name}"));
            value.map_or(or, |value| value.parse().expect("a number"))
        };
        Self {
            calls: asked("CALLS", self.calls),
            messages: asked("MESSAGES", self.messages),
            users: asked("USERS", self.users),
            otomo: asked("OTOMO", self.otomo),
            friends: asked("FRIENDS", self.friends),
        }
    }

    /// Messages of the long conversation, and of each of the others.
    fn lengths(self) -> (u32, u32) {
        (self.messages / 10, 100.min(self.messages / 10))
    }

    fn conversations(self) -> u32 {
        let (long, short) = self.lengths();
        1 + (self.messages - long) / short
    }
}

/// Makes a database at `path` and fills it. What is there already is taken for the same, so that it can be measured again.
pub fn fill(path: &Path, size: Size) {
    if path.exists() {
        return;
    }
    migrate(&DatabaseUrl::Sqlite(path.to_owned())).expect("the schema");
    let mut conn = SqliteConnection::establish(path.to_str().expect("a path")).expect("it opens");
    // A database that is only half filled is thrown away, so nothing has to reach the disk in order.
    conn.batch_execute(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = FILE;",
    )
    .expect("settings");
    let indexes = indexes(&mut conn);
    for Index { name, .. } in &indexes {
        conn.batch_execute(&format!("DROP INDEX {name}"))
            .expect("it is there");
    }
    conn.batch_execute(&script(size)).expect("the rows");
    for Index { sql, .. } in &indexes {
        conn.batch_execute(sql).expect("an index");
    }
    conn.batch_execute("PRAGMA journal_mode = WAL;")
        .expect("as the server has it");
}

fn script(size: Size) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = i64::try_from(now.expect("after 1970").as_millis()).expect("before the end of time");
    let (long, short) = size.lengths();
    let numbers: [(&str, i64); 11] = [
        ("users", size.users.into()),
        ("otomo", size.otomo.into()),
        ("calls", size.calls.into()),
        ("friends", size.friends.into()),
        ("partners", size.friends.into()),
        ("conversations", size.conversations().into()),
        ("long", long.into()),
        ("short", short.into()),
        ("now", now),
        ("begin", now - HISTORY),
        // An hour short of the retention: nothing is pruned while one measures.
        ("kept", now - 7 * DAY + DAY / 24),
    ];
    let mut script = include_str!("fill.sql").to_owned();
    for (name, number) in numbers {
        script = script.replace(&format!("{{{name}}}"), &number.to_string());
    }
    script
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// The indexes that the migrations made, without those that belong to a key.
fn indexes(conn: &mut SqliteConnection) -> Vec<Index> {
    sql_query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        .load(conn)
        .expect("the schema")
}
