//! Writes: joined, undone alone, answered when they are stored.

use std::{sync::Arc, time::Duration};

use diesel::connection::{SimpleConnection, TransactionManager};
use futures_util::future::join_all;
use otomo::{
    kernel::{
        metrics::Metrics,
        time::{Clock, Timestamp},
    },
    store::{Conn, Handle, StoreError, migrations::migrate, run},
};

use super::{Database, Held, note, notes};

/// Another store on the same database, which is where another process would look from, sees the row
/// as soon as the answer is there.
pub(super) async fn an_answer_comes_after_the_commit(database: &impl Database) {
    let (here, elsewhere) = (database.open(), database.open());
    for id in ["1", "2", "3"] {
        here.write(|tx| note(tx, id)).await.unwrap();
        assert!(
            elsewhere
                .read(notes)
                .await
                .unwrap()
                .contains(&id.to_owned())
        );
    }
}

pub(super) async fn a_job_that_fails_is_undone_alone(database: &impl Database) {
    let store = database.open();
    let held = Held::hold(&store).await;
    let before = store.write(|tx| note(tx, "before"));
    let failing = store.write(|tx| {
        note(tx, "undone")?;
        note(tx, "before")
    });
    let after = store.write(|tx| note(tx, "after"));
    held.release();

    before.await.unwrap();
    let fault = failing.await.unwrap_err();
    after.await.unwrap();
    assert!(fault.is_conflict_on("audit.id"), "{fault:?}");
    assert_eq!(store.read(notes).await.unwrap(), ["after", "before"]);
}

/// The job leaves a transaction of its own open, as diesel does when a panic goes through it.
pub(super) async fn a_job_that_panics_is_undone_alone(database: &impl Database) {
    let store = database.open();
    let held = Held::hold(&store).await;
    let before = store.write(|tx| note(tx, "before"));
    let panicking = store.write(|tx| -> Result<(), StoreError> {
        note(tx, "undone")?;
        run!(tx, |c| {
            diesel::connection::AnsiTransactionManager::begin_transaction(c)
        })?;
        note(tx, "undone too")?;
        panic!("a fault in a rule")
    });
    let after = store.write(|tx| note(tx, "after"));
    held.release();

    before.await.unwrap();
    match panicking.await {
        Err(StoreError::Panicked(said)) => assert_eq!(said, "a fault in a rule"),
        other => panic!("{other:?}"),
    }
    after.await.unwrap();
    assert_eq!(store.read(notes).await.unwrap(), ["after", "before"]);
}

/// One job's rows make the commit of the whole batch fail. Only that job is refused.
pub(super) async fn a_lost_batch_is_run_again_job_by_job<D: Database>(database: &D) {
    let store = database.open();
    let held = Held::hold(&store).await;
    let mut runs = 0;
    let before = store.write(move |tx| {
        runs += 1;
        note(tx, "before").map(|()| runs)
    });
    let spoiling = store.write(|tx| D::spoil(tx));
    let after = store.write(|tx| note(tx, "after"));
    held.release();

    assert_eq!(before.await.unwrap(), 2, "once in the batch, once alone");
    assert!(matches!(spoiling.await, Err(StoreError::Reference(_))));
    after.await.unwrap();
    assert_eq!(store.read(notes).await.unwrap(), ["after", "before"]);
}

/// SQLite ends a transaction by itself when the disk is full, PostgreSQL when the connection is
/// lost.
pub(super) async fn a_transaction_that_the_database_ended_is_run_again(database: &impl Database) {
    let store = database.open();
    let held = Held::hold(&store).await;
    let before = store.write(|tx| note(tx, "before"));
    let ending = store.write(|tx| {
        note(tx, "lost")?;
        run!(tx, |c| c.batch_execute("ROLLBACK"))
    });
    let after = store.write(|tx| note(tx, "after"));
    held.release();

    before.await.unwrap();
    assert!(ending.await.is_err());
    after.await.unwrap();
    assert_eq!(store.read(notes).await.unwrap(), ["after", "before"]);
}

