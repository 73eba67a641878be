//! What becomes of it without Redis.

use std::time::{Duration, Instant};

use otomo::backplane::{Backplane, Channel, Echo, Link, Subject};

use super::{
    fixture::{Cluster, next, room, start, until_gap},
    linked::until,
    redis::Redis,
};

/// Redis counts as away after this.
const AWAY_WITHIN: Duration = Duration::from_secs(3);

fn say(node: &Backplane, channel: &Channel, body: &'static str, echo: Echo) {
    node.tell(channel, Subject::Delivery, body.into(), echo);
}

#[tokio::test]
async fn a_node_starts_without_redis_and_finds_it_when_it_comes() {
    let mut redis = Redis::start();
    redis.stop();
    let (node, _) = start("n1", redis.address());
    let mut heard = node.listen(Subject::Delivery);
    assert_eq!(node.link(), Link::Down);
    node.hold(&room(1)).await;
    let told = node.tell_counted(&room(1), Subject::Delivery, "a".into(), Echo::Skip);
    assert_eq!(told.await, 0);
    say(&node, &room(1), "its own", Echo::Hear);
    assert_eq!(next(&mut heard).await, "its own");
    redis.restart();
    until(&node, Link::Up).await;
    assert!(until_gap(&mut heard).await.is_empty());
}

/// Goal: a way that is cut, and healed: nothing is waited for meanwhile, and there is a gap on both sides afterwards.
#[tokio::test]
async fn after_a_cut_everything_is_heard_again_behind_a_gap() {
    let cluster = Cluster::start();
    let (one, tunnel) = cluster.node_behind_tunnel("n1").await;
    let two = cluster.node("n2").await;
    one.hold(&room(1)).await;
    two.hold(&room(1)).await;
    let (mut heard, mut other) = (one.listen(Subject::Delivery), two.listen(Subject::Delivery));
    tunnel.cut();
    until(&one, Link::Down).await;
    assert!(until_gap(&mut heard).await.is_empty());
    assert_eq!(two.link(), Link::Up);
    say(&one, &room(1), "unheard by two", Echo::Hear);
    say(&two, &room(1), "unheard by one", Echo::Skip);
    one.hold(&room(2)).await;
    one.release(&room(1));
    one.hold(&room(1)).await;
    assert_eq!(next(&mut heard).await, "unheard by two");
    tunnel.heal();
    until(&one, Link::Up).await;
    assert!(until_gap(&mut heard).await.is_empty());
    assert!(until_gap(&mut other).await.is_empty());
    say(&two, &room(1), "again", Echo::Skip);
    say(&two, &room(2), "held meanwhile", Echo::Skip);
    assert_eq!(next(&mut heard).await, "again");
    assert_eq!(next(&mut heard).await, "held meanwhile");
}

#[tokio::test]
async fn a_redis_that_hangs_is_away_and_nobody_waits_for_it() {
    let cluster = Cluster::start();
    let node = cluster.node("n1").await;
    node.hold(&room(1)).await;
    let mut heard = node.listen(Subject::Delivery);
    cluster.redis.freeze();
    let began = Instant::now();
    // On its way when the link goes down: nobody else will say it.
    say(&node, &room(1), "under way", Echo::Hear);
    let told = node.tell_counted(&room(1), Subject::Delivery, "a".into(), Echo::Skip);
    let held = node.hold(&room(2));
    until(&node, Link::Down).await;
    assert!(began.elapsed() < AWAY_WITHIN, "{:?}", began.elapsed());
    held.await;
    assert_eq!(told.await, 0);
    assert_eq!(until_gap(&mut heard).await, ["under way"]);
    cluster.redis.thaw();
    until(&node, Link::Up).await;
    assert!(until_gap(&mut heard).await.is_empty());
    say(&node, &room(2), "again", Echo::Hear);
    // What Redis has kept from before is not heard a second time.
    assert_eq!(next(&mut heard).await, "again");
}

/// Goal: thousands of channels are back soon after Redis was restarted, and it has forgotten all of them.
#[tokio::test]
async fn ten_thousand_channels_are_back_after_a_restart() {
    const CHANNELS: usize = 10_000;
    let mut cluster = Cluster::start();
    let node = cluster.node("n1").await;
    let began = Instant::now();
    let holds: Vec<_> = (0..CHANNELS)
        .map(|number| node.hold(&room(number)))
        .collect();
    for held in holds {
        held.await;
    }
    println!("{CHANNELS} channels were held after {:?}", began.elapsed());
    let mut heard = node.listen(Subject::Delivery);
    cluster.redis.restart();
    until(&node, Link::Down).await;
    let began = Instant::now();
    until(&node, Link::Up).await;
    println!("{CHANNELS} channels were back after {:?}", began.elapsed());
    // Two more are its own.
    let held = cluster.redis.say("PUBSUB CHANNELS otomo:*");
    assert!(held.starts_with(&format!("*{}\r\n", CHANNELS + 2)));
    let other = cluster.node("n2").await;
    say(&other, &room(CHANNELS - 1), "the last", Echo::Skip);
    assert_eq!(next(&mut heard).await, "the last");
}

/// Goal: what is too much is dropped from its old end, counted, and told to both sides as a gap.
#[tokio::test]
async fn what_is_too_much_is_lost_from_its_old_end_and_all_are_told() {
    let cluster = Cluster::start();
    let (one, metrics) = cluster.node_with_metrics("n1").await;
    let two = cluster.node("n2").await;
    two.hold(&room(1)).await;
    let mut heard = two.listen(Subject::Delivery);
    cluster.redis.freeze();
    // Nine megabytes each, of 64 that may wait.
    let body = bytes::Bytes::from(vec![b'x'; 9 << 20]);
    for _ in 0..10 {
        one.tell(&room(1), Subject::Calls, body.clone(), Echo::Skip);
    }
    say(&one, &room(1), "the last", Echo::Skip);
    cluster.redis.thaw();
    assert!(metrics.backplane.dropped.of("overflow").get() >= 2);
    assert!(until_gap(&mut heard).await.is_empty());
    assert_eq!(next(&mut heard).await, "the last");
    assert_eq!(one.link(), Link::Up);
}
