//! What a server does by itself, and what it does when something in it panics.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    sync::Barrier,
    task::{self, Poll},
    thread,
    time::Duration,
};

use actix::StreamHandler;
use actix_rt::time::timeout;
use bytes::Bytes;
use futures_core::Stream;
use tempfile::TempDir;

use super::*;
use crate::{
    delivery::{
        inbox::{
            Seq,
            records::{self, NewEvent},
        },
        line::{Accepted, Sink},
        messages::SnapshotSource,
        outbox::Outbox,
        queued::Queued,
        rounds::Round,
    },
    kernel::{
        config::{Sources, load},
        identity::{Identity, Role},
        ids::{EventId, UserId},
        waiting::{PATIENCE, eventually},
    },
    presence::rules::Status,
    protocol::{
        close_code::CloseCode,
        frame::{Frame, WireFormat},
        spec::Topic,
    },
    rest::Shared,
    session::{
        Session, SessionContext,
        hello::{Credentials, Hello, Options},
    },
};

/// A server with a database of its own, which is built and does not run.
async fn build(settings: &[(&str, &str)]) -> (App, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let app = App::build(config(&folder, settings)).await.unwrap();
    (app, folder)
}

fn config(folder: &TempDir, settings: &[(&str, &str)]) -> Config {
    let url = format!("sqlite://{}", folder.path().join("otomo.db").display());
    let mut sources = Sources::default()
        .with("server.listen", "127.0.0.1:0")
        .with("server.workers", "1")
        .with(
            "auth.hs256_secret",
            "a secret of tests, long enough for HS256",
        )
        .with("database.url", url);
    for (key, value) in settings {
        sources = sources.with(key, *value);
    }
    load(&sources).unwrap()
}

/// What drives the session of a client that says nothing.
struct Silence;

impl Stream for Silence {
    type Item = Silence;

