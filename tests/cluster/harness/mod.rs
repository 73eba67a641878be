//! A cluster for each test: nodes, the PostgreSQL and the Redis that they share, and what can be done to each of them.
//!
//! Times are shrunk by configuration, so that a dead node is dead after two seconds. The nodes reach Redis through a way that
//! can be cut.

mod node;

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use diesel::PgConnection;

pub use self::node::Node;
use crate::{
    api::API_KEY,
    postgres::{Postgres, PostgresDatabase},
    support::{Client, Redis, Tunnel},
};

/// How long a node, or an otomo's connection, counts as alive without a sign of life.
pub const LEASE: Duration = Duration::from_secs(2);

/// How long something may take that a lease bounds: the lease, a round of those who look, the grace after it, and a slow machine.
pub const WITHIN_LEASE: Duration = Duration::from_secs(15);

/// The settings of all nodes: short times, and no limits for people who are faster than people.
const SETTINGS: [(&str, &str); 20] = [
    ("server.workers", "1"),
    ("database.pool_size", "2"),
    ("auth.api_keys", API_KEY),
    (
        "cluster.secret",
        "what the nodes of a test share, and no others",
    ),
    ("cluster.lease", "2s"),
    ("presence.lease", "2s"),
    ("presence.leave_grace", "1s"),
    ("presence.reload_grace", "500ms"),
    ("presence.restart_grace", "1s"),
    ("presence.ping_interval", "2s"),
    ("presence.pong_timeout", "1s"),
    ("calls.loss_grace", "3s"),
    ("calls.ring_loss_grace", "1s"),
    ("calls.ring_timeout", "5s"),
    ("calls.missed_limit", "none"),
    ("calls.charge_interval", "500ms"),
    ("limits.calls_per_minute", "none"),
    ("limits.commands_per_second", "none"),
    ("limits.connections_per_user", "none"),
    ("limits.protocol_errors", "none"),
];

/// The times of production in place of the short ones.
const CALM: [(&str, &str); 4] = [
    ("cluster.lease", "15s"),
    ("presence.lease", "15s"),
    ("presence.ping_interval", "25s"),
    ("presence.pong_timeout", "10s"),
];

/// What makes a PostgreSQL of tests as safe as it is by default: the later word counts.
const DURABLE: &str = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on";

/// Nodes that serve one database.
pub struct Cluster {
    nodes: Vec<Node>,
    redis: RedisOf,
    postgres: PostgresOf,
}

/// The Redis of a cluster.
pub struct RedisOf {
    server: Mutex<Redis>,
    way: Tunnel,
}

/// The PostgreSQL of a cluster. The database goes before its server.
pub struct PostgresOf {
    database: PostgresDatabase,
    own: Option<Postgres>,
}

impl Cluster {
    /// As many nodes, on the PostgreSQL that all tests share.
    pub async fn start(nodes: usize) -> Self {
        Self::start_with(nodes, &[]).await
    }

    /// The same with some settings changed.
    pub async fn start_with(nodes: usize, settings: &[(&str, &str)]) -> Self {
        Self::on(PostgresOf::shared(), nodes, settings).await
    }

    /// With a PostgreSQL of its own, that can be stopped.
    pub async fn start_apart(nodes: usize, settings: &[(&str, &str)]) -> Self {
        Self::on(PostgresOf::own(), nodes, settings).await
    }

    /// The same, and each node has ways of its own to its clients and to both stores, on which troubles can be made.
    pub async fn start_behind_ways(nodes: usize, settings: &[(&str, &str)]) -> Self {
        let postgres = PostgresOf::own();
        let server = Redis::start();
        let way = Tunnel::to(server.address()).await;
        let mut these = Vec::new();
        for number in 1..=nodes {
            let to_postgres = Tunnel::to(postgres.address()).await;
            let to_redis = Tunnel::to(way.address()).await;
            let database = postgres.database.url_by(to_postgres.address().port());
            let redis = format!("redis://{}/", to_redis.address());
            let own = [("database.url", &*database), ("redis.url", &*redis)];
            let settings = [&SETTINGS[..], &own, settings].concat();
            let node = Node::start(&format!("n{number}"), &settings).await;
            these.push(node.behind(to_redis, to_postgres).await);
        }
        Self {
            nodes: these,
            redis: RedisOf {
                server: Mutex::new(server),
                way,
            },
            postgres,
        }
    }

