//! Changes that the hub did not make itself: those of other nodes, and those that come late or not at all.

use std::time::Duration;

use otomo::presence::{rules::Chosen, settings::Settings};

use crate::fixture::{Fixture, SOON, call_in, call_over, patient};

fn node(name: &str) -> Settings {
    Settings {
        node: name.parse().unwrap(),
        ..patient()
    }
}

#[actix_rt::test]
async fn a_late_result_with_an_older_version_is_dropped() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    let busy = server
        .in_transaction("aiko", call_in("connected"))
        .await
        .unwrap();
    let free = server.in_transaction("aiko", call_over).await.unwrap();
    server.presence.changed(vec![free]).await;
    server.presence.changed(vec![busy]).await;
    server.choose("aiko", Chosen::Break).await;
    let mut versions = Vec::new();
    for status in ["online", "online", "break"] {
        versions.push(watcher.expect("aiko", status).await);
    }
    assert_eq!(versions, [1, 3, 4]);
}

#[actix_rt::test]
async fn what_nobody_told_of_is_found_in_the_database() {
    let fixture = Fixture::new();
    let attentive = Settings {
        look_every: SOON,
        ..patient()
    };
    let server = fixture.server(attentive).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    server
        .in_transaction("aiko", call_in("connected"))
        .await
        .unwrap();
    watcher.expect("aiko", "online").await;
    assert_eq!(watcher.expect("aiko", "busy").await, 2);
}

#[actix_rt::test]
async fn an_otomo_of_another_node_is_shown_from_the_first_change_on() {
    let fixture = Fixture::new();
    let (here, there) = (
        fixture.server(node("here")).await,
        fixture.server(node("there")).await,
    );
    let (mut watcher, _) = here.watch_from_now().await;
    there.connect("aiko", "phone").await;
    let change = there
        .in_transaction("aiko", call_in("connected"))
        .await
        .unwrap();
    here.presence.changed(vec![change]).await;
    assert_eq!(watcher.expect("aiko", "busy").await, 2);
}

#[actix_rt::test]
async fn the_otomo_of_a_node_that_died_are_found_to_be_gone() {
    let fixture = Fixture::new();
    let brief = |name| Settings {
        lease: Duration::from_secs(1),
        look_every: SOON,
        ..node(name)
    };
    let here = fixture.server(brief("here")).await;
    let (mut watcher, _) = here.watch_from_now().await;
    let there = fixture.server(brief("there")).await;
    there.connect("aiko", "phone").await;
    assert_eq!(watcher.expect("aiko", "online").await, 1);
    there.stop().await;
    assert_eq!(watcher.expect("aiko", "offline").await, 2);
}
