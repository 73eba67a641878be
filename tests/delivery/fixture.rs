//! The delivery of a server with two workers, and clients.

use std::{cell::Cell, net::SocketAddr, rc::Rc, sync::Arc, task::Waker, time::Duration};

use otomo::{
    backplane::{Backplane, Link},
    delivery::{
        dispatch::{self, Dispatch},
        filter::Filter,
        inbox::{Seq, cursor::Cursor},
        line::{Client, Line, NewLine, SessionRef},
        lines::{Lines, To},
        outbox::Limits,
    },
    kernel::{
        config::DatabaseConfig,
        identity::Role,
        ids::{RoomId, SessionId},
        metrics::Metrics,
        time::{Clock, Timestamp},
    },
    protocol::{
        event::{HeartbeatAck, Ready},
        frame::{Frame, Published},
        spec::{Key, Kind, Priority, Topic, Topics},
    },
    store::{Handle, migrations::migrate},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::{
    linked,
    waiting::PATIENCE,
    writer::{Write, Writer},
};

/// More than any test leaves unread.
const ROOM: usize = 1 << 20;

/// When the clock of a test begins.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_000_000);

/// An empty database, for as long as its folder is there.
pub(crate) fn store() -> (Handle, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("otomo.db");
    let config = DatabaseConfig {
        url: format!("sqlite://{}", path.display()).parse().unwrap(),
        pool_size: 2,
        queue: 64,
        statement_timeout: Duration::from_secs(5),
    };
    migrate(&config.url).unwrap();
    let store = Handle::open(&config, Clock::system(), Arc::default()).unwrap();
    (store, folder)
}

/// The delivery of a server.
pub(crate) struct Server {
    pub(crate) dispatch: Dispatch,
    pub(crate) workers: [Rc<Lines>; 2],
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
}

impl Server {
    /// One that holds nothing back.
    pub(crate) fn prompt() -> Self {
        Self::new(Duration::ZERO, Duration::ZERO)
    }

    pub(crate) fn new(join_delay: Duration, low_window: Duration) -> Self {
        let backplane = Backplane::alone("n1".parse().unwrap());
        Self::with(backplane, join_delay, low_window)
    }

    /// One of several nodes, that hears the others.
    pub(crate) async fn node(name: &str, redis: SocketAddr, store: &Handle) -> Self {
        let backplane = linked::start(name, redis, &Arc::default());
        let server = Self::with(backplane, Duration::ZERO, Duration::ZERO);
        let (dispatch, store) = (server.dispatch.clone(), store.clone());
        actix_rt::spawn(async move { dispatch.hear_nodes(&store).await });
        server.link_is(Link::Up).await;
        server
    }

    /// Waits until other nodes are heard, or are not.
    pub(crate) async fn link_is(&self, link: Link) {
        linked::until(self.dispatch.backplane(), link).await;
    }

    fn with(backplane: Backplane, join_delay: Duration, low_window: Duration) -> Self {
        let clock = Clock::manual(START);
        let metrics = Arc::new(Metrics::default());
        let settings = dispatch::Settings {
            workers: 2,
            join_delay,
            low_window,
            clock: clock.clone(),
            ..dispatch::Settings::default()
        };
        let dispatch = Dispatch::new(settings, backplane, Arc::clone(&metrics));
        let workers = [(); 2].map(|()| dispatch.start_worker().unwrap());
        Self {
            dispatch,
            workers,
            clock,
            metrics,
        }
    }

    /// A client of a worker, who hears of everything and is live.
    pub(crate) async fn client(&self, worker: usize, user: &str) -> Person {
        self.client_of(worker, user, Topics::ALL).await
    }

    pub(crate) async fn client_of(&self, worker: usize, user: &str, topics: Topics) -> Person {
        self.filtered(worker, user, Filter::new(topics)).await
    }

    /// The same, who hears what a filter lets through.
    pub(crate) async fn filtered(&self, worker: usize, user: &str, filter: Filter) -> Person {
        let mut person = self.arriving(worker, user, filter);
        self.open(&person);
        assert_eq!(person.write().await.messages[0]["type"], "ready");
        person
    }

    /// What is live reaches a client that has arrived.
    pub(crate) fn open(&self, person: &Person) {
        let ready = Frame::new(&Ready { seq: 0 }.into());
        self.dispatch.open(person.at, ready);
    }

    /// A client for whom everything waits behind the gate.
    pub(crate) fn arriving(&self, worker: usize, user: &str, filter: Filter) -> Person {
        let reads = Rc::new(Cell::new(true));
        let (writer, writes) = Writer::new(Rc::clone(&reads));
        let session = SessionId::new();
        let (at, line) = self.workers[worker].insert(NewLine {
            client: Client {
                user: user.parse().unwrap(),
                role: Role::User,
                device: session.into(),
                session,
            },
            filter,
            versioned: false,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: Rc::new(writer),
            session: Waker::noop().clone(),
            limits: Rc::new(Limits {
                soft: ROOM,
                hard: ROOM,
            }),
        });
        line.subscribe(Topic::Rooms);
        line.subscribe(Topic::Calls);
        Person {
            at,
            line,
            reads,
            writes,
        }
    }

    /// All that was sent so far has been handled, and what is not put off has been written.
    pub(crate) async fn settled(&self) {
        let mark = Frame::new(&HeartbeatAck { timestamp: 0 }.into());
        for worker in &self.workers {
            // Nobody is there; the answer comes through the worker's mailbox.
            let nobody = SessionRef {
                worker: worker.worker(),
                slot: u32::MAX,
                session: SessionId::new(),
            };
            let told = self
                .dispatch
                .tell_counted(To::Session(nobody), mark.clone());
            assert_eq!(told.await, 0);
        }
        actix_rt::task::yield_now().await;
    }
}

/// A client and what was written to it.
pub(crate) struct Person {
    pub(crate) at: SessionRef,
    pub(crate) line: Rc<Line>,
    reads: Rc<Cell<bool>>,
    writes: mpsc::UnboundedReceiver<Write>,
}

impl Person {
    /// The next write.
    pub(crate) async fn write(&mut self) -> Write {
        let next = actix_rt::time::timeout(PATIENCE, self.writes.recv()).await;
        next.expect("nothing more is written").unwrap()
    }

    /// Whether the line wants its session to read the inbox. Waits until it does.
    pub(crate) async fn is_told_to_read(&self) {
        let told = async {
            while !self.line.take_signals().read_inbox {
                actix_rt::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let told = actix_rt::time::timeout(PATIENCE, told).await;
        told.expect("the line is told that it trails");
    }

    /// The next so many messages, by their names.
    pub(crate) async fn hears(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        while names.len() < count {
            names.extend(self.write().await.messages.iter().map(name));
        }
        names
    }

    /// The names of all that was written and not looked at.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Ok(write) = self.writes.try_recv() {
            names.extend(write.messages.iter().map(name));
        }
        names
    }

    /// The types of all that was written and not looked at.
    pub(crate) fn heard_types(&mut self) -> Vec<String> {
        let mut types = Vec::new();
        while let Ok(write) = self.writes.try_recv() {
            let named = |it: &Value| it["type"].as_str().unwrap_or_default().to_owned();
            types.extend(write.messages.iter().map(named));
        }
        types
    }

    /// Takes nothing from now on.
    pub(crate) fn stops_reading(&self) {
        self.reads.set(false);
    }

    /// Takes what waits.
    pub(crate) fn reads_on(&self) {
        self.reads.set(true);
        self.line.pump();
    }
}

/// What a message of a test is called.
pub(crate) fn name(message: &Value) -> String {
    message["name"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn room(name: &str) -> RoomId {
    name.parse().unwrap()
}

/// Something said in a room.
pub(crate) fn said(name: &str) -> Frame {
    event(name, Kind::Ephemeral, Priority::Normal, None)
}

/// A state of a cell.
pub(crate) fn cell(name: &str, key: u32, priority: Priority) -> Frame {
    event(name, Kind::State, priority, Some(key))
}

pub(crate) fn event(name: &str, kind: Kind, priority: Priority, key: Option<u32>) -> Frame {
    let published = Published {
        name: "cell",
        topic: Topic::Rooms,
        kind,
        priority,
        key: key.map(|key| Key {
            state: "cell",
            id: key.to_string().into(),
        }),
    };
    Frame::published(&published, format!(r#"{{"type":"cell","name":"{name}"}}"#))
}

/// What goes to a client whatever it subscribed to.
pub(crate) fn answer(name: &str) -> Frame {
    let published = Published {
        name: "answer",
        topic: Topic::System,
        kind: Kind::Control,
        priority: Priority::Normal,
        key: None,
    };
    Frame::published(
        &published,
        format!(r#"{{"type":"answer","name":"{name}"}}"#),
    )
}
