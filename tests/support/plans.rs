//! No query of the server looks at a whole table, however long its history is.
//!
//! [`watch`] notes each statement that diesel runs in this process, whatever a test is about; [`check`] has SQLite explain
//! the new ones, on an empty database with the real schema, and fails on one that would go through a table that grows. The
//! server keeps no statistics (`ANALYZE`), so its plans are the same on ten rows and on ten million.

use std::{
    collections::HashSet,
    sync::{Mutex, Once, PoisonError},
};

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation},
    sql_query,
    sql_types::Text,
};
use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};

/// Scans that are meant: how the step of the plan begins, what the statement has in it, and why.
const MEANT: [(&str, &str, &str); 8] = [
    (
        "SCAN",
        "(1=0)",
        "nothing was asked for, and nothing is read",
    ),
    (
        "SCAN __diesel_schema_migrations",
        "",
        "as many as there were changes of the schema",
    ),
    ("SCAN nodes", "", "as many as there are nodes"),
    (
        "SCAN live_participants",
        "",
        "those who are in a call right now: looked at when the server starts",
    ),
    (
        "SCAN calls USING INDEX calls_unspoken",
        "",
        "that index has the calls of which people have still to be told, and no others",
    ),
    (
        "SCAN calls USING INDEX calls_requested_at",
        "ORDER BY `calls`.`requested_at` DESC, `calls`.`id` DESC LIMIT",
        "the newest calls of all are the end of that index, and the limit ends the walk",
    ),
    (
        "SCAN leases",
        "UPDATE `leases` SET `expires_at` = ?, `leaving` = ? WHERE ((`leases`.`node` = ?) AND",
        "a node that starts holds what it left behind: those who were connected",
    ),
    (
        "SCAN otomo",
        "`users`.`name`, `users`.`avatar` FROM (`otomo` INNER JOIN `users` ON (`otomo`.`user_id` = `users`.`id`))",
        "the board shows all otomo, and reads them when the server starts",
    ),
];

/// The statements of this process.
static NOTED: Mutex<Noted> = Mutex::new(Noted {
    new: Vec::new(),
    known: None,
});

struct Noted {
    /// Not explained yet.
    new: Vec<String>,
    /// All of them, by their text.
    known: Option<HashSet<String>>,
}

/// Notes what is asked of any database that is opened from now on.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| set_default_instrumentation(note).expect("nobody else does"));
}

fn note() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        let InstrumentationEvent::StartQuery { query, .. } = event else {
            return;
        };
        let query = query.to_string();
        // What stands behind it are the values, which a plan does not look at.
        let sql = query.split(" -- ").next().unwrap_or_default();
        // Diesel quotes names; what tests write themselves, to look at a database, does not.
        if !sql.contains('`') {
            return;
        }
        let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = noted.known.get_or_insert_default();
        if !known.contains(sql) {
            known.insert(sql.to_owned());
            noted.new.push(sql.to_owned());
        }
    }))
}

/// Fails if one of the statements since the last check goes through a whole table.
pub fn check() {
    let new = {
        let mut noted = NOTED.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut noted.new)
    };
    if new.is_empty() {
        return;
    }
    let mut conn = empty_database();
    let scans: Vec<String> = new.iter().flat_map(|sql| scans(&mut conn, sql)).collect();
    assert!(scans.is_empty(), "\n{}\n", scans.join("\n"));
}

/// The steps of a statement's plan that go through a whole table.
fn scans(conn: &mut SqliteConnection, sql: &str) -> Vec<String> {
    let steps = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load::<Step>(conn);
    let Ok(steps) = steps else {
        // Of another database, or of another schema that a test has made for itself.
        return Vec::new();
    };
    let meant = |step: &Step| {
        MEANT
            .iter()
            .any(|(scan, text, _)| step.detail.starts_with(scan) && sql.contains(text))
    };
    let scans = steps
        .iter()
        .filter(|step| goes_through_a_table(&step.detail) && !meant(step));
    scans
        .map(|step| format!("{}: {sql}", step.detail))
        .collect()
}

/// Constants, and tables that a statement makes for itself, are as long as what was asked for.
fn goes_through_a_table(step: &str) -> bool {
    let scanned = step.strip_prefix("SCAN ");
    scanned.is_some_and(|what| !what.starts_with("CONSTANT ROW") && !what.contains("-ROW VALUES"))
}

/// One with the schema and nothing in it.
fn empty_database() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").expect("there is memory");
    conn.set_instrumentation(None::<Box<dyn Instrumentation>>);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let changes = FileBasedMigrations::from_path(folder).expect("the folder");
    conn.run_pending_migrations(changes).expect("the schema");
    conn
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// A check that cannot fail is noticed.
#[test]
fn a_scan_is_found() {
    let mut conn = empty_database();
    let bad = "SELECT `user_id` FROM `inbox_heads` WHERE `head` - `floor` > 10000";
    assert_eq!(scans(&mut conn, bad).len(), 1);
    let good =
        "SELECT `user_id` FROM `inbox_heads` WHERE `user_id` > ? AND `head` - `floor` > 10000";
    assert_eq!(scans(&mut conn, good), Vec::<String>::new());
}
