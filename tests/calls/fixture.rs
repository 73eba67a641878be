//! A server without sockets, on a database that outlasts it.

use std::{rc::Rc, sync::Arc};

use actix_rt::task::JoinHandle;
use diesel::prelude::*;
use otomo::{
    backplane::Link,
    calls::{Calls, records, rules::call::Call},
    delivery::{
        dispatch::{self, Dispatch},
        leave::Leave,
        line::Client,
        lines::Lines,
    },
    kernel::{
        config::{Config, Sources, load},
        identity::{Identity, Role},
        ids::{CallId, SessionId, UserId},
        metrics::Metrics,
        time::{Clock, Timestamp},
    },
    people::People,
    points::Points,
    presence::{Presence, settings::Settings},
    protocol::{
        command::{Candidate, IceCandidate},
        event::{Event, Ready},
        frame::Frame,
        spec::Topic,
    },
    store::{Handle, StoreError, run, sql::schema::live_participants},
};

use crate::{database::Database, linked, phone::Phone, redis::Redis, waiting::eventually};

pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// Waits until a moment has passed, on the store's clock.
pub(crate) async fn passed(moment: Timestamp) {
    eventually("the moment passes", async || Clock::system().now() > moment).await;
}

/// A database.
pub(crate) struct Fixture {
    pub(crate) database: Database,
    settings: Sources,
    clock: Clock,
    /// Through which its servers hear each other, if they do.
    redis: Option<Redis>,
}

impl Fixture {
    /// The defaults, but for some settings.
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let defaults = Sources::default().with("limits.calls_per_minute", "none");
        Self {
            database: Database::new(),
            settings: settings
                .iter()
                .fold(defaults, |sources, (key, value)| sources.with(key, *value)),
            clock: Clock::system(),
            redis: None,
        }
    }

    /// The same, whose servers hear each other.
    pub(crate) fn linked(self) -> Self {
        Self {
            redis: Some(Redis::start()),
            ..self
        }
    }

    /// Its servers do not hear each other any more, and know it.
    pub(crate) async fn cut(&mut self, servers: [&Server; 2]) {
        self.redis.as_mut().unwrap().stop();
        for server in servers {
            linked::until(server.dispatch.backplane(), Link::Down).await;
        }
    }

    /// They hear each other again, and know it.
    pub(crate) async fn heal(&mut self, servers: [&Server; 2]) {
        self.redis.as_mut().unwrap().restart();
        for server in servers {
            linked::until(server.dispatch.backplane(), Link::Up).await;
        }
    }

    /// Its servers hear nothing, and do not know it yet.
    pub(crate) fn redis(&self) -> &Redis {
        self.redis.as_ref().unwrap()
    }

    /// The same, whose servers go by this clock.
    pub(crate) fn by(self, clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            ..self
        }
    }

    /// A hand in the database that the servers know nothing of.
    pub(crate) fn meddle(&self, statement: &str) {
        self.database.meddle(statement);
    }

    /// Starts a server on it.
    pub(crate) async fn server(&self) -> Server {
        self.node("node-1").await
    }

    /// The same, beside others.
    pub(crate) async fn node(&self, name: &str) -> Server {
        let config = Arc::new(load(&self.settings).unwrap());
        let database = self.database.config();
        let metrics = Arc::new(Metrics::default());
        let store = Handle::open(&database, self.clock.clone(), Arc::clone(&metrics)).unwrap();
        let node = name.parse().unwrap();
        let settings = Settings::new(name.parse().unwrap(), &config.presence, &config.calls);
        let graces = settings.policy.graces;
        let delivery = dispatch::Settings {
            workers: 1,
            graces,
            ..dispatch::Settings::default()
        };
        let backplane = linked::node(name, self.redis.as_ref(), &metrics).await;
        let dispatch = Dispatch::new(delivery, backplane, Arc::clone(&metrics));
        let lines = dispatch.start_worker().unwrap();
        let presence = Presence::start(
            store.clone(),
            dispatch.clone(),
            Arc::clone(&metrics),
            settings,
        );
        let presence = presence.await.unwrap();
        let points = Points::new(store.clone(), dispatch.clone(), Arc::clone(&metrics));
        let calls = Calls::start(
            &config, &node, &store, &dispatch, &presence, &points, &metrics,
        );
        let (heard, reads) = (dispatch.clone(), store.clone());
        let hearing = actix_rt::spawn(async move { match heard.hear_nodes(&reads).await {} });
        let server = Server {
            hearing,
            calls: calls.await.unwrap(),
            people: People::new(store.clone(), true),
            presence,
            points,
            store,
            dispatch,
            lines,
            metrics,
            config,
        };
        for name in ["taro", "jiro"] {
            server.know(name, Role::User).await;
        }
        for name in ["hana", "yuki"] {
            server.know(name, Role::Otomo).await;
        }
        server
    }
}

