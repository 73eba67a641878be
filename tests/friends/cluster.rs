//! Nodes that share a store and a Redis, and people who are connected to them.

use std::{net::SocketAddr, ops::Range, rc::Rc, sync::Arc, task::Waker, time::Duration};

use actix_rt::task::JoinHandle;
use otomo::{
    backplane::{Backplane, Link},
    cluster::alive,
    delivery::{
        dispatch::{self, Dispatch},
        filter::Filter,
        inbox::{Seq, cursor::Cursor},
        leave::{Graces, Leave},
        line::{Client, Line, NewLine, SessionRef},
        lines::Lines,
        outbox::Limits,
    },
    friends::{Friends, records, rules::Standing},
    kernel::{
        config::{Sources, load},
        identity::Role,
        ids::{NodeId, SessionId},
        metrics::Metrics,
    },
    people::{self, circle::Scope},
    protocol::{
        event::{Event, Ready},
        frame::Frame,
        spec::{Topic, Topics},
    },
    store::{Handle, StoreError, Tx},
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    fixture::{Stored, user},
    linked,
    recorder::Recorder,
    redis::Redis,
    waiting::PATIENCE,
};

/// How long a node counts as alive.
pub(crate) const LEASE: Duration = Duration::from_millis(600);

/// How long a broken line is not seen.
pub(crate) const GRACE: Duration = Duration::from_millis(150);

/// More than any test leaves unread.
const ROOM: usize = 1 << 20;

/// What the nodes share.
pub(crate) struct World {
    pub(crate) redis: Redis,
    stored: Stored,
}

impl World {
    /// With people who are friends of each other, and whose Redis all nodes have come to long ago.
    pub(crate) async fn of_friends(names: &[&str]) -> Self {
        let world = Self {
            redis: Redis::start(),
            stored: Stored::of(names).await,
        };
        world.redis.say("SET otomo:since 1");
        world.befriend(names).await;
        world
    }

    async fn befriend(&self, names: &[&str]) {
        let backplane = Backplane::alone("setup".parse().unwrap());
        let dispatch = Dispatch::new(dispatch::Settings::default(), backplane, Arc::default());
        let config = load(&Sources::default()).unwrap();
        let node: NodeId = "setup".parse().unwrap();
        let friends = Friends::start(self.stored.store.clone(), dispatch, &config, &node);
        let friends = friends.await.unwrap();
        for one in names {
            for other in names.iter().filter(|other| other != &one) {
                friends.ask(&user(one), &user(other)).await.unwrap();
            }
        }
    }

    /// Gives somebody friends with these numbers.
    pub(crate) async fn give_friends(&self, name: &str, numbers: Range<usize>) {
        let of = user(name);
        let give = move |tx: &mut Tx<'_>| {
            for number in numbers.clone() {
                let person = people::Person {
                    user: user(&format!("friend-{number}")),
                    role: Role::User,
                    name: String::new(),
                    avatar: None,
                    price_per_minute: None,
                    disabled: false,
                };
                people::records::put(tx, &person)?;
                records::put(tx, &of, &person.user, Standing::Friend)?;
            }
            Ok::<_, StoreError>(())
        };
        self.stored.store.write(give).await.unwrap();
    }

    /// A node that is heard.
    pub(crate) async fn node(&self, name: &str) -> Node {
        let node = self.node_at(name, self.redis.address()).await;
        node.link(Link::Up).await;
        node
    }

    /// A node that reaches Redis elsewhere.
    pub(crate) async fn node_at(&self, name: &str, redis: SocketAddr) -> Node {
        let lease = format!("{}ms", LEASE.as_millis());
        let config = load(&Sources::default().with("cluster.lease", lease)).unwrap();
        let metrics = Arc::<Metrics>::default();
        let backplane = linked::start(name, redis, &metrics);
        let settings = dispatch::Settings {
            workers: 1,
            graces: Graces {
                reload: GRACE,
                leave: GRACE,
            },
            ..dispatch::Settings::default()
        };
        let dispatch = Dispatch::new(settings, backplane.clone(), Arc::clone(&metrics));
        let store = self.stored.store.clone();
        let friends = Friends::start(store.clone(), dispatch.clone(), &config, backplane.node());
        let friends = friends.await.unwrap();
        let lines = dispatch.start_worker().unwrap();
        let mut node = Node {
            backplane,
            store,
            metrics,
            dispatch,
            friends,
            lines,
            tasks: Vec::new(),
        };
        node.thaw();
        node
    }
}

/// One node.
pub(crate) struct Node {
    pub(crate) backplane: Backplane,
    pub(crate) friends: Friends,
    store: Handle,
    metrics: Arc<Metrics>,
    dispatch: Dispatch,
    lines: Rc<Lines>,
    tasks: Vec<JoinHandle<()>>,
}

impl Node {
    pub(crate) async fn link(&self, link: Link) {
        linked::until(&self.backplane, link).await;
    }

