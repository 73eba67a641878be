//! Nodes, and a Redis that can be cut off.

use std::{net::SocketAddr, sync::Arc};

use otomo::{
    backplane::{Backplane, Channel, Link, Listener, News},
    kernel::metrics::Metrics,
};

use super::{
    linked::{self, until},
    redis::Redis,
    tunnel::Tunnel,
    waiting::PATIENCE,
};

/// Nodes of one Redis.
pub(crate) struct Cluster {
    pub(crate) redis: Redis,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let redis = Redis::start();
        Self { redis }
    }

    /// A node that is heard.
    pub(crate) async fn node(&self, name: &str) -> Backplane {
        let (node, _) = self.node_with_metrics(name).await;
        node
    }

    /// The same, and what it counts.
    pub(crate) async fn node_with_metrics(&self, name: &str) -> (Backplane, Arc<Metrics>) {
        let (node, metrics) = start(name, self.redis.address());
        until(&node, Link::Up).await;
        (node, metrics)
    }

    /// A node that is heard through a tunnel.
    pub(crate) async fn node_behind_tunnel(&self, name: &str) -> (Backplane, Tunnel) {
        let tunnel = Tunnel::to(self.redis.address()).await;
        let (node, _) = start(name, tunnel.address());
        until(&node, Link::Up).await;
        (node, tunnel)
    }
}

/// A node that is not heard yet.
pub(crate) fn start(name: &str, redis: SocketAddr) -> (Backplane, Arc<Metrics>) {
    let metrics = Arc::<Metrics>::default();
    (linked::start(name, redis, &metrics), metrics)
}

/// Room number `number`.
pub(crate) fn room(number: usize) -> Channel {
    Channel::Room(format!("game_{number}").parse().unwrap())
}

/// The next message, as text; gaps are skipped.
pub(crate) async fn next(listener: &mut Listener) -> String {
    loop {
        if let News::Message(message) = news(listener).await {
            return String::from_utf8(message.body.to_vec()).unwrap();
        }
    }
}

/// Waits for a gap. Returns what was said before it.
pub(crate) async fn until_gap(listener: &mut Listener) -> Vec<String> {
    let mut before = Vec::new();
    loop {
        match news(listener).await {
            News::Gap => return before,
            News::Message(message) => {
                before.push(String::from_utf8(message.body.to_vec()).unwrap());
            }
        }
    }
}

/// The next news.
pub(crate) async fn news(listener: &mut Listener) -> News {
    let next = tokio::time::timeout(PATIENCE, listener.next());
    next.await.expect("something is heard")
}

/// Whether a listener has something to hear now.
pub(crate) async fn has_news(listener: &mut Listener) -> bool {
    tokio::select! {
        biased;
        News::Message(_) = listener.next() => true,
        () = std::future::ready(()) => false,
    }
}
