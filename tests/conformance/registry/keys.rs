//! What others read in Redis: the keys of source document 004.

use otomo::{
    delivery::connectedness::registry::{Alive, Move, Moved},
    kernel::time::Timestamp,
};

use super::{World, user};

fn field(world: &World, name: &str) -> String {
    let answer = world.redis().say(&format!("HGET user:ann:status {name}"));
    answer.lines().nth(1).unwrap_or_default().to_owned()
}

fn ttl(world: &World) -> i64 {
    let answer = world.redis().say("TTL user:ann:status");
    answer.trim().trim_start_matches(':').parse().unwrap()
}

#[tokio::test]
async fn who_is_online_is_read_as_the_document_says() {
    let world = World::new().await;
    let (registry, life) = (world.registry(0), world.life(0, 1));
    registry.begin(&life).await.unwrap();
    world.settle();
    let come = registry.say(&life, &[(user("ann"), Move::Arrive)]).await;
    let Alive::Yes(come) = come.unwrap() else {
        panic!("the life goes on")
    };
    let [Moved::Changed(version)] = come[..] else {
        panic!("she came online: {come:?}")
    };
    assert_eq!(world.redis().say("SISMEMBER online_users ann"), ":1\r\n");
    assert_eq!(field(&world, "status"), "online");
    assert_eq!(field(&world, "updated_at"), version.to_string());
    assert!((55..=60).contains(&ttl(&world)), "{}", ttl(&world));

    world.redis().say("EXPIRE user:ann:status 3");
    let touched = registry.touch(&life, &[user("ann"), user("ben")]).await;
    assert_eq!(
        touched.unwrap(),
        Alive::Yes(vec![user("ben")]),
        "is not there"
    );
    assert!(ttl(&world) > 50, "renewed");
    world.redis().say("DEL user:ann:status");
    registry.touch(&life, &[user("ann")]).await.unwrap();
    assert_eq!(field(&world, "status"), "online", "run out, and back");

    let seen = Timestamp::from_millis(1_706_604_520_125);
    let leave = [(user("ann"), Move::Leave(seen))];
    registry.say(&life, &leave).await.unwrap();
    assert_eq!(world.redis().say("SISMEMBER online_users ann"), ":0\r\n");
    assert_eq!(field(&world, "status"), "offline");
    assert_eq!(field(&world, "last_seen"), "1706604520125");
    assert!(field(&world, "updated_at").parse::<u64>().unwrap() > version);
    assert!((86_000..=86_400).contains(&ttl(&world)));
    assert_eq!(world.redis().say("EXISTS otomo:at:ann"), ":0\r\n");
}

#[tokio::test]
async fn a_key_of_another_type_is_written_anew() {
    let world = World::new().await;
    let (registry, life) = (world.registry(0), world.life(0, 1));
    registry.begin(&life).await.unwrap();
    world.settle();
    let (ann, ben) = (user("ann"), user("ben"));
    let seen = Timestamp::from_millis(7);
    for key in ["user:ann:status", "otomo:at:ann", "online_users"] {
        world.redis().say(&format!("SET {key} x"));
        let come = [(ben.clone(), Move::Arrive), (ann.clone(), Move::Arrive)];
        let Alive::Yes(come) = registry.say(&life, &come).await.unwrap() else {
            panic!("the life goes on")
        };
        assert!(matches!(come[1], Moved::Changed(_)), "{key}: {come:?}");
        assert_eq!(field(&world, "status"), "online", "{key}");
        world.redis().say("SET user:ann:status x");
        let touched = registry.touch(&life, std::slice::from_ref(&ann)).await;
        assert_eq!(touched.unwrap(), Alive::Yes(Vec::new()));
        assert_eq!(field(&world, "status"), "online", "{key}");
        world.redis().say("SET otomo:at:ben x");
        let lives = registry.whereabouts(&[ann.clone(), ben.clone()]).await;
        assert_eq!(lives.unwrap(), [vec![life.clone()], Vec::new()]);
        let leave = [
            (ann.clone(), Move::Leave(seen)),
            (ben.clone(), Move::Leave(seen)),
        ];
        let Alive::Yes(gone) = registry.say(&life, &leave).await.unwrap() else {
            panic!("the life goes on")
        };
        let changed = gone.iter().all(|it| matches!(it, Moved::Changed(_)));
        assert!(changed, "{key}: {gone:?}");
    }
}

#[tokio::test]
async fn a_sweep_passes_over_nobody_because_of_a_key() {
    let world = World::new().await;
    let (registry, life) = (world.registry(0), world.life(0, 1));
    registry.begin(&life).await.unwrap();
    world.settle();
    let come = ["ann", "ben", "cat"].map(|name| (user(name), Move::Arrive));
    registry.say(&life, &come).await.unwrap();
    world.redis().say("SET user:ben:status x");
    world.run_out(&life);
    let swept = registry.sweep(&life, 200).await.unwrap();
    let (gone, all) = swept.expect("it is over");
    assert_eq!((gone.len(), all), (3, true));
}
