//! Changes of the schema: made once, never backwards.

use std::sync::{Arc, Barrier};

use diesel::prelude::*;
use otomo::store::{StoreError, migrations::migrate, run};

use super::{Database, notes};

/// Servers that start at once.
const STARTING: usize = 8;

/// Servers that start at the same moment on a database that is not there yet.
pub(super) async fn only_one_of_many_migrates(database: &impl Database) {
    let url = database.config().url;
    let together = Arc::new(Barrier::new(STARTING));
    let starting: Vec<_> = (0..STARTING)
        .map(|_| {
            let (url, together) = (url.clone(), Arc::clone(&together));
            std::thread::spawn(move || {
                together.wait();
                migrate(&url)
            })
        })
        .collect();
    let mut made: Vec<_> = starting
        .into_iter()
        .map(|server| server.join().unwrap().unwrap())
        .filter(|made| !made.is_empty())
        .collect();
    let all = made.pop().expect("somebody made the changes");
    assert!(made.is_empty(), "they were made twice");
    assert_eq!(all.first().map(String::as_str), Some("00001_users"));
    assert!(database.open().read(notes).await.unwrap().is_empty());
}

pub(super) async fn a_newer_database_is_refused(database: &impl Database) {
    let store = database.open();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999')";
    store
        .write(move |tx| run!(tx, |c| diesel::sql_query(newer).execute(c)))
        .await
        .unwrap();
    let refused = migrate(&database.config().url).unwrap_err();
    assert!(matches!(&refused, StoreError::Newer(version) if version == "99999"));
    assert_eq!(
        refused.to_string(),
        "the database is newer than this binary (it has the change 99999): run a newer otomo, or go back to a backup"
    );
}
