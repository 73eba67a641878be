//! A Redis that is heard and does not do what it is told, or has something else where our keys are.

use std::time::Duration;

use actix_rt::time::sleep;
use otomo::{backplane::Link, delivery::leave::Leave};
use serde_json::json;

use crate::{
    cluster::{LEASE, Node, World},
    waiting::eventually,
};

/// Longer than it takes until everybody is sent a fresh snapshot.
const SETTLED: Duration = Duration::from_secs(3);

/// After which time somebody else tells a change.
const UNTOLD_AFTER: Duration = Duration::from_secs(10);

/// Waits until a node knows whether Redis refuses.
async fn until_refused(node: &Node, refused: bool) {
    let known = async || node.friends.are_refused() == refused;
    eventually(&format!("refused is {refused}"), known).await;
}

#[actix_rt::test]
async fn a_redis_that_refuses_writes_is_an_outage_of_presence() {
    for (refuse, take) in [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    ] {
        let world = World::of_friends(&["ann", "ben", "cat", "dan"]).await;
        let (one, other) = (world.node("one").await, world.node("other").await);
        let mut cat = other.comes("cat").await;
        let mut ben = one.comes("ben").await;
        cat.hears("ben", "online").await;
        world.redis.say(refuse);
        let ann = one.comes("ann").await;
        ben.hears("ann", "online").await;
        until_refused(&one, true).await;
        until_refused(&other, true).await;
        assert!(one.refusals() > 0, "{refuse}");
        assert_eq!(one.sees("ben").await["ann"], true);
        let dan = one.comes("dan").await;
        ben.hears("dan", "online").await;
        one.leaves(&ann, Leave::Clean);
        ben.hears("ann", "offline").await;
        assert_eq!(one.sees("ben").await["ann"], false);
        // Longer than leases last: nobody is swept who is there.
        sleep(3 * LEASE).await;
        world.redis.say(take);
        until_refused(&one, false).await;
        until_refused(&other, false).await;
        cat.hears("dan", "online").await;
        let now = json!({"ann": false, "ben": true, "dan": true});
        other.comes_to_see("cat", now).await;
        // No wave, also not once everybody was sent a fresh snapshot.
        sleep(SETTLED).await;
        assert_eq!(cat.heard(), Vec::<String>::new(), "{refuse}");
        assert_eq!(ben.heard(), Vec::<String>::new(), "{refuse}");
        one.leaves(&dan, Leave::Clean);
        ben.hears("dan", "offline").await;
        cat.hears("dan", "offline").await;
    }
}

#[actix_rt::test]
async fn one_key_of_a_wrong_type_costs_nobody_else_anything() {
    let world = World::of_friends(&["ann", "ben", "cat", "dan", "eve"]).await;
    let (one, other) = (world.node("one").await, world.node("other").await);
    let mut ben = other.comes("ben").await;
    world.redis.say("SET user:ann:status x");
    world.redis.say("SET otomo:at:cat x");
    let ann = one.comes("ann").await;
    ben.hears("ann", "online").await;
    let _cat = one.comes("cat").await;
    ben.hears("cat", "online").await;
    world.redis.say("SET user:ann:status x");
    one.leaves(&ann, Leave::Clean);
    ben.hears("ann", "offline").await;
    for key in ["online_users", "otomo:untold", "otomo:lives"] {
        world.redis.say(&format!("SET {key} x"));
        let dan = one.comes("dan").await;
        while ben.expect("friend_status_changed").await["user_id"] != "dan" {}
        one.leaves(&dan, Leave::Clean);
        while ben.expect("friend_status_changed").await["user_id"] != "dan" {}
    }
    assert!(!one.friends.are_refused());
}

#[actix_rt::test]
async fn what_people_of_a_node_were_told_while_redis_was_frozen_is_not_told_again() {
    let world = World::of_friends(&["ann", "ben", "cat"]).await;
    let one = world.node("one").await;
    let mut ben = one.comes("ben").await;
    sleep(LEASE).await;
    world.redis.freeze();
    // Redis is told of her, and answers nobody.
    let _ann = one.comes("ann").await;
    ben.hears("ann", "online").await;
    one.link(Link::Down).await;
    let _cat = one.comes("cat").await;
    ben.hears("cat", "online").await;
    world.redis.thaw();
    one.link(Link::Up).await;
    // Until after everybody was sent a fresh snapshot, and what nobody had told was told.
    sleep(SETTLED + UNTOLD_AFTER).await;
    assert_eq!(ben.heard(), Vec::<String>::new());
}