pub(super) async fn what_is_stored_together_carries_one_time(database: &impl Database) {
    let clock = Clock::manual(Timestamp::from_millis(1_000));
    let store = database.open_with(clock.clone());
    let held = Held::hold(&store).await;
    let moving = clock.clone();
    let first = store.write(move |tx| {
        moving.advance(Duration::from_millis(5));
        Ok::<_, StoreError>(tx.now())
    });
    let second = store.write(|tx| Ok::<_, StoreError>(tx.now()));
    held.release();
    assert_eq!(first.await.unwrap(), Timestamp::from_millis(1_000));
    assert_eq!(second.await.unwrap(), Timestamp::from_millis(1_000));
    assert_eq!(store.now(), Timestamp::from_millis(1_005));
}

/// One commit for the job that held the writer, one for the three that waited; more where locks are not held for long and
/// the machine is slow.
pub(super) async fn commits_are_measured<D: Database>(database: &D) {
    migrate(&database.config().url).unwrap();
    let metrics = Arc::new(Metrics::default());
    let store = Handle::open(&database.config(), Clock::system(), metrics.clone()).unwrap();
    let held = Held::hold(&store).await;
    let waiting = ["1", "2", "3"].map(|id| store.write(move |tx| note(tx, id)));
    held.release();
    for answer in join_all(waiting).await {
        answer.unwrap();
    }
    let page = metrics.encode();
    let has = |line: &str| page.contains(line);
    assert!(
        has("otomo_commit_jobs_sum 4.0\n") && has("otomo_store_queue 0\n"),
        "{page}"
    );
    let most = if D::SHARED { 4 } else { 2 };
    let commits = (2..=most).any(|count| {
        has(&format!("otomo_commit_seconds_count {count}\n"))
            && has(&format!("otomo_commit_jobs_count {count}\n"))
    });
    assert!(commits, "{page}");
}

/// A backup or another process has the lock for longer than a write waits for it.
pub(super) async fn a_lock_held_elsewhere_is_an_error_and_no_more<D: Database + 'static>(
    database: &D,
) {
    let (here, elsewhere) = (database.open(), database.open());
    let held = Held::hold_with(&elsewhere, D::lock).await;
    let refused = here.write(|tx| note(tx, "refused")).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(..))));
    held.release();
    here.write(|tx| note(tx, "stored")).await.unwrap();
    assert_eq!(here.read(notes).await.unwrap(), ["stored"]);
}

pub(super) async fn too_much_is_refused(database: &impl Database) {
    let store = database.open();
    let held = Held::hold(&store).await;
    let bound = database.config().queue;
    let let_in: Vec<_> = (0..bound)
        .map(|n| store.write(move |tx| note(tx, &n.to_string())))
        .collect();
    let refused = store.write(|tx| note(tx, "one too many"));
    assert!(matches!(refused.await, Err(StoreError::Overloaded(_))));

    held.release();
    for answer in join_all(let_in).await {
        answer.unwrap();
    }
    store.write(|tx| note(tx, "afterwards")).await.unwrap();
    assert_eq!(store.read(notes).await.unwrap().len(), bound + 1);
}

pub(super) async fn nobody_waiting_does_not_take_a_write_back(database: &impl Database) {
    let store = database.open();
    drop(store.write(|tx| note(tx, "let in")));
    store.close().await;
    assert_eq!(database.open().read(notes).await.unwrap(), ["let in"]);
}

pub(super) async fn closing_finishes_what_was_let_in(database: &impl Database) {
    let store = database.open();
    let held = Held::hold(&store).await;
    let let_in: Vec<_> = (0..1_000)
        .map(|n| store.write(move |tx| note(tx, &n.to_string())))
        .collect();
    let closing = tokio::spawn({
        let store = store.clone();
        async move { store.close().await }
    });
    tokio::task::yield_now().await;
    let late = store.write(|tx| note(tx, "late")).await;
    assert!(matches!(late, Err(StoreError::Unavailable(..))));
    held.release();

    closing.await.unwrap();
    for answer in join_all(let_in).await {
        answer.unwrap();
    }
    let read = store.read(|_: &mut Conn| Ok(())).await;
    assert!(matches!(read, Err(StoreError::Unavailable(..))));
    store.close().await;
    assert_eq!(database.open().read(notes).await.unwrap().len(), 1_000);
}
