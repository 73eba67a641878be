//! The registry of who is online, in a real Redis: what it must do, and what others read there.
//!
//! - [`ledger`](ledger): its rules in memory. `stories`: whatever happens, both say the same. `keys`: the keys of the document.
//!   `trips`: what a look-up costs.

mod keys;
#[path = "../../support/ledger.rs"]
#[allow(unreachable_pub, missing_docs, reason = "shared with other tests")]
mod ledger;
mod stories;
mod trips;

use std::{sync::Arc, time::Duration};

use otomo::{
    backplane::Backplane,
    delivery::connectedness::registry::{Life, Registry},
    kernel::{ids::UserId, metrics::Metrics},
};

use crate::backplane::{fixture::Cluster, redis::Redis};

/// Longer than any test: what time does is said by the test.
const LEASE: Duration = Duration::from_mins(5);

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

/// A Redis whose nodes have all come, and two nodes of it.
struct World {
    cluster: Cluster,
    nodes: [(Backplane, Arc<Metrics>); 2],
}

impl World {
    async fn new() -> Self {
        let cluster = Cluster::start();
        let nodes = [
            cluster.node_with_metrics("a").await,
            cluster.node_with_metrics("b").await,
        ];
        Self { cluster, nodes }
    }

    fn redis(&self) -> &Redis {
        &self.cluster.redis
    }

    fn registry(&self, node: usize) -> Registry {
        Registry::new(self.nodes[node].0.redis().unwrap(), LEASE)
    }

    /// A life of a node.
    fn life(&self, node: usize, number: u64) -> Life {
        Life::new(self.nodes[node].0.node(), 1, number)
    }

    /// All nodes have had time to come.
    fn settle(&self) {
        self.redis().say("SET otomo:since 1");
    }

    /// A life's lease runs out.
    fn run_out(&self, life: &Life) {
        self.redis().say(&format!("DEL otomo:life:{life}:lease"));
    }
}
