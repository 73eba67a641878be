//! Nodes that hear each other through a Redis of their own.

use std::{sync::Arc, time::Duration};

use otomo::{
    backplane::{Backplane, Link},
    kernel::{config::RedisConfig, metrics::Metrics, secret::Secret},
};

use crate::redis::Redis;

/// How long a link may take to come up: it takes milliseconds, or the second after which a lost one is tried again.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node of this name: alone, or heard by the others of that Redis when this returns.
pub(crate) async fn node(name: &str, redis: Option<&Redis>, metrics: &Arc<Metrics>) -> Backplane {
    let node = name.parse().unwrap();
    let Some(redis) = redis else {
        return Backplane::alone(node);
    };
    let config = RedisConfig {
        url: Some(Secret::new(redis.url())),
        probe_interval: Duration::from_millis(50),
    };
    let backplane = Backplane::start(&config, node, Arc::clone(metrics)).unwrap();
    until(&backplane, Link::Up).await;
    backplane
}

/// Waits until a node's link is so.
pub(crate) async fn until(backplane: &Backplane, link: Link) {
    let mut links = backplane.watch().unwrap();
    let reached = links.wait_for(|now| *now == link);
    let reached = actix_rt::time::timeout(PATIENCE, reached).await;
    drop(reached.expect("the link changes").unwrap());
}