/// A session of a device.
pub(crate) fn client(device: &str) -> Client {
    let (person, _) = device.split_once('-').unwrap();
    let otomo = ["hana", "yuki"].contains(&person) || person.starts_with("otomo");
    Client {
        user: user(person),
        role: if otomo { Role::Otomo } else { Role::User },
        device: device.parse().unwrap(),
        session: SessionId::new(),
    }
}

/// One run of a server.
pub(crate) struct Server {
    pub(crate) calls: Calls,
    pub(crate) presence: Presence,
    pub(crate) points: Points,
    pub(crate) store: Handle,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) config: Arc<Config>,
    pub(crate) people: People,
    dispatch: Dispatch,
    lines: Rc<Lines>,
    hearing: JoinHandle<()>,
}

impl Server {
    /// Makes the people of two devices known: one who calls, and an otomo.
    pub(crate) async fn know_pair(&self, caller: &str, otomo: &str) {
        self.know(caller.split_once('-').unwrap().0, Role::User)
            .await;
        self.know(otomo.split_once('-').unwrap().0, Role::Otomo)
            .await;
    }

    async fn know(&self, name: &str, role: Role) {
        let identity = Identity {
            user: user(name),
            role,
            name: Some(name.to_uppercase()),
            avatar: Some(format!("/{name}.png")),
            rooms: Vec::new(),
            expires_at: Timestamp::default(),
        };
        self.people.enter(identity).await.unwrap();
    }

    /// A device connects, as sessions do it. Devices are named after their people: `hana-1` is a device of `hana`.
    pub(crate) async fn connect(&self, device: &str) -> Phone {
        let client = client(device);
        if client.role == Role::Otomo {
            self.presence.arrive(&client).await.unwrap();
        }
        let phone = self.appears(&client).await;
        // What is said to its user on other nodes is heard before anything is read.
        self.dispatch.hear_user(&client.user).await;
        self.calls.snapshot(&client).await.unwrap();
        self.calls.arrived(&client, phone.at);
        phone.ready().await
    }

    /// A device is connected, and its session has told nobody yet.
    pub(crate) async fn appears(&self, client: &Client) -> Phone {
        let phone = Phone::new(&self.lines, client, self.calls.clone());
        self.dispatch
            .subscribe(phone.at, Topic::Otomo, self.presence.board())
            .await;
        let ready = Frame::new(&Event::from(Ready { seq: 0 }));
        self.dispatch.open(phone.at, ready);
        phone
    }

    /// It has gone, and its session has told nobody of that yet but who looks who is connected.
    pub(crate) fn vanishes(&self, phone: &Phone) {
        self.lines.remove(phone.at);
        self.lines.roster().leave(&phone.client);
    }

    /// Passes a candidate on as the session of a device does, past the coordinator. Returns whether that was possible.
    pub(crate) fn passes_on(&self, from: &Phone, call_id: CallId, candidate: Candidate) -> bool {
        let candidate = IceCandidate { call_id, candidate };
        let passed = self.calls.pass_on(&from.client, candidate, &self.lines);
        self.lines.write_noted();
        passed.is_ok()
    }

    /// It disconnects, as sessions do it.
    pub(crate) fn disconnect(&self, phone: Phone) {
        let client = phone.client.clone();
        self.lines.remove(phone.at);
        let roster = self.lines.roster();
        let remaining = roster.leave(&client);
        self.calls.left(&client, Leave::Broken, remaining);
        roster.left(&client, Leave::Broken);
        if client.role == Role::Otomo {
            self.presence.leave(&client, Leave::Broken);
        }
    }

    /// The process dies: nothing more is stored, and nobody is answered.
    pub(crate) async fn dies(self) {
        self.hearing.abort();
        self.dispatch.backplane().close().await;
        self.store.close().await;
    }

    /// It stops in good order.
    pub(crate) async fn stops(self) {
        self.calls.stop().await;
        self.presence.stop().await;
        self.store.close().await;
    }

    /// A call as it is stored, if it is.
    pub(crate) async fn find(&self, call: CallId) -> Option<Call> {
        let found: Result<_, StoreError> =
            self.store.read(move |conn| records::find(conn, call)).await;
        found.unwrap()
    }

    /// A call that is stored.
    pub(crate) async fn call(&self, call: CallId) -> Call {
        self.find(call).await.expect("nobody knows this call")
    }

    /// How a call ended, as outcome and reason; waits for it.
    pub(crate) async fn end(&self, call: CallId) -> String {
        let has_ended = async || self.find(call).await.is_some_and(|call| !call.is_live());
        eventually("the call ends", has_ended).await;
        let ended = self.call(call).await;
        let end = ended.end().unwrap();
        format!("{}, {}", end.outcome(), end.reason())
    }

    /// How many people are taken by live calls.
    pub(crate) async fn taken(&self) -> i64 {
        let taken: Result<_, StoreError> = self
            .store
            .read(|conn| run!(conn, |c| live_participants::table.count().get_result(c)))
            .await;
        taken.unwrap()
    }
}
