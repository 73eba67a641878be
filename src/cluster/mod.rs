//! Floor 3: which nodes there are, and whether this one may act.
//!
//! ```text
//!   app ── join ──> Membership ── renews every third of cluster.lease ──> nodes (the store)
//!                       │  ^                                                 ^
//!            Standing <─┘  └─ the dead: claimed by one, settled ─────────────┘ Fence: each batch of the writer
//!                Nodes <──── who there is, and where                            looks whether the row is still its node's
//! ```
//! - [`rules`]: who may have a name, for how long, and when it counts as dead. Pure.
//! - [`records`]: the table `nodes`. [`alive`]: its signs of life. [`repair`]: what may not be in it.
//! - `join`: how a node gets its place. `process`: whether the one before it has ended. `keep`: how it keeps the place, and
//!   what it does for others. `directory`: who there is.
//!
//! # A node that is not itself any more
//! A node that was frozen (a stopped process, a machine without its turn) for longer than its lease may have been taken for
//! dead: others have told its people's friends that they are gone, and its calls that their devices are lost. So when it
//! wakes it must do nothing until it has joined again. Three things hold it back: [`Standing`], which is over the
//! moment it wakes, for commands, connects and what the backplane brings; the fence of the store
//! ([`Writer`]), for whatever was on its way already; and the fact that all its sessions are closed
//! (4200, come back now) before it joins in a new epoch.
//!
//! # A store that is away
//! While the store is away nobody can take a node's place: it waits, and goes on with what needs no store. When the store is
//! back nobody settles the affairs of others for one term of the lease, so that everybody can renew first.
//!
//! On SQLite there is one server, which a lock on a file sees to: its lease never ends and nothing is fenced. What it left
//! under another name it settles itself when it joins.

pub mod alive;
mod directory;
mod join;
mod keep;
mod process;
pub mod records;
pub mod repair;
pub mod rules;

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use actix_http::Uri;
use actix_rt::time::timeout;
use bytes::Bytes;
use tokio::sync::{Notify, watch};

pub use self::{directory::Nodes, join::JoinFault};
use self::{
    join::Joined,
    rules::{Epoch, Tenure},
};
use crate::{
    backplane::{Backplane, Channel, Echo, Subject},
    delivery::dispatch::Dispatch,
    kernel::{config::Config, ids::NodeId, logging::chain, metrics::Metrics, standing::Standing},
    store::{Handle, StoreError, Tx, Writer},
};

/// Settles what a node left behind in a transaction that nobody else repeats; returns for how many people.
pub type Settle = fn(&mut Tx<'_>, &NodeId) -> Result<usize, StoreError>;

/// What of being a node is configured.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name.
    pub name: NodeId,
    /// How long it counts as alive without a sign of life (`cluster.lease`).
    pub lease: Duration,
    /// Where other nodes reach it (`cluster.advertise`).
    pub advertise: Option<Uri>,
    /// Whether the database can have several nodes.
    pub shared: bool,
    /// Whether it could hear them (`redis.url`).
    pub linked: bool,
    /// What is done for a node that has died.
    pub settle: Vec<Settle>,
}

impl Settings {
    /// Those of the configuration, for a node of this name.
    pub fn new(name: NodeId, config: &Config, settle: Vec<Settle>) -> Self {
        Self {
            name,
            lease: config.cluster.lease,
            advertise: config.cluster.advertise.clone(),
            shared: config.database.url.is_shared(),
            linked: config.redis.url.is_some(),
            settle,
        }
    }
}

/// This node among those of its database. Clones share everything.
#[derive(Clone)]
pub struct Membership(Arc<Shared>);

struct Shared {
    store: Handle,
    settings: Settings,
    standing: Standing,
    life: Mutex<Life>,
    nodes: Nodes,
    metrics: Arc<Metrics>,
    /// A sign of life was stored.
    renewed: Notify,
    /// Counts the nodes whose affairs this one has settled.
    settled: watch::Sender<u64>,
}

/// The current life of this node.
struct Life {
    epoch: Epoch,
    tenure: Tenure,
}

