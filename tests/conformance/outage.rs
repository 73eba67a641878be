//! PostgreSQL goes away, comes back, stands still, or is in its own way. Nobody is left waiting, nothing is answered that is
//! not stored, and no store has to be opened again.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection as _, prelude::*};
use futures_util::future::join_all;
use otomo::{
    kernel::{config::DatabaseConfig, time::Clock},
    points::{
        self,
        order::{Key, Order, Purpose},
        rules::{Amount, Change},
        transactions,
    },
    store::{
        Conn, Handle, StoreError, Tx, lock,
        migrations::migrate,
        run,
        sql::schema::{audit, nodes},
    },
};

use crate::postgres::{Postgres, PostgresDatabase};

/// More than a statement may take, and an answer be waited for.
const PATIENCE: Duration = Duration::from_secs(10);

fn open(database: &PostgresDatabase) -> Handle {
    open_at(&database.url(), Duration::from_secs(1))
}

fn open_at(url: &str, statement_timeout: Duration) -> Handle {
    let config = DatabaseConfig {
        url: url.parse().unwrap(),
        pool_size: 2,
        queue: 4_096,
        statement_timeout,
    };
    migrate(&config.url).unwrap();
    Handle::open(&config, Clock::system(), Arc::default()).unwrap()
}

/// Writes a row, once for each id.
fn note(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let row = (
        audit::id.eq(id),
        audit::at.eq(tx.now().millis()),
        audit::actor.eq("test"),
        audit::action.eq("note"),
        audit::target.eq("store"),
    );
    let row = diesel::insert_into(audit::table).values(row);
    run!(tx, |c| row.on_conflict_do_nothing().execute(c)).map(drop)
}

fn notes(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    run!(conn, |c| audit::table
        .order(audit::id)
        .select(audit::id)
        .load(c))
}

/// Neither may take longer than somebody waits.
async fn both_are_refused(store: &Handle) {
    let began = Instant::now();
    let written = store.write(|tx| note(tx, "refused")).await;
    assert!(
        matches!(written, Err(StoreError::Unavailable(..))),
        "{written:?}"
    );
    let read = store.read(notes).await;
    assert!(matches!(read, Err(StoreError::Unavailable(..))), "{read:?}");
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_restart_of_the_server_costs_nobody_anything() {
    let server = Postgres::own();
    let database = server.database();
    let store = open(&database);
    store.write(|tx| note(tx, "1")).await.unwrap();
    store.read(notes).await.unwrap();
    server.restart();
    assert_eq!(store.read(notes).await.unwrap(), ["1"]);
    store.write(|tx| note(tx, "2")).await.unwrap();
    server.crash();
    server.start();
    store.write(|tx| note(tx, "3")).await.unwrap();
    assert_eq!(store.read(notes).await.unwrap().len(), 3);
}

#[tokio::test]
async fn while_the_server_is_down_everything_is_refused_and_then_goes_on() {
    let server = Postgres::own();
    let database = server.database();
    let store = open(&database);
    store.write(|tx| note(tx, "before")).await.unwrap();
    server.stop();
    both_are_refused(&store).await;
    assert!(store.check().await.is_err());
    server.start();
    store.write(|tx| note(tx, "after")).await.unwrap();
    store.check().await.unwrap();
    assert_eq!(store.read(notes).await.unwrap(), ["after", "before"]);
}

/// The server's processes stand still: its connections stay, and nothing comes.
#[tokio::test]
async fn a_server_that_stands_still_keeps_nobody_waiting() {
    let server = Postgres::own();
    let database = server.database();
    let store = open(&database);
    store.write(|tx| note(tx, "before")).await.unwrap();
    store.read(notes).await.unwrap();
    server.freeze();
    both_are_refused(&store).await;
    server.thaw();
    store.write(|tx| note(tx, "after")).await.unwrap();
    let stored = store.read(notes).await.unwrap();
    assert!(stored.contains(&"after".to_owned()), "{stored:?}");
}

/// The connection is lost in the middle of a batch, and of a job that runs again. Every job is stored once.
#[tokio::test]
async fn a_lost_connection_has_its_jobs_run_again() {
    let database = Postgres::shared().database();
    let store = open(&database);
    let losses = Arc::new(AtomicU32::new(0));
    let jobs = (0..50).map(|n| {
        let losses = Arc::clone(&losses);
        store.write(move |tx| {
            note(tx, &format!("{n:02}"))?;
            if n == 25 && losses.fetch_add(1, Ordering::SeqCst) < 2 {
                let killed = "SELECT pg_terminate_backend(pg_backend_pid())";
                run!(tx, |c| c.batch_execute(killed))?;
            }
            Ok::<_, StoreError>(())
        })
    });
    for job in join_all(jobs).await {
        job.unwrap();
    }
    assert_eq!(store.read(notes).await.unwrap().len(), 50);
}

/// A commit that is lost each time is not tried for ever.
#[tokio::test]
async fn a_commit_that_is_lost_each_time_is_refused() {
    let database = Postgres::shared().database();
    let store = open(&database);
    let trigger = "CREATE FUNCTION end_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_terminate_backend(pg_backend_pid());
            RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER end_it AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION end_it();";
    database.connect().batch_execute(trigger).unwrap();
    let refused = store.write(|tx| note(tx, "never")).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(..))),
        "{refused:?}"
    );
    let healed = "DROP TRIGGER end_it ON audit";
    database.connect().batch_execute(healed).unwrap();
    store.write(|tx| note(tx, "stored")).await.unwrap();
    assert_eq!(store.read(notes).await.unwrap(), ["stored"]);
}

