//! A server without sockets, on a database of its own.

use std::{rc::Rc, sync::Arc, time::Duration};

use diesel::prelude::*;
use otomo::{
    delivery::{
        dispatch::{self, Dispatch},
        leave::{Graces, Leave},
        line::Client,
        lines::Lines,
    },
    kernel::{
        identity::{Identity, Role},
        ids::{CallId, SessionId, UserId},
        metrics::Metrics,
        time::{Clock, Timestamp},
    },
    people::{People, Person},
    presence::{
        Choice, Presence, records,
        rules::{Chooser, Chosen, Policy, Published, StatusChange},
        settings::Settings,
    },
    protocol::{
        event::{Event, Ready},
        frame::Frame,
        spec::Topic,
    },
    store::{
        Handle, StoreError, Tx, run,
        sql::schema::{calls, live_participants},
    },
};
use serde_json::Value;

use crate::{database::Database, linked, redis::Redis, watcher::Watcher};

/// Longer than any test runs: what is set to it does not happen.
pub(crate) const NEVER: Duration = Duration::from_secs(3_600);

/// Long enough to be seen as a wait, short enough to be waited for.
pub(crate) const SOON: Duration = Duration::from_millis(40);

/// A user id.
pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// Settings under which nothing runs out by itself.
pub(crate) fn patient() -> Settings {
    Settings {
        node: "node-1".parse().unwrap(),
        policy: Policy {
            busy_while_ringing: false,
            missed_limit: 3,
            graces: Graces {
                reload: NEVER,
                leave: NEVER,
            },
            restart_grace: NEVER,
        },
        lease: NEVER,
        look_every: NEVER,
    }
}

/// Settings under which one grace or the other runs out.
pub(crate) struct BriefGraces(Graces);

/// None does, until it is said which.
pub(crate) fn graces() -> BriefGraces {
    BriefGraces(patient().policy.graces)
}

impl BriefGraces {
    /// A page that reloads has this long.
    pub(crate) fn reload(mut self, grace: Duration) -> Self {
        self.0.reload = grace;
        self
    }

    /// Who is lost has this long.
    pub(crate) fn leave(mut self, grace: Duration) -> Self {
        self.0.leave = grace;
        self
    }

    /// The whole settings.
    pub(crate) fn settings(self) -> Settings {
        let mut settings = patient();
        settings.policy.graces = self.0;
        settings
    }
}

/// A database that outlasts the servers on it.
pub(crate) struct Fixture {
    pub(crate) database: Database,
    /// Through which its servers hear each other, if they do.
    pub(crate) redis: Option<Redis>,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let database = Database::new();
        Self {
            database,
            redis: None,
        }
    }

    /// The same, whose servers hear each other.
    pub(crate) fn linked() -> Self {
        Self {
            redis: Some(Redis::start()),
            ..Self::new()
        }
    }

    /// Starts a server on it.
    pub(crate) async fn server(&self, settings: Settings) -> Server {
        self.server_by(Clock::system(), settings).await
    }

    /// Starts a server that goes by this clock; its timers go by the real one.
    pub(crate) async fn server_by(&self, clock: Clock, settings: Settings) -> Server {
        let config = self.database.config();
        let metrics = Arc::new(Metrics::default());
        let store = Handle::open(&config, clock, Arc::clone(&metrics)).unwrap();
        let policy = settings.policy;
        let delivery = dispatch::Settings {
            workers: 1,
            graces: policy.graces,
            ..dispatch::Settings::default()
        };
        let node = settings.node.to_string();
        let backplane = linked::node(&node, self.redis.as_ref(), &metrics).await;
        let dispatch = Dispatch::new(delivery, backplane, Arc::clone(&metrics));
        let lines = dispatch.start_worker().unwrap();
        let (heard, reads) = (dispatch.clone(), store.clone());
        actix_rt::spawn(async move { match heard.hear_nodes(&reads).await {} });
        let presence = Presence::start(
            store.clone(),
            dispatch.clone(),
            Arc::clone(&metrics),
            settings,
        );
        Server {
            presence: presence.await.unwrap(),
            people: People::new(store.clone(), true),
            store,
            dispatch,
            lines,
            metrics,
            policy,
        }
    }
}

/// One run of a server.
pub(crate) struct Server {
    pub(crate) presence: Presence,
    pub(crate) store: Handle,
    pub(crate) metrics: Arc<Metrics>,
    people: People,
    pub(crate) dispatch: Dispatch,
    lines: Rc<Lines>,
    policy: Policy,
}

impl Server {
    /// The process ends. What it had begun to store is stored; nobody says goodbye.
    pub(crate) async fn stop(self) {
        self.presence.stop().await;
        self.store.close().await;
    }

    /// Makes somebody known, as a token does.
    pub(crate) async fn know(&self, name: &str) {
        self.rename(name, &name.to_uppercase()).await;
    }

    /// Gives somebody a name, as a token does.
    pub(crate) async fn rename(&self, id: &str, name: &str) {
        let identity = Identity {
            user: user(id),
            role: Role::Otomo,
            name: Some(name.to_owned()),
            avatar: None,
            rooms: Vec::new(),
            expires_at: Timestamp::default(),
        };
        self.people.enter(identity).await.unwrap();
    }

