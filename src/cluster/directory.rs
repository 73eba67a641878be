//! Which nodes there are and where they are reached, as this one last heard.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use actix_http::Uri;

use super::records::{self, Node};
use crate::{
    kernel::ids::NodeId,
    store::{Handle, StoreError},
};

/// Between two looks at the store for a name that nobody knows, in milliseconds: whoever makes names up must not be able to
/// have it asked for each.
const LOOK_UP_EVERY: i64 = 1_000;

/// The nodes. Clones share what is known.
#[derive(Clone)]
pub struct Nodes(Arc<Shared>);

struct Shared {
    own: NodeId,
    store: Handle,
    known: RwLock<Arc<[Node]>>,
    looked_at: AtomicI64,
}

impl Nodes {
    pub(super) fn new(own: NodeId, store: Handle) -> Self {
        Self(Arc::new(Shared {
            own,
            store,
            known: RwLock::new(Arc::from([])),
            looked_at: AtomicI64::new(i64::MIN),
        }))
    }

    /// This one's name.
    pub fn own(&self) -> &NodeId {
        &self.0.own
    }

    /// All that there were, as they were when they were last looked at.
    pub fn known(&self) -> Arc<[Node]> {
        // A value is in place or not.
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known)
    }

    /// Whether another node is alive, as far as this one knows.
    pub fn has_others(&self) -> bool {
        let now = self.0.store.now();
        let known = self.known();
        let mut others = known.iter().filter(|it| it.row.name != self.0.own);
        others.any(|it| it.row.is_alive(now))
    }

    /// Where a node is reached that is alive, as far as this one knows, and says where.
    pub fn advertise(&self, node: &NodeId) -> Option<Uri> {
        let now = self.0.store.now();
        let known = self.known();
        let found = known.iter().find(|it| it.row.name == *node)?;
        let address = found
            .advertise
            .as_ref()
            .filter(|_| found.row.is_alive(now))?;
        address.parse().ok()
    }

    /// The same; looks into the store for one that is not known here.
    pub async fn look_up(&self, node: &NodeId) -> Option<Uri> {
        let known = self.advertise(node);
        let (now, looked_at) = (self.0.store.now().millis(), &self.0.looked_at);
        if known.is_some()
            || now
                < looked_at
                    .load(Ordering::Relaxed)
                    .saturating_add(LOOK_UP_EVERY)
        {
            return known;
        }
        looked_at.store(now, Ordering::Relaxed);
        // A store that is away knows nobody.
        self.refresh().await.ok()?;
        self.advertise(node)
    }

    /// Looks into the store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn refresh(&self) -> Result<Arc<[Node]>, StoreError> {
        let nodes: Arc<[Node]> = self.0.store.read(records::all).await?.into();
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Arc::clone(&nodes);
        Ok(nodes)
    }
}
