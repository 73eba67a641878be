//! What it costs to ask who is online.

use std::time::{Duration, Instant};

use crate::{cluster::World, fixture::user};

/// How many times each is timed.
const TIMES: usize = 100;

#[actix_rt::test]
async fn who_of_a_thousand_friends_is_online_is_asked_in_one_round_trip() {
    let world = World::of_friends(&["ann"]).await;
    let node = world.node("one").await;
    let mut before = 0;
    for count in [10, 100, 1_000] {
        world.give_friends("ann", before..count).await;
        before = count;
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let (trips, began) = (node.round_trips(), Instant::now());
            let statuses = node.friends.online_status(&user("ann")).await.unwrap();
            took.push(began.elapsed());
            assert_eq!(statuses.len(), count);
            // The node asks Redis for itself, too, a few times a second.
            if node.round_trips() - trips != 1 {
                took.pop();
            }
        }
        // On a machine that is busy with other tests that comes between more often.
        assert!(took.len() > TIMES / 2, "one round trip: {}", took.len());
        took.sort();
        let middle: Duration = took[took.len() / 2];
        println!(
            "online-status of {count} friends: {middle:?}, the store's part included; median of {TIMES}"
        );
    }
}
