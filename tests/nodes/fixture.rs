//! Nodes without sockets, on a database of their own.

use std::{any::Any, rc::Rc, sync::Arc, time::Duration};

use actix_rt::task::JoinHandle;
use diesel::prelude::*;
use otomo::{
    backplane::Backplane,
    cluster::{JoinFault, Membership, Settings, records},
    delivery::{
        dispatch::{self, Dispatch},
        line::Client,
        lines::Lines,
    },
    kernel::{
        config::{DatabaseConfig, DatabaseUrl},
        identity::Role,
        ids::{NodeId, SessionId},
        metrics::Metrics,
        time::Clock,
    },
    protocol::close_code::CloseCode,
    store::{Handle, StoreError, Tx, migrations::migrate, run, sql::schema::audit},
};

use crate::{listener::Listener, postgres::PostgresDatabase};

/// Long enough to be renewed on a busy machine, short enough to be waited for.
pub(crate) const LEASE: Duration = Duration::from_millis(1_500);

/// A database.
pub(crate) struct Fixture {
    url: DatabaseUrl,
    /// What is gone with it.
    _kept: Box<dyn Any>,
}

/// A node that has its place.
pub(crate) struct Node {
    pub(crate) store: Handle,
    pub(crate) membership: Membership,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) dispatch: Dispatch,
    lines: Rc<Lines>,
    /// While it is not frozen.
    keeping: Option<JoinHandle<()>>,
}

/// Notes in the transaction that settles for a node that it did.
fn note(tx: &mut Tx<'_>, node: &NodeId) -> Result<usize, StoreError> {
    let line = (
        audit::id.eq(uuid::Uuid::now_v7().to_string()),
        audit::at.eq(tx.now().millis()),
        audit::actor.eq("nobody"),
        audit::action.eq("settled"),
        audit::target.eq(node.as_str()),
        audit::outcome.eq("done"),
    );
    run!(tx, |c| diesel::insert_into(audit::table)
        .values(line)
        .execute(c))
}

impl Fixture {
    pub(crate) fn on(database: PostgresDatabase) -> Self {
        Self::at(database.url(), Box::new(database))
    }

    /// A database that one node can have at a time.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("otomo.db");
        Self::at(format!("sqlite://{}", file.display()), Box::new(folder))
    }

    fn at(url: impl AsRef<str>, kept: Box<dyn Any>) -> Self {
        let url = url.as_ref().parse().unwrap();
        migrate(&url).unwrap();
        Self { url, _kept: kept }
    }

    pub(crate) fn open(&self) -> (Handle, Arc<Metrics>) {
        let config = DatabaseConfig {
            url: self.url.clone(),
            pool_size: 2,
            queue: 4_096,
            statement_timeout: Duration::from_secs(5),
        };
        let metrics = Arc::<Metrics>::default();
        let store = Handle::open(&config, Clock::system(), Arc::clone(&metrics));
        (store.unwrap(), metrics)
    }

    /// How a node of this name is set up.
    pub(crate) fn settings(name: &str) -> Settings {
        Settings {
            name: name.parse().unwrap(),
            lease: LEASE,
            advertise: Some(format!("http://{name}:8080").parse().unwrap()),
            shared: true,
            linked: true,
            settle: vec![note],
        }
    }

    /// A node that is frozen from the moment at which it has joined.
    pub(crate) async fn frozen(&self, settings: Settings) -> Result<Node, JoinFault> {
        let (store, metrics) = self.open();
        let name = settings.name.clone();
        let membership = Membership::join(&store, settings, &metrics).await?;
        let delivery = dispatch::Settings {
            workers: 1,
            standing: membership.standing(),
            ..dispatch::Settings::default()
        };
        let dispatch = Dispatch::new(delivery, Backplane::alone(name), Arc::clone(&metrics));
        let lines = dispatch.start_worker().unwrap();
        Ok(Node {
            store,
            membership,
            metrics,
            dispatch,
            lines,
            keeping: None,
        })
    }

    /// A node that lives.
    pub(crate) async fn node(&self, name: &str) -> Node {
        let mut node = self.frozen(Self::settings(name)).await.unwrap();
        node.wake();
        node
    }
}

impl Node {
    /// It goes on.
    pub(crate) fn wake(&mut self) {
        let (membership, dispatch) = (self.membership.clone(), self.dispatch.clone());
        self.keeping = Some(actix_rt::spawn(async move {
            match membership.keep(&dispatch).await {}
        }));
    }

    /// It does nothing from now on.
    pub(crate) fn freeze(&mut self) {
        if let Some(keeping) = self.keeping.take() {
            keeping.abort();
        }
    }

    /// The process dies.
    pub(crate) async fn dies(mut self) {
        self.freeze();
        self.store.close().await;
    }

    /// It stops in good order.
    pub(crate) async fn leaves(mut self) {
        self.freeze();
        self.membership.leave(self.dispatch.backplane()).await;
        self.store.close().await;
    }

    /// Somebody connects.
    pub(crate) fn connect(&self, user: &str) -> Listener {
        let client = Client {
            user: user.parse().unwrap(),
            role: Role::User,
            device: "phone".parse().unwrap(),
            session: SessionId::new(),
        };
        Listener::new(&self.lines, client, false)
    }

    /// Whether a connection is being closed, and with which code.
    pub(crate) fn closed(&self, client: &Listener) -> Option<CloseCode> {
        let signals = self.lines.get(client.at)?.take_signals();
        signals.closing().map(|farewell| farewell.code)
    }

    /// Something is stored.
    pub(crate) async fn writes(&self) -> Result<(), StoreError> {
        let node = self.membership.node().clone();
        self.store.write(move |tx| note(tx, &node).map(drop)).await
    }

    /// For which nodes how often somebody has settled.
    pub(crate) async fn settled(&self, name: &str) -> i64 {
        let name = name.to_owned();
        let notes = self.store.read(move |conn| {
            let notes = audit::table.filter(audit::target.eq(name)).count();
            run!(conn, |c| notes.get_result(c))
        });
        let notes: Result<i64, StoreError> = notes.await;
        notes.unwrap()
    }

    /// A node as it is stored.
    pub(crate) async fn row(&self, name: &str) -> Option<records::Node> {
        let name = name.parse().unwrap();
        let found = self.store.read(move |conn| records::find(conn, &name));
        found.await.unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.freeze();
    }
}
