//! Reads: one moment each, nothing but reads, a bounded wait.

use std::sync::{Arc, Mutex, mpsc};

use diesel::prelude::*;
use otomo::store::{Conn, StoreError, run, sql::schema::audit};
use tokio::sync::oneshot;

use super::{Database, note, notes};

/// What is committed while a read is under way is not in it, and does not wait for it.
pub(super) async fn a_read_sees_one_moment(database: &impl Database) {
    let store = database.open();
    store.write(|tx| note(tx, "before")).await.unwrap();
    let (looked, first_look) = oneshot::channel();
    let (go_on, written) = mpsc::channel::<()>();
    let reading = tokio::spawn(store.read(move |conn| {
        let first = notes(conn)?;
        looked.send(first).unwrap();
        written.recv().unwrap();
        notes(conn)
    }));
    assert_eq!(first_look.await.unwrap(), ["before"]);
    store.write(|tx| note(tx, "while")).await.unwrap();
    go_on.send(()).unwrap();
    assert_eq!(reading.await.unwrap().unwrap(), ["before"]);
    assert_eq!(store.read(notes).await.unwrap(), ["before", "while"]);
}

pub(super) async fn a_read_cannot_write(database: &impl Database) {
    let store = database.open();
    store.write(|tx| note(tx, "kept")).await.unwrap();
    let wrote = store.read(|conn| run!(conn, |c| diesel::delete(audit::table).execute(c)));
    assert!(wrote.await.is_err());
    assert_eq!(store.read(notes).await.unwrap(), ["kept"]);
}

pub(super) async fn a_read_that_panics_costs_nobody_else(database: &impl Database) {
    let store = database.open();
    for _ in 0..2 * database.config().pool_size {
        let panicking = store.read(|conn: &mut Conn| -> Result<(), StoreError> {
            notes(conn)?;
            panic!("a fault in a query")
        });
        assert!(
            matches!(panicking.await, Err(StoreError::Panicked(said)) if said == "a fault in a query")
        );
    }
    store.write(|tx| note(tx, "there")).await.unwrap();
    assert_eq!(store.read(notes).await.unwrap(), ["there"]);
}

/// Every connection is busy.
pub(super) async fn a_read_does_not_wait_for_ever(database: &impl Database) {
    let store = database.open();
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Arc::new(Mutex::new(wait));
    let busy: Vec<_> = (0..database.config().pool_size)
        .map(|_| {
            let wait = wait.clone();
            tokio::spawn(store.read(move |_: &mut Conn| {
                let _ = wait.lock().unwrap().recv();
                Ok::<_, StoreError>(())
            }))
        })
        .collect();
    tokio::task::yield_now().await;
    let waiting = store.read(notes).await;
    assert!(matches!(waiting, Err(StoreError::Overloaded(_))));

    drop(go_on);
    for read in busy {
        read.await.unwrap().unwrap();
    }
    store.read(notes).await.unwrap();
}
