//! How many jobs a second the writer stores. Not a test: `cargo test --release --test conformance pace -- --ignored
//! --nocapture`. On SQLite and on a PostgreSQL server of its own that flushes to the disk, in the temporary folder.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use diesel::prelude::*;
use futures_util::future::join_all;
use otomo::{
    delivery::inbox::records::{self as inbox, NewEvent},
    kernel::{
        config::DatabaseConfig,
        ids::{EventId, UserId},
        time::Clock,
    },
    protocol::spec::Topic,
    store::{Handle, StoreError, Tx, migrations::migrate, run, sql::schema::audit},
};
use uuid::Uuid;

use crate::postgres::Postgres;

/// How long each number of writers is counted.
const SPAN: Duration = Duration::from_secs(4);

fn one_row(tx: &mut Tx<'_>, _: usize) -> Result<(), StoreError> {
    let row = (
        audit::id.eq(Uuid::new_v4().to_string()),
        audit::at.eq(tx.now().millis()),
        audit::actor.eq("test"),
        audit::action.eq("note"),
        audit::target.eq("store"),
    );
    run!(tx, |c| diesel::insert_into(audit::table)
        .values(row)
        .execute(c))
    .map(drop)
}

fn inbox(tx: &mut Tx<'_>, writer: usize) -> Result<(), StoreError> {
    let user: UserId = format!("user-{writer}").parse().unwrap();
    let event = NewEvent {
        id: EventId::new(),
        topic: Topic::Calls,
        type_name: "call_missed",
        body: "{}",
        expires_at: None,
    };
    inbox::append(tx, &event, &[user]).map(drop)
}

async fn measure(
    store: &Handle,
    name: &str,
    job: fn(&mut Tx<'_>, usize) -> Result<(), StoreError>,
) {
    for writers in [1, 16, 256] {
        let end = Instant::now() + SPAN;
        let writing = (0..writers).map(|writer| async move {
            let mut jobs = 0;
            while Instant::now() < end {
                store.write(move |tx| job(tx, writer)).await.unwrap();
                jobs += 1;
            }
            jobs
        });
        let jobs: u64 = join_all(writing).await.into_iter().sum();
        let rate = jobs as f64 / SPAN.as_secs_f64();
        println!("{name}: {writers} writers, {rate:.0} jobs/s");
    }
}

fn open(url: &str) -> Handle {
    let config = DatabaseConfig {
        url: url.parse().unwrap(),
        pool_size: 1,
        queue: 4_096,
        statement_timeout: Duration::from_secs(5),
    };
    migrate(&config.url).unwrap();
    Handle::open(&config, Clock::system(), Arc::default()).unwrap()
}

#[tokio::test]
#[ignore = "a measurement"]
async fn jobs_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&format!("sqlite://{}/otomo.db", folder.path().display()));
    measure(&sqlite, "sqlite, one row", one_row).await;
    measure(&sqlite, "sqlite, an event", inbox).await;
    let durable =
        "-c fsync=on -c synchronous_commit=on -c full_page_writes=on -c shared_buffers=128MB";
    let server = Postgres::with_settings(durable);
    let database = server.database();
    let postgres = open(&database.url());
    measure(&postgres, "postgresql, one row", one_row).await;
    measure(&postgres, "postgresql, an event", inbox).await;
    let other = open(&database.url());
    tokio::join!(
        measure(
            &postgres,
            "postgresql, an event, beside another node",
            inbox
        ),
        measure(&other, "postgresql, an event, the other node", inbox),
    );
}