    /// How often it has asked Redis.
    pub(crate) fn round_trips(&self) -> u64 {
        self.metrics.backplane.round_trips.get()
    }

    /// How often Redis refused what it said.
    pub(crate) fn refusals(&self) -> u64 {
        self.metrics.backplane.refusals.get()
    }

    /// Does its work from now on.
    pub(crate) fn thaw(&mut self) {
        let (friends, store) = (self.friends.clone(), self.store.clone());
        let name = self.backplane.node().clone();
        let roster = self.dispatch.roster().clone();
        self.tasks = vec![
            actix_rt::spawn(async move { match friends.announce_online().await {} }),
            actix_rt::spawn(async move {
                loop {
                    let node = name.clone();
                    let record = move |tx: &mut Tx<'_>| alive::record(tx, &node);
                    store.write::<_, StoreError, _>(record).await.unwrap();
                    actix_rt::time::sleep(LEASE / 3).await;
                }
            }),
            actix_rt::spawn(async move { match roster.connectedness().end_graces().await {} }),
        ];
    }

    /// Does nothing any more: for good, if nobody thaws it.
    pub(crate) fn freeze(&mut self) {
        self.tasks.drain(..).for_each(|task| task.abort());
    }

    /// Somebody connects, and is sent their snapshot.
    pub(crate) async fn comes(&self, name: &str) -> Person {
        let (recorder, told) = Recorder::new();
        let session = SessionId::new();
        let client = Client {
            user: user(name),
            role: Role::User,
            device: session.into(),
            session,
        };
        let (at, line) = self.lines.insert(NewLine {
            client,
            filter: Filter::new(Topics::ALL),
            versioned: false,
            cursor: Cursor::new(Seq::default(), Seq::default()),
            sink: Rc::new(recorder),
            session: Waker::noop().clone(),
            limits: Rc::new(Limits {
                soft: ROOM,
                hard: ROOM,
            }),
        });
        line.subscribe(Topic::Friends);
        line.subscribe(Topic::Chat);
        self.friends.arrived(line.client());
        // Where they are is what nodes fall back on while Redis is away.
        self.friends.flush().await;
        let mut person = Person {
            name: name.to_owned(),
            at,
            line,
            told,
        };
        let snapshot = self.friends.snapshot(&user(name), Scope::Everybody).await;
        let snapshot = Frame::new(&Event::from(snapshot.unwrap()));
        let to = otomo::delivery::lines::To::Session(at);
        self.dispatch.tell(to, snapshot);
        let ready = Frame::new(&Ready { seq: 0 }.into());
        self.dispatch.open(at, ready);
        person.expect("ready").await;
        person
    }

    /// Somebody leaves.
    pub(crate) fn leaves(&self, person: &Person, how: Leave) {
        let client = person.line.client();
        self.lines.remove(person.at);
        let remaining = self.dispatch.roster().leave(client);
        self.friends.left(client, remaining);
        self.dispatch.roster().left(client, how);
    }

    /// Who of somebody's friends is online, as far as that is known.
    pub(crate) async fn sees(&self, name: &str) -> Value {
        json!(self.friends.online_status(&user(name)).await.unwrap())
    }

    /// Waits until that is so.
    pub(crate) async fn comes_to_see(&self, name: &str, expected: Value) {
        let seen = async {
            while self.sees(name).await != expected {
                actix_rt::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let seen = actix_rt::time::timeout(PATIENCE, seen).await;
        if seen.is_err() {
            panic!("{name} sees {}, not {expected}", self.sees(name).await);
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.freeze();
    }
}

/// Somebody's connection, and what it was told.
pub(crate) struct Person {
    name: String,
    at: SessionRef,
    line: Rc<Line>,
    told: mpsc::UnboundedReceiver<Value>,
}

impl Person {
    /// The next event of a type. What comes before it is passed over.
    pub(crate) async fn expect(&mut self, name: &str) -> Value {
        let next = async {
            loop {
                let event = self.told.recv().await.expect("a live connection");
                if event["type"] == name {
                    return event;
                }
            }
        };
        let next = actix_rt::time::timeout(PATIENCE, next).await;
        next.unwrap_or_else(|_| panic!("{} is never told {name}", self.name))
    }

    /// The next change of a friend's status.
    pub(crate) async fn hears(&mut self, of: &str, status: &str) -> Value {
        let changed = self.expect("friend_status_changed").await;
        let heard = (changed["user_id"].as_str(), changed["status"].as_str());
        assert_eq!(heard, (Some(of), Some(status)), "{}", self.name);
        changed
    }

    /// All changes that came and were not looked at.
    pub(crate) fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Ok(event) = self.told.try_recv() {
            if event["type"] == "friend_status_changed" {
                let (user, status) = (&event["user_id"], &event["status"]);
                heard.push(format!(
                    "{} {}",
                    user.as_str().unwrap(),
                    status.as_str().unwrap()
                ));
            }
        }
        heard
    }
}
