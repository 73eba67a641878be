//! What an otomo does shows, once, with a version that counts.

use std::time::Duration;

use otomo::{
    delivery::leave::Leave,
    presence::{
        PresenceFault,
        rules::{Chooser, Chosen, PastUntil, Status},
    },
    protocol::event::{Event, OtomoStatusSetAck},
};
use serde_json::json;

use crate::fixture::{Fixture, call_in, call_over, patient, user};

#[actix_rt::test]
async fn an_otomo_logs_in_goes_on_break_talks_and_leaves() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, listed) = server.watch_from_now().await;
    assert!(listed.is_empty());

    let phone = server.connect("aiko", "phone").await;
    assert_eq!(watcher.expect("aiko", "online").await, 1);
    server.choose("aiko", Chosen::Break).await;
    assert_eq!(watcher.expect("aiko", "break").await, 2);
    server.choose("aiko", Chosen::Online).await;
    assert_eq!(watcher.expect("aiko", "online").await, 3);
    server.call("aiko", call_in("connecting")).await;
    assert_eq!(watcher.expect("aiko", "busy").await, 4);
    server.call("aiko", call_over).await;
    assert_eq!(watcher.expect("aiko", "online").await, 5);
    server.disconnect(&phone, Leave::Clean).await;
    assert_eq!(watcher.expect("aiko", "offline").await, 6);
}

#[actix_rt::test]
async fn an_equal_status_is_no_event() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    server.choose("aiko", Chosen::Online).await;
    server.choose("aiko", Chosen::Break).await;
    server.choose("aiko", Chosen::Break).await;
    server.call("aiko", call_over).await;
    server.choose("aiko", Chosen::Online).await;
    assert_eq!(watcher.expect("aiko", "online").await, 1);
    assert_eq!(watcher.expect("aiko", "break").await, 2);
    assert_eq!(watcher.expect("aiko", "online").await, 3);
}

#[actix_rt::test]
async fn logging_in_means_ready_whatever_was_chosen_before() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    let phone = server.connect("aiko", "phone").await;
    server.choose("aiko", Chosen::Break).await;
    server.disconnect(&phone, Leave::Clean).await;
    server.connect("aiko", "phone").await;
    for status in ["online", "break", "offline", "online"] {
        watcher.expect("aiko", status).await;
    }
}

#[actix_rt::test]
async fn a_break_with_an_end_is_over_at_that_time() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    watcher.expect("aiko", "online").await;

    let (aiko, until) = (
        user("aiko"),
        server.store.now() + Duration::from_millis(500),
    );
    let choose = |until| {
        server
            .presence
            .choose(&aiko, Chosen::Break, Some(until), Chooser::Own)
    };
    let choice = choose(until).await.unwrap();
    assert_eq!((choice.until, choice.shown), (Some(until), Status::Break));
    watcher.expect("aiko", "break").await;
    watcher.expect("aiko", "online").await;
    assert!(server.published("aiko").changed_at >= until);

    let past = choose(until).await;
    assert!(matches!(past, Err(PresenceFault::PastUntil(PastUntil))));
}

#[actix_rt::test]
async fn a_choice_during_a_call_shows_at_its_end() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    server.call("aiko", call_in("connected")).await;
    let choice = server.choose("aiko", Chosen::Break).await;
    let ack = Event::from(OtomoStatusSetAck::from(choice));
    let expected = json!({"type": "otomo_status_set_ack", "status": "break", "shown": "busy"});
    assert_eq!(serde_json::to_value(ack).unwrap(), expected);
    server.call("aiko", call_over).await;
    for status in ["online", "busy", "break"] {
        watcher.expect("aiko", status).await;
    }
}

#[actix_rt::test]
async fn people_see_the_list_with_names_who_can_be_called_first() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    for (otomo, chosen) in [("aiko", Chosen::Break), ("ben", Chosen::Online)] {
        server.connect(otomo, "phone").await;
        server.choose(otomo, chosen).await;
    }
    let (_, listed) = server.watch_from_now().await;
    let since = |otomo| server.published(otomo).changed_at.unix_seconds();
    let expected = [
        json!({"userId": "ben", "status": "online", "timestamp": since("ben"), "version": 1, "name": "BEN"}),
        json!({"userId": "aiko", "status": "break", "timestamp": since("aiko"), "version": 2, "name": "AIKO"}),
    ];
    assert_eq!(listed, expected);
}
