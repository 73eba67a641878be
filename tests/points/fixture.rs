//! The points of a server without sockets, on a database that goes away with it.

use std::sync::Arc;

use otomo::{
    delivery::{
        dispatch::{self, Dispatch},
        inbox::{
            Seq,
            records::{self as inbox, Page},
        },
    },
    kernel::{
        config::{Config, Sources, load},
        ids::UserId,
        metrics::Metrics,
        time::{Clock, Timestamp},
    },
    points::{
        Points, PointsFault,
        order::{Key, Order, Purpose, Transaction},
        recovery::Recovery,
        rules::{Amount, Change},
    },
    store::Handle,
};
use serde_json::Value;

use crate::database::Database;

pub(crate) fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// A point in time, in UTC.
pub(crate) fn time(utc: &str) -> Timestamp {
    let time: jiff::Timestamp = utc.parse().unwrap();
    Timestamp::from_millis(time.as_millisecond())
}

/// An order of a backend: a grant, or with a negative number a consume.
pub(crate) fn order(name: &str, key: &str, points: i64) -> Order {
    let amount = Amount::try_from(points.abs()).unwrap();
    let change = if points < 0 {
        Change::Consume(amount)
    } else {
        Change::Grant(amount)
    };
    let purpose = Purpose {
        transaction_type: "test".to_owned(),
        ..Purpose::default()
    };
    Order::new(
        user(name),
        Key::request(&key.parse().unwrap()),
        change,
        purpose,
    )
    .unwrap()
}

/// One run of a server.
pub(crate) struct Server {
    pub(crate) points: Points,
    pub(crate) store: Handle,
    pub(crate) recovery: Recovery,
    pub(crate) dispatch: Dispatch,
    pub(crate) metrics: Arc<Metrics>,
    config: Config,
    clock: Clock,
    database: Database,
}

impl Server {
    /// The first, at a point in time.
    pub(crate) fn start(now: Timestamp, settings: &[(&str, &str)]) -> Self {
        let mut sources = Sources::default();
        for (key, value) in settings {
            sources = sources.with(key, *value);
        }
        Self::open(Database::new(), load(&sources).unwrap(), Clock::manual(now))
    }

    fn open(database: Database, config: Config, clock: Clock) -> Self {
        let metrics = Arc::new(Metrics::default());
        let store = Handle::open(&database.config(), clock.clone(), Arc::clone(&metrics)).unwrap();
        let delivery = dispatch::Settings {
            workers: 1,
            ..dispatch::Settings::default()
        };
        let dispatch = Dispatch::new(
            delivery,
            otomo::backplane::Backplane::alone("n1".parse().unwrap()),
            Arc::clone(&metrics),
        );
        Self {
            points: Points::new(store.clone(), dispatch.clone(), Arc::clone(&metrics)),
            dispatch,
            metrics,
            store,
            recovery: Recovery::new(&config.points).expect("points come each day"),
            config,
            clock,
            database,
        }
    }

    /// The next one on the same database, with the same clock.
    pub(crate) async fn restarts(self) -> Self {
        self.store.close().await;
        Self::open(self.database, self.config, self.clock)
    }

    /// The clock is set, forward or back.
    pub(crate) fn is_at(&self, utc: &str) {
        self.clock.set(time(utc));
    }

    /// Carries out an order.
    pub(crate) async fn order(&self, order: Order) -> Result<Transaction, PointsFault> {
        self.points.carry_out(order).await
    }

    /// Brings the points that have come; returns to how many accounts.
    pub(crate) async fn recover(&self) -> usize {
        self.points.recover(&self.recovery).await.unwrap()
    }

    pub(crate) async fn balance(&self, name: &str) -> i64 {
        self.points.account(&user(name)).await.unwrap().balance
    }

    /// All transactions of somebody, the oldest first.
    pub(crate) async fn history(&self, name: &str) -> Vec<Transaction> {
        let list = self.points.transactions(&user(name), None, 100_000);
        let mut list = list.await.unwrap();
        list.reverse();
        list
    }

    /// What somebody was told, the oldest first.
    pub(crate) async fn told(&self, name: &str) -> Vec<Value> {
        let (name, now) = (user(name), self.store.now());
        let page = self
            .store
            .read(move |conn| inbox::page(conn, &name, Seq::new(0), 100_000, now));
        let Page::Events { events, .. } = page.await.unwrap() else {
            panic!("nothing was dropped");
        };
        let bodies = events.iter().map(|it| serde_json::from_str(&it.body));
        bodies.map(Result::unwrap).collect()
    }
}