    /// Disables somebody, as a backend does.
    pub(crate) async fn lock_out(&self, name: &str) {
        let person = self.people.find(user(name)).await.unwrap().unwrap();
        let disabled = Person {
            disabled: true,
            ..person
        };
        self.people.put(disabled).await.unwrap();
    }

    /// An otomo connects with a device.
    pub(crate) async fn connect(&self, name: &str, device: &str) -> Client {
        self.know(name).await;
        let client = Client {
            user: user(name),
            role: Role::Otomo,
            device: device.parse().unwrap(),
            session: SessionId::new(),
        };
        self.presence.arrive(&client).await.unwrap();
        client
    }

    /// It disconnects.
    pub(crate) async fn disconnect(&self, client: &Client, leave: Leave) {
        self.presence.leave(client, leave);
        // Asked later and answered: so the goodbye is stored.
        self.presence.introduce(&client.user).await.unwrap();
    }

    /// An otomo chooses, without an end.
    pub(crate) async fn choose(&self, name: &str, chosen: Chosen) -> Choice {
        let otomo = user(name);
        let choice = self.presence.choose(&otomo, chosen, None, Chooser::Own);
        choice.await.unwrap()
    }

    /// What people have been told of an otomo.
    pub(crate) fn published(&self, name: &str) -> Published {
        self.presence.board().get(&user(name)).unwrap().published
    }

    /// Somebody opens the list.
    pub(crate) async fn watch(&self) -> Watcher {
        self.watch_as("watcher", Role::User).await
    }

    /// The same, as a certain person: a session of theirs.
    pub(crate) async fn watch_as(&self, name: &str, role: Role) -> Watcher {
        let watcher = self.watch_at_the_gate(name, role).await;
        self.open(&watcher);
        watcher
    }

    /// The same, still behind the gate: the snapshot is sent, `ready` is not.
    pub(crate) async fn watch_at_the_gate(&self, name: &str, role: Role) -> Watcher {
        let watcher = Watcher::new(&self.lines, &user(name), role);
        let board = self.presence.board();
        let subscribed = self.dispatch.subscribe(watcher.at, Topic::Otomo, board);
        subscribed.await;
        watcher
    }

    /// Sends `ready`, and lets through what is live.
    pub(crate) fn open(&self, watcher: &Watcher) {
        let ready = Frame::new(&Event::from(Ready { seq: 0 }));
        self.dispatch.open(watcher.at, ready);
    }

    /// Somebody opens the list and has read it; returns what it showed, too.
    pub(crate) async fn watch_from_now(&self) -> (Watcher, Vec<Value>) {
        let mut watcher = self.watch().await;
        let listed = watcher.snapshot().await;
        assert_eq!(watcher.next().await["type"], "ready");
        (watcher, listed)
    }

    /// Does what a call's transaction does for an otomo, and tells of it as calls do.
    pub(crate) async fn in_transaction(
        &self,
        otomo: &str,
        change: impl Fn(&mut Tx<'_>, &UserId, &Policy) -> Result<(), StoreError> + Send + 'static,
    ) -> Option<StatusChange> {
        let (otomo, policy) = (user(otomo), self.policy);
        let settled = self.store.write(move |tx| {
            change(tx, &otomo, &policy)?;
            records::settle(tx, &otomo, &policy)
        });
        let change: Result<_, StoreError> = settled.await;
        change.unwrap()
    }

    /// The same, and tells of it as calls do.
    pub(crate) async fn call(
        &self,
        otomo: &str,
        change: impl Fn(&mut Tx<'_>, &UserId, &Policy) -> Result<(), StoreError> + Send + 'static,
    ) {
        let change = self.in_transaction(otomo, change).await;
        self.presence.changed(change.into_iter().collect()).await;
    }
}

/// The otomo is in a call of this phase.
pub(crate) fn call_in(
    phase: &'static str,
) -> impl Fn(&mut Tx<'_>, &UserId, &Policy) -> Result<(), StoreError> {
    move |tx, otomo, _| {
        let call = CallId::new().to_string();
        end_calls(tx, otomo)?;
        run!(tx, |c| diesel::insert_into(calls::table)
            .values((
                calls::id.eq(&call),
                calls::caller_id.eq(otomo.as_str()),
                calls::otomo_id.eq(otomo.as_str()),
                calls::caller_device.eq("phone"),
                calls::phase.eq(phase),
                calls::version.eq(1),
                calls::spoken_version.eq(1),
                calls::requested_at.eq(0),
                calls::caller_reported.eq(false),
                calls::otomo_reported.eq(false),
            ))
            .execute(c))?;
        run!(tx, |c| diesel::insert_into(live_participants::table)
            .values((
                live_participants::user_id.eq(otomo.as_str()),
                live_participants::call_id.eq(&call),
            ))
            .execute(c))?;
        Ok(())
    }
}

/// The otomo is in no call any more.
pub(crate) fn call_over(tx: &mut Tx<'_>, otomo: &UserId, _: &Policy) -> Result<(), StoreError> {
    end_calls(tx, otomo)
}

fn end_calls(tx: &mut Tx<'_>, otomo: &UserId) -> Result<(), StoreError> {
    run!(tx, |c| diesel::delete(
        live_participants::table.find(otomo.as_str())
    )
    .execute(c))?;
    Ok(())
}
