//! What every [`Backplane`] must do, and what the one over Redis must do when Redis is away.
//!
//! - `fixture`: nodes, and a Redis that can be cut off. `nodes`: what nodes hear of each other. `outages`: what becomes of it
//!   without Redis. `commands`: what else is said to Redis.

mod commands;
pub(crate) mod fixture;
#[path = "../../support/linked.rs"]
#[allow(dead_code, reason = "other suites ask for more of it")]
mod linked;
mod nodes;
mod outages;
#[path = "../../support/redis.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
pub(crate) mod redis;
#[path = "../../support/tunnel.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with other tests")]
mod tunnel;

use std::future::Future;

use otomo::backplane::{Backplane, Channel, Echo, Subject};

use self::fixture::{Cluster, has_news, room};
use crate::waiting;

/// What holds with and without others: nobody is waited for, and nobody hears what is not for them.
async fn every_backplane_never_waits(backplane: &Backplane) {
    let mut listener = backplane.listen(Subject::Typing);
    backplane.hold(&room(1)).await;
    backplane.hold(&room(1)).await;
    let to_others = backplane.tell_counted(&room(1), Subject::Typing, "a".into(), Echo::Skip);
    assert_eq!(to_others.await, 0);
    backplane.tell(&room(1), Subject::Typing, "b".into(), Echo::Skip);
    backplane.release(&room(1));
    backplane.tell(&room(1), Subject::Typing, "c".into(), Echo::Skip);
    backplane.release(&room(1));
    let unheld = backplane.tell_counted(&room(1), Subject::Typing, "d".into(), Echo::Skip);
    assert_eq!(unheld.await, 0);
    let everyone =
        backplane.tell_counted(&Channel::Everyone, Subject::Typing, "e".into(), Echo::Skip);
    assert_eq!(everyone.await, 0);
    assert!(!has_news(&mut listener).await);
    assert!(backplane.is_alive());
    backplane.close().await;
    // Too late, and harmless.
    backplane.tell(&room(1), Subject::Typing, "f".into(), Echo::Hear);
    backplane.hold(&room(2)).await;
    backplane.release(&room(2));
}

/// Runs the suite against one kind of backplane.
async fn suite(backplane: impl Future<Output = Backplane>) {
    every_backplane_never_waits(&backplane.await).await;
}

#[tokio::test]
async fn the_backplane_of_a_node_alone() {
    suite(async { Backplane::alone("n1".parse().unwrap()) }).await;
}

#[tokio::test]
async fn the_backplane_over_redis() {
    let cluster = Cluster::start();
    suite(cluster.node("n1")).await;
}