    fn poll_next(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> Poll<Option<Silence>> {
        Poll::Pending
    }
}

impl StreamHandler<Silence> for Session {
    fn handle(&mut self, _: Silence, _: &mut SessionContext) {}
}

/// A transport that panics as soon as its client is to be asked for a sign of life.
#[derive(Default)]
struct Faulty {
    aborted: Cell<bool>,
}

impl Sink for Faulty {
    fn pump(&self, _: &mut Outbox<Queued>) {}
    fn send_shared(&self, _: &Bytes) -> Accepted {
        Accepted::Taken
    }
    fn format(&self) -> WireFormat {
        WireFormat::WebSocket
    }
    fn ping(&self) {
        panic!("this is the fault of a test");
    }
    fn stalled(&self) -> Option<Duration> {
        None
    }
    fn finish(&self, _: &mut Outbox<Queued>, _: CloseCode, _: &str) {}
    fn abort(&self) {
        self.aborted.set(true);
    }
}

/// An otomo connects over a faulty transport.
fn connect(shared: &Shared, user: &UserId) -> Rc<Faulty> {
    let identity = Identity {
        user: user.clone(),
        role: Role::Otomo,
        name: None,
        avatar: None,
        rooms: Vec::new(),
        expires_at: shared.store.now() + Duration::from_secs(3600),
    };
    let hello = Hello {
        credentials: Credentials::Known(Box::new(identity)),
        options: Options::default(),
        address: None,
    };
    let sink = Rc::new(Faulty::default());
    let session = Session::new(
        serve::worker(shared),
        Rc::clone(&sink) as Rc<dyn Sink>,
        hello,
    );
    SessionContext::default().run(session, Silence);
    sink
}

#[actix_rt::test]
async fn a_session_that_panics_leaves_nobody_behind() {
    let settings = [
        ("presence.ping_interval", "20ms"),
        ("presence.pong_timeout", "20ms"),
        ("presence.leave_grace", "20ms"),
    ];
    let (app, _folder) = build(&settings).await;
    let (shared, hana) = (app.house.shared().clone(), "hana".parse().unwrap());
    let sink = connect(&shared, &hana);
    let board = shared.presence.board();
    let shows = |status| {
        board
            .get(&hana)
            .is_some_and(|it| it.published.status == status)
    };
    eventually("hana is online", async || shows(Status::Online)).await;
    eventually("the session is gone", async || sink.aborted.get()).await;
    assert_eq!(shared.dispatch.roster().users(), 0);
    eventually("hana is offline", async || shows(Status::Offline)).await;
    assert!(shared.dispatch.is_alive(), "only the session is gone");
}

/// A snapshot that cannot be taken.
struct FaultySource;

impl SnapshotSource for FaultySource {
    fn snapshot(&self) -> (Arc<[Frame]>, Round) {
        panic!("this is the fault of a test");
    }
}

#[actix_rt::test]
async fn a_panic_in_the_delivery_of_a_worker_is_noticed() {
    let (app, _folder) = build(&[]).await;
    let (shared, hana) = (app.house.shared().clone(), "hana".parse().unwrap());
    connect(&shared, &hana);
    let roster = shared.dispatch.roster();
    eventually("hana is connected", async || {
        !roster.sessions(&hana).is_empty()
    })
    .await;
    let at = roster.sessions(&hana)[0].at;
    let faulty = Arc::new(FaultySource);
    shared.dispatch.subscribe(at, Topic::Otomo, faulty).await;
    let died = timeout(PATIENCE, housekeeping::keep(&shared)).await;
    assert_eq!(died.unwrap(), Vital::Delivery);
}

#[actix_rt::test]
async fn a_server_ends_when_a_part_of_it_has_died() {
    for part in [Vital::Presence, Vital::Calls, Vital::Rooms, Vital::Store] {
        let (app, _folder) = build(&[]).await;
        let shared = Arc::clone(app.house.shared());
        match part {
            Vital::Presence => shared.presence.stop().await,
            Vital::Calls => shared.calls.stop().await,
            Vital::Rooms => shared.rooms.stop().await,
            Vital::Store => shared.store.close().await,
            Vital::Delivery => unreachable!("has a test of its own"),
            Vital::Backplane => unreachable!("a node that is alone has nothing to lose there"),
        }
        let ended = timeout(PATIENCE, app.run()).await.unwrap();
        assert!(
            matches!(ended, Err(RunFault::Died(dead)) if dead == part),
            "{ended:?}"
        );
    }
}

/// Five more events for hana.
async fn append_five(store: &store::Handle, hana: &UserId) {
    for _ in 0..5 {
        let (id, to) = (EventId::new(), [hana.clone()]);
        let stored = store.write(move |tx| {
            let event = NewEvent {
                id,
                topic: Topic::Calls,
                type_name: "call_missed",
                body: "{}",
                expires_at: None,
            };
            records::append(tx, &event, &to)
        });
        stored.await.unwrap();
    }
}

/// Waits until hana's inbox begins here.
async fn begins_at(store: &store::Handle, hana: &UserId, first: u64) {
    let begins_here = async || {
        let user = hana.clone();
        let extent = store.read(move |conn| records::extent(conn, &user));
        extent.await.unwrap().first == Seq::new(first)
    };
    eventually("the inbox is pruned", begins_here).await;
}

#[actix_rt::test]
async fn a_server_prunes_the_inbox_when_it_starts_and_then_again_and_again() {
    let (app, _folder) = build(&[("inbox.max_events", "2")]).await;
    let (shared, stopper) = (Arc::clone(app.house.shared()), app.stopper());
    let (store, hana) = (&shared.store, "hana".parse().unwrap());
    append_five(store, &hana).await;
    let again = housekeeping::prune_regularly(&shared, Duration::from_millis(10));
    tokio::select! {
        never = again => match never {},
        () = async {
            begins_at(store, &hana, 4).await;
            append_five(store, &hana).await;
            begins_at(store, &hana, 9).await;
        } => {}
    }
    append_five(store, &hana).await;
    let running = actix_rt::spawn(app.run());
    begins_at(store, &hana, 14).await;
    stopper.stop().await;
    running.await.unwrap().unwrap();
}

/// Method: pairs of reloads at once, many times. What is in force has two parts, which are changed one after the other.
#[actix_rt::test]
async fn of_two_reloads_at_once_what_is_in_force_is_all_of_one() {
    let (app, folder) = build(&[]).await;
    let of = |number: &str| {
        let settings = [("auth.issuer", number), ("limits.connections", number)];
        config(&folder, &settings)
    };
    for round in 0..1_000 {
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            for number in ["1", "2"] {
                let (reloader, to, barrier) = (app.reloader(), of(number), &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    reloader.reload(to).unwrap();
                });
            }
        });
        let config = &app.house.shared().config;
        let issuer = config.auth.now().issuer.clone().unwrap();
        let connections = config.limits.now().connections.unwrap();
        assert_eq!(issuer, connections.to_string(), "in round {round}");
    }
}
