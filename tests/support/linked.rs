//! Nodes that hear each other through a Redis of their own.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use otomo::{
    backplane::{Backplane, Link},
    kernel::{config::RedisConfig, metrics::Metrics, secret::Secret},
};

use super::{
    redis::{self, Redis},
    waiting::PATIENCE,
};

/// A node of this name: alone, or heard by the others of that Redis when this returns.
pub(crate) async fn node(name: &str, redis: Option<&Redis>, metrics: &Arc<Metrics>) -> Backplane {
    let Some(redis) = redis else {
        return Backplane::alone(name.parse().unwrap());
    };
    let backplane = start(name, redis.address(), metrics);
    until(&backplane, Link::Up).await;
    backplane
}

/// A node that reaches its Redis at this address, and has not been heard yet.
pub(crate) fn start(name: &str, redis: SocketAddr, metrics: &Arc<Metrics>) -> Backplane {
    let config = RedisConfig {
        url: Some(Secret::new(redis::url(redis))),
        probe_interval: Duration::from_millis(50),
    };
    let node = name.parse().unwrap();
    Backplane::start(&config, node, Arc::clone(metrics)).unwrap()
}

/// Waits until a node's link is so.
pub(crate) async fn until(backplane: &Backplane, link: Link) {
    let mut links = backplane.watch().unwrap();
    let reached = links.wait_for(|now| *now == link);
    let reached = actix_rt::time::timeout(PATIENCE, reached).await;
    drop(reached.expect("the link changes").unwrap());
}
