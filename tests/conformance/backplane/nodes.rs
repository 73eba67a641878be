//! What nodes hear of each other.

use std::time::Instant;

use otomo::backplane::{Backplane, Channel, Echo, Subject};

use super::fixture::{Cluster, has_news, next, room};

fn user(name: &str) -> Channel {
    Channel::User(name.parse().unwrap())
}

fn say(node: &Backplane, channel: &Channel, body: &'static str) {
    node.tell(channel, Subject::Delivery, body.into(), Echo::Skip);
}

#[tokio::test]
async fn a_node_hears_what_is_said_on_the_channels_that_it_holds_and_nothing_else() {
    let cluster = Cluster::start();
    let (one, two) = (cluster.node("n1").await, cluster.node("n2").await);
    let mut heard = two.listen(Subject::Delivery);
    let mut others = two.listen(Subject::Typing);
    two.hold(&user("hana")).await;
    say(&one, &user("taro"), "not held");
    say(&one, &room(1), "not held");
    say(&one, &Channel::Node("n3".parse().unwrap()), "not its own");
    say(&one, &user("hana"), "held");
    assert_eq!(next(&mut heard).await, "held");
    say(&one, &Channel::Node("n2".parse().unwrap()), "its own");
    say(&one, &Channel::Everyone, "everyone");
    assert_eq!(next(&mut heard).await, "its own");
    assert_eq!(next(&mut heard).await, "everyone");
    one.tell(&user("hana"), Subject::Typing, "typing".into(), Echo::Skip);
    assert_eq!(next(&mut others).await, "typing");
    assert!(!has_news(&mut heard).await);
}

#[tokio::test]
async fn holds_are_counted() {
    let cluster = Cluster::start();
    let (one, two) = (cluster.node("n1").await, cluster.node("n2").await);
    let told = || one.tell_counted(&room(1), Subject::Delivery, "a".into(), Echo::Skip);
    assert_eq!(told().await, 0);
    tokio::join!(two.hold(&room(1)), two.hold(&room(1)));
    assert_eq!(told().await, 1);
    two.release(&room(1));
    assert_eq!(told().await, 1);
    two.release(&room(1));
    // What was released is held again while Redis is told: whoever holds it is heard.
    two.hold(&room(1)).await;
    assert_eq!(told().await, 1);
    two.release(&room(1));
    // A hold goes out after the release, and is confirmed after it.
    two.hold(&room(2)).await;
    two.hold(&room(3)).await;
    assert_eq!(told().await, 0);
}

#[tokio::test]
async fn others_are_counted_and_the_speaker_is_not() {
    let cluster = Cluster::start();
    let (one, two) = (cluster.node("n1").await, cluster.node("n2").await);
    let three = cluster.node("n3").await;
    one.hold(&room(1)).await;
    let told = || one.tell_counted(&room(1), Subject::Delivery, "a".into(), Echo::Skip);
    assert_eq!(told().await, 0);
    two.hold(&room(1)).await;
    three.hold(&room(1)).await;
    assert_eq!(told().await, 2);
    one.release(&room(1));
    one.hold(&room(2)).await;
    assert_eq!(told().await, 2);
    let everyone = one.tell_counted(
        &Channel::Everyone,
        Subject::Delivery,
        "b".into(),
        Echo::Skip,
    );
    assert_eq!(everyone.await, 2);
}

#[tokio::test]
async fn a_channel_has_one_order_for_all_who_hear_it_their_own_words_included() {
    const EACH: usize = 2_000;
    let cluster = Cluster::start();
    let nodes = [cluster.node("n1").await, cluster.node("n2").await];
    let mut heard = Vec::new();
    for node in &nodes {
        node.hold(&room(1)).await;
        heard.push(node.listen(Subject::Delivery));
    }
    for number in 0..EACH {
        for (node, name) in nodes.iter().zip(["a", "b"]) {
            let body = format!("{name}{number}");
            node.tell(&room(1), Subject::Delivery, body.into(), Echo::Hear);
        }
    }
    let mut orders = Vec::new();
    for listener in &mut heard {
        let mut order = Vec::new();
        for _ in 0..2 * EACH {
            order.push(next(listener).await);
        }
        orders.push(order);
    }
    assert!(orders[0] == orders[1]);
    for name in ["a", "b"] {
        let of_one = orders[0].iter().filter(|it| it.starts_with(name));
        let expected = (0..EACH).map(|number| format!("{name}{number}"));
        assert!(of_one.cloned().eq(expected), "{name}");
    }
}

/// Goal: what a node said before it was started again, or another by mistake under the same name, is not its own.
#[tokio::test]
async fn a_node_is_not_taken_for_an_earlier_one_of_its_name() {
    let cluster = Cluster::start();
    let (one, two) = (cluster.node("n1").await, cluster.node("n1").await);
    let mut heard = two.listen(Subject::Delivery);
    say(&one, &Channel::Everyone, "of the other");
    say(&two, &Channel::Everyone, "of its own");
    two.tell(
        &Channel::Everyone,
        Subject::Delivery,
        "last".into(),
        Echo::Hear,
    );
    // Each by a connection of its own, so in either order.
    let mut told = [next(&mut heard).await, next(&mut heard).await];
    told.sort_unstable();
    assert_eq!(told, ["last", "of the other"]);
}

#[tokio::test]
async fn what_is_no_message_of_ours_is_counted_and_dropped() {
    let cluster = Cluster::start();
    let (two, metrics) = cluster.node_with_metrics("n2").await;
    let one = cluster.node("n1").await;
    let mut heard = two.listen(Subject::Delivery);
    cluster.redis.say("PUBLISH otomo:everyone nonsense");
    cluster
        .redis
        .say("PUBLISH otomo:node:n2 0123456789012345678901234567890");
    say(&one, &Channel::Everyone, "sense");
    assert_eq!(next(&mut heard).await, "sense");
    assert_eq!(metrics.backplane.dropped.of("garbled").get(), 2);
}

#[tokio::test]
async fn what_was_said_before_a_goodbye_is_heard() {
    let cluster = Cluster::start();
    let (one, two) = (cluster.node("n1").await, cluster.node("n2").await);
    let mut heard = two.listen(Subject::Delivery);
    for number in 0..5_000 {
        let body = number.to_string().into();
        one.tell(&Channel::Everyone, Subject::Delivery, body, Echo::Skip);
    }
    let began = Instant::now();
    one.close().await;
    println!("5,000 messages and a goodbye took {:?}", began.elapsed());
    for number in 0..5_000 {
        assert_eq!(next(&mut heard).await, number.to_string());
    }
    let told = two.tell_counted(
        &Channel::Everyone,
        Subject::Delivery,
        "a".into(),
        Echo::Skip,
    );
    assert_eq!(told.await, 0);
}
