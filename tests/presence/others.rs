//! Nodes that hear each other: a status is told everywhere in a moment, with nobody looking at the database.

use std::time::Duration;

use otomo::{
    backplane::Link,
    kernel::time::{Clock, Timestamp},
    presence::{rules::Chosen, settings::Settings},
};

use crate::{
    fixture::{Fixture, call_over, patient, user},
    linked,
    waiting::eventually,
};

/// A node that does not look at the database by itself.
fn node(name: &str) -> Settings {
    Settings {
        node: name.parse().unwrap(),
        ..patient()
    }
}

#[actix_rt::test]
async fn a_status_is_told_on_every_node_by_the_one_that_stored_it() {
    let fixture = Fixture::linked();
    let here = fixture.server(node("here")).await;
    let there = fixture.server(node("there")).await;
    let (mut watcher, _) = here.watch_from_now().await;
    there.connect("aiko", "phone").await;
    assert_eq!(watcher.expect("aiko", "online").await, 1);
    let known = here.presence.board().get(&user("aiko")).unwrap();
    assert_eq!(known.name, "AIKO");
    there.choose("aiko", Chosen::Break).await;
    assert_eq!(watcher.expect("aiko", "break").await, 2);
    here.choose("aiko", Chosen::Online).await;
    assert_eq!(watcher.expect("aiko", "online").await, 3);
    let board = there.presence.board();
    eventually("she is online there, too", async || {
        board.get(&user("aiko")).unwrap().published.version == 3
    })
    .await;
    // Each was told once, by the node that stored it.
    let told = |of: &crate::fixture::Server| of.metrics.backplane.told.of("presence").get();
    assert_eq!((told(&here), told(&there)), (1, 2));
}

#[actix_rt::test]
async fn what_was_said_while_a_node_was_not_heard_is_found_when_it_is_again() {
    let mut fixture = Fixture::linked();
    let here = fixture.server(node("here")).await;
    let there = fixture.server(node("there")).await;
    let (mut watcher, _) = here.watch_from_now().await;
    there.connect("aiko", "phone").await;
    watcher.expect("aiko", "online").await;
    fixture.redis.as_mut().unwrap().stop();
    for server in [&here, &there] {
        linked::until(server.dispatch.backplane(), Link::Down).await;
    }
    there.choose("aiko", Chosen::Break).await;
    there.connect("ben", "phone").await;
    fixture.redis.as_mut().unwrap().restart();
    let mut seen = [watcher.next().await, watcher.next().await]
        .map(|it| format!("{} {}", it["userId"], it["status"]).replace('"', ""));
    seen.sort_unstable();
    assert_eq!(seen, ["aiko break", "ben online"]);
}

#[actix_rt::test]
async fn whom_a_node_with_a_wrong_clock_took_for_gone_is_back_with_the_next_sign_of_life() {
    let fixture = Fixture::linked();
    let lease = Duration::from_secs(1);
    let brief = |name| Settings {
        lease,
        ..node(name)
    };
    let now = Timestamp::from_millis(1_000_000);
    let clock = Clock::manual(now);
    let here = fixture.server_by(clock.clone(), brief("here")).await;
    let hasty = Clock::manual(now + lease * 2);
    let there = fixture.server_by(hasty, node("there")).await;
    let (mut watcher, _) = here.watch_from_now().await;
    here.connect("aiko", "phone").await;
    watcher.expect("aiko", "online").await;
    // A call of hers ends there, and what she is without it is settled by that clock.
    let gone = there.in_transaction("aiko", call_over).await.unwrap();
    there.presence.changed(vec![gone]).await;
    watcher.expect("aiko", "offline").await;
    // Her own node is about to renew her lease.
    clock.advance(lease / 2);
    assert_eq!(watcher.expect("aiko", "online").await, 3);
}