/// The server commits, and its answer does not arrive. The jobs run again, and find what they have stored.
#[tokio::test]
async fn a_commit_that_was_not_heard_of_counts_once() {
    let database = Postgres::shared().database();
    let cutter = Cutter::before(Postgres::shared().port());
    let store = open_at(&cutter.url(&database), Duration::from_secs(1));
    let order = grant();
    let apply = move |tx: &mut Tx<'_>| transactions::apply(tx, &order);
    for (round, jobs) in [1, 20].into_iter().enumerate() {
        cutter.cut.store(true, Ordering::SeqCst);
        let granting = (0..jobs).map(|_| store.write(apply.clone()));
        let noting = (0..jobs).map(|n| store.write(move |tx| note(tx, &format!("{round}-{n}"))));
        let (granted, noted) = (join_all(granting), join_all(noting));
        for outcome in granted.await {
            outcome.unwrap();
        }
        for outcome in noted.await {
            outcome.unwrap();
        }
        assert!(!cutter.cut.load(Ordering::SeqCst), "nothing was cut");
    }
    assert_eq!(store.read(notes).await.unwrap().len(), 21);
    let account = store.read(|conn| points::records::account(conn, &"ann".parse().unwrap()));
    assert_eq!(account.await.unwrap().balance, 7);
}

/// Seven points for Ann, once.
fn grant() -> Order {
    let key = Key::request(&"once".parse().unwrap());
    let change = Change::Grant(Amount::try_from(7).unwrap());
    let purpose = Purpose {
        transaction_type: "test".to_owned(),
        ..Purpose::default()
    };
    Order::new("ann".parse().unwrap(), key, change, purpose).unwrap()
}

/// Stands before a server, and cuts the connection behind the next commit.
struct Cutter {
    port: u16,
    cut: Arc<AtomicBool>,
}

impl Cutter {
    fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicBool::new(false));
        let armed = Arc::clone(&cut);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                let (back, answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let armed = Arc::clone(&armed);
                let deaf = Arc::new(AtomicBool::new(false));
                let mute = Arc::clone(&deaf);
                thread::spawn(move || pass_commits(client, server, &armed, &deaf));
                thread::spawn(move || pass(answers, back, &mute));
            }
        });
        Self { port, cut }
    }

    fn url(&self, database: &PostgresDatabase) -> String {
        let server = Postgres::shared().port().to_string();
        database.url().replace(&server, &self.port.to_string())
    }
}

/// What the client says. From a commit on, if it is armed, the client hears nothing more.
fn pass_commits(
    mut client: TcpStream,
    mut server: TcpStream,
    armed: &AtomicBool,
    deaf: &AtomicBool,
) {
    let mut said = [0; 65_536];
    while let Ok(size @ 1..) = client.read(&mut said) {
        let commits = said[..size].windows(7).any(|bytes| bytes == b"COMMIT\0");
        let cuts = commits && armed.swap(false, Ordering::SeqCst);
        if cuts {
            deaf.store(true, Ordering::SeqCst);
        }
        if server.write_all(&said[..size]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

/// What the server answers, until the client is deaf: then the server's next word is the end.
fn pass(mut server: TcpStream, mut client: TcpStream, deaf: &AtomicBool) {
    let mut said = [0; 65_536];
    while let Ok(size @ 1..) = server.read(&mut said) {
        if deaf.load(Ordering::SeqCst) || client.write_all(&said[..size]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// Two nodes lock the same two things, each in its own order. Whoever is in the way of the other is run again.
#[tokio::test]
async fn nodes_that_wait_for_each_other_both_come_through() {
    let database = Postgres::shared().database();
    // So that a wait is longer than it takes PostgreSQL to find two who wait for each other.
    let open = || open_at(&database.url(), Duration::from_secs(5));
    let stores = [open(), open()];
    for name in ["a", "b"] {
        let put = stores[0].write(move |tx| {
            let row = (nodes::name.eq(name), nodes::alive_at.eq(0));
            run!(tx, |c| diesel::insert_into(nodes::table)
                .values(row)
                .execute(c))
        });
        put.await.unwrap();
    }
    for round in 0..2 {
        let crossing = stores.iter().enumerate().flat_map(|(node, store)| {
            (0..40).map(move |n| {
                let order = if (n + node) % 2 == 0 {
                    ["a", "b"]
                } else {
                    ["b", "a"]
                };
                store.write(move |tx| {
                    for name in order {
                        let row = nodes::table.find(name);
                        lock!(tx, row.select(nodes::name))?;
                    }
                    note(tx, &format!("{round}-{node}-{n}"))
                })
            })
        });
        for crossed in join_all(crossing).await {
            crossed.unwrap();
        }
    }
    assert_eq!(stores[0].read(notes).await.unwrap().len(), 160);
}
