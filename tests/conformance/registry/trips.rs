//! What a look-up costs.

use std::time::{Duration, Instant};

use otomo::{
    delivery::connectedness::registry::{Alive, Move},
    kernel::ids::UserId,
};

use super::{World, user};

/// How many times each look-up is timed.
const TIMES: u32 = 200;

#[tokio::test]
async fn who_of_a_thousand_friends_is_online_is_one_round_trip() {
    let world = World::new().await;
    let (registry, life) = (world.registry(0), world.life(0, 1));
    registry.begin(&life).await.unwrap();
    world.settle();
    let friends: Vec<UserId> = (0..1_000).map(|n| user(&format!("user-{n}"))).collect();
    let half: Vec<_> = friends.iter().step_by(2).cloned().collect();
    for some in half.chunks(100) {
        let moves: Vec<_> = some.iter().map(|it| (it.clone(), Move::Arrive)).collect();
        let said = registry.say(&life, &moves).await.unwrap();
        assert!(matches!(said, Alive::Yes(_)));
    }
    let trips = || world.nodes[0].1.backplane.round_trips.get();
    for count in [10, 100, 1_000] {
        let friends = &friends[..count];
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let (before, began) = (trips(), Instant::now());
            let found = registry.online(friends).await.unwrap();
            took.push(began.elapsed());
            assert_eq!(trips() - before, 1, "round trips");
            let online = found.online.iter().filter(|online| **online).count();
            assert_eq!((found.online.len(), online), (count, count / 2));
        }
        took.sort();
        let middle: Duration = took[took.len() / 2];
        println!(
            "online status of {count} friends: {middle:?} in one round trip, median of {TIMES}"
        );
    }
}