impl Life {
    fn of(joined: &Joined, lease: Duration) -> Self {
        Self {
            epoch: joined.epoch,
            tenure: Tenure::begin(lease, joined.asked),
        }
    }
}

impl Membership {
    /// Joins the nodes of a database. Waits for the lease of one of the same name to run out, unless it is known that it has
    /// ended.
    ///
    /// # Errors
    /// [`JoinFault`]: another is alive that this one cannot be beside, or the store failed.
    pub async fn join(
        store: &Handle,
        settings: Settings,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, JoinFault> {
        let standing = match settings.shared {
            true => Standing::limited(),
            false => Standing::default(),
        };
        let joined = join::join(store, &settings, &standing, None).await?;
        let membership = Self(Arc::new(Shared {
            store: store.clone(),
            standing,
            life: Mutex::new(Life::of(&joined, settings.lease)),
            nodes: Nodes::new(settings.name.clone(), store.clone()),
            renewed: Notify::new(),
            settled: watch::Sender::new(0),
            metrics: Arc::clone(metrics),
            settings,
        }));
        membership.begin_life(&joined);
        membership.0.nodes.refresh().await?;
        Ok(membership)
    }

    /// This node.
    pub fn node(&self) -> &NodeId {
        &self.0.settings.name
    }

    /// Which life of it this is.
    pub fn epoch(&self) -> Epoch {
        self.life().epoch
    }

    /// Whether it may act: for those who have to ask often.
    pub fn standing(&self) -> Standing {
        self.0.standing.clone()
    }

    /// Whether it may act.
    pub fn is_current(&self) -> bool {
        self.0.standing.is_current()
    }

    /// Which nodes there are.
    pub fn nodes(&self) -> Nodes {
        self.0.nodes.clone()
    }

    /// Changes each time this node has settled what a dead one left.
    pub fn settled(&self) -> watch::Receiver<u64> {
        self.0.settled.subscribe()
    }

    /// Stays a node, for as long as it is polled: by one task of the server.
    pub async fn keep(&self, dispatch: &Dispatch) -> Infallible {
        let backplane = dispatch.backplane();
        let mut news = backplane.listen(Subject::Nodes);
        self.announce(backplane);
        let listening = async {
            loop {
                // Whatever it was, the store knows.
                news.next().await;
                self.refresh().await;
            }
        };
        tokio::select! {
            biased;
            never = self.renew_for_ever(dispatch) => never,
            never = self.look_for_ever() => never,
            never = listening => never,
        }
    }

    /// Gives the place up, once all that was accepted is stored. What is written after this is refused.
    pub async fn leave(&self, backplane: &Backplane) {
        let (name, epoch) = (self.node().clone(), self.epoch());
        if self.0.settings.shared {
            self.0.store.write_as(Writer::Nobody);
        }
        let left = self
            .0
            .store
            .write_apart(move |tx| records::leave(tx, &name, epoch));
        // After the lease the place is given up by itself, so a database that hangs need not be waited for longer.
        match timeout(self.0.settings.lease, left).await {
            Ok(Ok(())) => {
                log::info!("node left node={} epoch={epoch}", self.node());
                self.announce(backplane);
            }
            Ok(Err(fault)) => {
                let fault: StoreError = fault;
                log::warn!("node could not say that it leaves cause={}", chain(&fault));
            }
            Err(_elapsed) => log::warn!("node could not say in time that it leaves"),
        }
    }

    fn begin_life(&self, joined: &Joined) {
        let Shared {
            store,
            settings,
            standing,
            ..
        } = &*self.0;
        let life = Life::of(joined, settings.lease);
        let (epoch, until) = (life.epoch, life.tenure.until());
        *self.life() = life;
        if settings.shared {
            let name = settings.name.clone();
            store.write_as(Writer::Node { name, epoch });
        }
        standing.set(until);
        log::info!("node joined node={} epoch={epoch}", settings.name);
    }

    /// Has the others look who there is.
    fn announce(&self, backplane: &Backplane) {
        let (everyone, nothing) = (Channel::Everyone, Bytes::new());
        backplane.tell(&everyone, Subject::Nodes, nothing, Echo::Skip);
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        // Whole between any two statements.
        self.0.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