    /// As it is in production, to be measured: PostgreSQL waits for its disk, no tunnel is on the way to Redis, and what is
    /// done every so often is done as rarely as by default.
    pub async fn start_measured(nodes: usize) -> Self {
        let server = Redis::start();
        let way = Tunnel::to(server.address()).await;
        let redis = server.url();
        Self::of(PostgresOf::durable(), (server, way), &redis, nodes, &CALM).await
    }

    async fn on(postgres: PostgresOf, count: usize, more: &[(&str, &str)]) -> Self {
        let server = Redis::start();
        let way = Tunnel::to(server.address()).await;
        let redis = format!("redis://{}/", way.address());
        Self::of(postgres, (server, way), &redis, count, more).await
    }

    async fn of(
        postgres: PostgresOf,
        (server, way): (Redis, Tunnel),
        redis: &str,
        count: usize,
        more: &[(&str, &str)],
    ) -> Self {
        let database = postgres.database.url();
        let shared = [("database.url", database.as_str()), ("redis.url", redis)];
        let settings = [&SETTINGS[..], &shared, more].concat();
        let mut nodes = Vec::new();
        // One after the other: the first one makes the tables.
        for number in 1..=count {
            nodes.push(Node::start(&format!("n{number}"), &settings).await);
        }
        Self {
            nodes,
            redis: RedisOf {
                server: Mutex::new(server),
                way,
            },
            postgres,
        }
    }

    /// One of the nodes, from 0 on.
    pub fn node(&self, number: usize) -> &Node {
        &self.nodes[number]
    }

    /// All of them.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What they tell each other through.
    pub fn redis(&self) -> &RedisOf {
        &self.redis
    }

    /// Where they keep what lasts.
    pub fn postgres(&self) -> &PostgresOf {
        &self.postgres
    }
}

impl RedisOf {
    /// Ends it, with everything it knew, and starts it empty.
    pub fn restart_empty(&self) {
        self.lock().restart();
    }

    /// From now on no node reaches it.
    pub fn cut(&self) {
        self.way.cut();
    }

    /// From now on nodes reach it.
    pub fn heal(&self) {
        self.way.heal();
    }

    /// Where it is itself, whatever becomes of the way to it.
    pub fn url(&self) -> String {
        self.lock().url()
    }

    /// Something said to it, as on its command line.
    pub fn say(&self, command: &str) -> String {
        self.lock().say(command)
    }

    fn lock(&self) -> MutexGuard<'_, Redis> {
        self.server.lock().expect("no panic")
    }
}

impl PostgresOf {
    fn shared() -> Self {
        Self {
            database: Postgres::shared().database(),
            own: None,
        }
    }

    fn own() -> Self {
        Self::with(Postgres::own())
    }

    fn durable() -> Self {
        Self::with(Postgres::with_settings(DURABLE))
    }

    fn with(own: Postgres) -> Self {
        Self {
            database: own.database(),
            own: Some(own),
        }
    }

    fn server(&self) -> &Postgres {
        let own = self.own.as_ref();
        own.expect("a test that stops PostgreSQL has one of its own")
    }

    fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.server().port()).into()
    }

    /// Stops it; what is committed stays.
    pub fn stop(&self) {
        self.server().stop();
    }

    /// Starts it again.
    pub fn start(&self) {
        self.server().start();
    }

    /// Stops and starts it.
    pub fn restart(&self) {
        self.server().restart();
    }

    /// A connection past the store, to look at what is there.
    pub fn connect(&self) -> PgConnection {
        self.database.connect()
    }
}

/// What has come of an otomo's status, in order.
pub fn statuses(client: &mut Client, otomo: &str) -> Vec<String> {
    let heard = client.everything().into_iter();
    let of = heard.filter(|it| it["type"] == "otomo_status_update" && it["userId"] == otomo);
    of.map(|it| it["status"].as_str().expect("a status").to_owned())
        .collect()
}
