//! Each fate, on a real database.

use std::collections::VecDeque;

use diesel::prelude::*;
use tokio::{task::LocalSet, time::Instant};

use super::*;
use crate::{
    kernel::{
        config::DatabaseUrl,
        time::{Clock, Timestamp},
    },
    store::{Handle, migrations::migrate, run, sql::schema::inbox_heads as heads},
};

/// A commit that neither waits nor fails.
const AT_ONCE: Fate = Fate {
    begins_in: Duration::ZERO,
    outcome: Outcome::Done,
    answers_in: Duration::ZERO,
};

/// A store with this fate for each batch of writes, one after the other; at once when there are no more.
fn store(folder: &tempfile::TempDir, fates: &[Fate]) -> (Handle, impl Future<Output = ()> + use<>) {
    let config = DatabaseConfig {
        url: DatabaseUrl::Sqlite(folder.path().join("otomo.db")),
        pool_size: 1,
        queue: 16,
        statement_timeout: Duration::from_secs(5),
    };
    migrate(&config.url).unwrap();
    let fates = Mutex::new(VecDeque::from(fates.to_vec()));
    let next = move |work| match work {
        Work::Write => lock(&fates).pop_front().unwrap_or(AT_ONCE),
        Work::Apart | Work::Read => AT_ONCE,
    };
    let clock = Clock::running(Timestamp::from_millis(0));
    Handle::stepped(&config, clock, Arc::default(), Arc::new(next)).unwrap()
}

async fn open(store: &Handle, user: &'static str) -> Result<(), StoreError> {
    let insert = move |tx: &mut Tx<'_>| {
        let head = (
            heads::user_id.eq(user),
            heads::head.eq(0),
            heads::floor.eq(0),
        );
        run!(tx, |c| diesel::insert_into(heads::table)
            .values(head)
            .execute(c))
        .map(drop)
    };
    store.write(insert).await
}

async fn opened(store: &Handle) -> i64 {
    let count = |conn: &mut Conn| run!(conn, |c| heads::table.count().get_result(c));
    let count: Result<i64, StoreError> = store.read(count).await;
    count.unwrap()
}

/// What each fate does: whether the row is there, and what is answered.
#[tokio::test(start_paused = true)]
async fn what_a_fate_says_is_done_and_answered() {
    for (outcome, stored, answered) in [
        (Outcome::Done, 1, true),
        (Outcome::Away, 0, false),
        (Outcome::Overloaded, 0, false),
        (Outcome::Unanswered, 1, false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let fate = Fate { outcome, ..AT_ONCE };
        let (store, commits) = store(&folder, &[fate]);
        let node = LocalSet::new();
        node.spawn_local(commits);
        node.run_until(async {
            assert_eq!(open(&store, "hana").await.is_ok(), answered, "{outcome:?}");
            assert_eq!(opened(&store).await, stored, "{outcome:?}");
            store.close().await;
        })
        .await;
    }
}

/// What is stored can be read before its writer hears so, and what is asked meanwhile shares the commit.
#[tokio::test(start_paused = true)]
async fn a_write_begins_and_is_answered_when_its_time_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let slow = Fate {
        begins_in: Duration::from_secs(1),
        answers_in: Duration::from_secs(2),
        ..AT_ONCE
    };
    let (store, commits) = store(&folder, &[slow]);
    let node = LocalSet::new();
    node.spawn_local(commits);
    node.run_until(async {
        let began = Instant::now();
        let first = store.clone();
        let first = tokio::task::spawn_local(async move { open(&first, "hana").await });
        sleep(Duration::from_millis(500)).await;
        assert_eq!(opened(&store).await, 0, "it has not begun");
        let second = store.clone();
        let second = tokio::task::spawn_local(async move { open(&second, "jiro").await });
        sleep(Duration::from_millis(600)).await;
        assert_eq!(opened(&store).await, 2, "both are stored");
        assert!(!first.is_finished(), "its answer is on the way");
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        assert!(began.elapsed() >= Duration::from_secs(3));
    })
    .await;
}
