//! Who is online over several nodes, with a real Redis.

use std::time::{Duration, Instant};

use actix_rt::time::sleep;
use otomo::{backplane::Link, delivery::leave::Leave};
use serde_json::json;

use crate::{
    cluster::{LEASE, World},
    fixture::user,
    tunnel::Tunnel,
};

#[actix_rt::test]
async fn friends_on_other_nodes_hear_who_comes_and_goes() {
    let world = World::of_friends(&["ann", "ben"]).await;
    let (one, other) = (world.node("one").await, world.node("other").await);
    let mut ben = other.comes("ben").await;
    let ann = one.comes("ann").await;
    let came = ben.hears("ann", "online").await;
    assert!(came["timestamp"].as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(other.sees("ben").await, json!({"ann": true}));
    one.leaves(&ann, Leave::Clean);
    ben.hears("ann", "offline").await;
    assert_eq!(other.sees("ben").await, json!({"ann": false}));
    let (viewer, viewed) = (user("ben"), user("ann"));
    let status = other.friends.status(&viewer, &viewed).await.unwrap();
    assert!(!status.is_online && status.last_seen.is_some());
}

#[actix_rt::test]
async fn somebody_with_two_devices_on_two_nodes_does_not_flicker() {
    let world = World::of_friends(&["ann", "ben"]).await;
    let (one, other) = (world.node("one").await, world.node("other").await);
    let mut ben = other.comes("ben").await;
    let phone = one.comes("ann").await;
    ben.hears("ann", "online").await;
    let desk = other.comes("ann").await;
    one.leaves(&phone, Leave::Clean);
    let phone = one.comes("ann").await;
    other.leaves(&desk, Leave::Broken);
    // The grace is over when the next thing is told.
    let again = other.comes("ann").await;
    other.leaves(&again, Leave::Broken);
    sleep(LEASE).await;
    assert_eq!(ben.heard(), Vec::<String>::new());
    one.leaves(&phone, Leave::Broken);
    ben.hears("ann", "offline").await;
    assert_eq!(ben.heard(), Vec::<String>::new());
}

#[actix_rt::test]
async fn the_people_of_a_node_that_died_go_offline_once_unless_they_are_elsewhere_too() {
    let world = World::of_friends(&["ann", "ben", "cat", "dan"]).await;
    let mut dying = world.node("dying").await;
    let (one, other) = (world.node("one").await, world.node("other").await);
    let mut watching = [one.comes("ben").await, other.comes("dan").await];
    for name in ["ann", "cat"] {
        let _here = dying.comes(name).await;
        for person in &mut watching {
            while person.expect("friend_status_changed").await["user_id"] != name {}
        }
    }
    let _elsewhere = other.comes("cat").await;
    let began = Instant::now();
    dying.freeze();
    for person in &mut watching {
        let gone = person.hears("ann", "offline").await;
        let seen = gone["timestamp"].as_i64().unwrap();
        let now = i64::try_from(
            std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .unwrap()
                .as_millis(),
        );
        assert!(now.unwrap() - seen < 30_000, "{seen}");
    }
    println!(
        "offline {:?} after the death of the node, lease {LEASE:?}",
        began.elapsed()
    );
    assert!(began.elapsed() < 5 * LEASE);
    sleep(2 * LEASE).await;
    for person in &mut watching {
        assert_eq!(
            person.heard(),
            Vec::<String>::new(),
            "once, and nobody else"
        );
    }
    assert_eq!(
        one.sees("ben").await,
        json!({"ann": false, "cat": true, "dan": true})
    );
}

#[actix_rt::test]
async fn a_node_that_was_given_up_says_again_who_is_here() {
    let world = World::of_friends(&["ann", "ben"]).await;
    let tunnel = Tunnel::to(world.redis.address()).await;
    let lonely = world.node_at("lonely", tunnel.address()).await;
    lonely.link(Link::Up).await;
    let other = world.node("other").await;
    let mut ben = other.comes("ben").await;
    let _ann = lonely.comes("ann").await;
    ben.hears("ann", "online").await;
    tunnel.cut();
    ben.hears("ann", "offline").await;
    tunnel.heal();
    ben.hears("ann", "online").await;
    assert_eq!(other.sees("ben").await, json!({"ann": true}));
    sleep(2 * LEASE).await;
    assert_eq!(ben.heard(), Vec::<String>::new());
}

#[actix_rt::test]
async fn nobody_is_offline_because_redis_has_forgotten_them() {
    let mut world = World::of_friends(&["ann", "ben", "cat"]).await;
    let (one, other) = (world.node("one").await, world.node("other").await);
    let mut ben = other.comes("ben").await;
    let _ann = one.comes("ann").await;
    ben.hears("ann", "online").await;
    world.redis.restart();
    other.link(Link::Down).await;
    // Longer than nodes have to come back.
    let until = Instant::now() + 5 * LEASE;
    while Instant::now() < until {
        let seen = other.sees("ben").await;
        assert_eq!(seen, json!({"ann": true, "cat": false}));
        sleep(Duration::from_millis(2)).await;
    }
    other
        .comes_to_see("ben", json!({"ann": true, "cat": false}))
        .await;
    assert_eq!(ben.heard(), Vec::<String>::new(), "no wave");
    one.comes("cat").await;
    ben.hears("cat", "online").await;
}

#[actix_rt::test]
async fn without_redis_people_of_one_node_hear_of_each_other() {
    let mut world = World::of_friends(&["ann", "ben", "cat"]).await;
    let (one, other) = (world.node("one").await, world.node("other").await);
    let mut ben = one.comes("ben").await;
    let mut cat = other.comes("cat").await;
    ben.hears("cat", "online").await;
    world.redis.stop();
    one.link(Link::Down).await;
    other.link(Link::Down).await;
    let began = Instant::now();
    let ann = one.comes("ann").await;
    ben.hears("ann", "online").await;
    assert_eq!(one.sees("ben").await["ann"], true);
    assert!(began.elapsed() < Duration::from_secs(1), "quickly");
    let gone = other.comes("ann").await;
    cat.hears("ann", "online").await;
    other.leaves(&gone, Leave::Clean);
    cat.hears("ann", "offline").await;
    world.redis.restart();
    other
        .comes_to_see("cat", json!({"ann": true, "ben": true}))
        .await;
    one.leaves(&ann, Leave::Clean);
    ben.hears("ann", "offline").await;
    other
        .comes_to_see("cat", json!({"ann": false, "ben": true}))
        .await;
}
