//! Nodes that hear each other: a status is told everywhere in a moment, with nobody looking at the database.

use otomo::{
    backplane::Link,
    presence::{rules::Chosen, settings::Settings},
};

use crate::{
    fixture::{Fixture, patient, user},
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
