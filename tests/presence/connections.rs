//! When an otomo counts as connected.

use std::time::Duration;

use otomo::{
    delivery::{leave::Leave, line::Client},
    kernel::{
        identity::Role,
        ids::SessionId,
        time::{Clock, Timestamp},
    },
    presence::{
        PresenceFault,
        rules::{Chooser, Chosen, Presence},
        settings::Settings,
    },
};

use crate::{
    fixture::{Fixture, NEVER, SOON, call_over, graces, patient, user},
    waiting::eventually,
};

#[actix_rt::test]
async fn several_devices_are_one_presence() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    let phone = server.connect("aiko", "phone").await;
    let tablet = server.connect("aiko", "tablet").await;
    server.disconnect(&phone, Leave::Clean).await;
    server.disconnect(&tablet, Leave::Clean).await;
    assert_eq!(watcher.expect("aiko", "online").await, 1);
    assert_eq!(watcher.expect("aiko", "offline").await, 2);
}

#[actix_rt::test]
async fn a_reload_does_not_flicker_and_ends_its_own_grace() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    let before = server.connect("aiko", "phone").await;
    server.choose("aiko", Chosen::Break).await;
    server.disconnect(&before, Leave::Reload).await;
    let after = server.connect("aiko", "phone").await;
    // Were the grace of the reload still running, this goodbye would not be the last word.
    server.disconnect(&after, Leave::Clean).await;
    for status in ["online", "break", "offline"] {
        watcher.expect("aiko", status).await;
    }
}

#[actix_rt::test]
async fn a_grace_that_runs_out_is_an_absence() {
    let fixture = Fixture::new();
    for (leave, graces) in [
        (Leave::Reload, graces().reload(SOON)),
        (Leave::Broken, graces().leave(SOON)),
        (Leave::ServerClosed(Duration::ZERO), graces().leave(SOON)),
    ] {
        let server = fixture.server(graces.settings()).await;
        let (mut watcher, _) = server.watch_from_now().await;
        let phone = server.connect("aiko", "phone").await;
        watcher.expect("aiko", "online").await;
        let left_at = server.store.now();
        server.disconnect(&phone, leave).await;
        watcher.expect("aiko", "offline").await;
        assert!(server.published("aiko").changed_at >= left_at + SOON);
        server.stop().await;
    }
}

#[actix_rt::test]
async fn a_device_in_its_grace_keeps_the_others_goodbye_from_counting() {
    let fixture = Fixture::new();
    let server = fixture.server(graces().leave(SOON).settings()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    let in_a_tunnel = server.connect("aiko", "phone").await;
    let tablet = server.connect("aiko", "tablet").await;
    watcher.expect("aiko", "online").await;
    let left_at = server.store.now();
    server.disconnect(&in_a_tunnel, Leave::Broken).await;
    server.disconnect(&tablet, Leave::Clean).await;
    assert_eq!(watcher.expect("aiko", "offline").await, 2);
    assert!(server.published("aiko").changed_at >= left_at + SOON);
}

#[actix_rt::test]
async fn a_connected_session_is_renewed_before_its_lease_runs_out() {
    let fixture = Fixture::new();
    let brief = Settings {
        lease: Duration::from_secs(2),
        ..patient()
    };
    let server = fixture.server(brief).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    let lease = async || {
        let why = server.presence.why(&user("aiko")).await.unwrap().unwrap();
        why.connections[0].lease.expires_at
    };
    let first = lease().await;
    eventually("the lease is renewed", async || lease().await > first).await;
    server.choose("aiko", Chosen::Break).await;
    watcher.expect("aiko", "online").await;
    assert_eq!(watcher.expect("aiko", "break").await, 2);
}

#[actix_rt::test]
async fn a_server_that_stood_still_does_not_take_its_sessions_for_gone() {
    let fixture = Fixture::new();
    let clock = Clock::manual(Timestamp::from_millis(0));
    let brief = Settings {
        lease: SOON * 3,
        ..patient()
    };
    let server = fixture.server_by(clock.clone(), brief).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    watcher.expect("aiko", "online").await;

    clock.advance(Duration::from_secs(60));
    eventually("the connection counts", async || {
        let why = server.presence.why(&user("aiko")).await.unwrap().unwrap();
        why.connections[0].presence == Presence::Connected
    })
    .await;
    server.choose("aiko", Chosen::Break).await;
    assert_eq!(watcher.expect("aiko", "break").await, 2);
}

#[actix_rt::test]
async fn who_was_taken_for_gone_while_the_server_stood_still_is_back_with_the_next_sweep() {
    let fixture = Fixture::new();
    let clock = Clock::manual(Timestamp::from_millis(0));
    let server = fixture.server_by(clock.clone(), patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    server.choose("aiko", Chosen::Break).await;
    server.connect("ben", "phone").await;

    clock.advance(NEVER * 2);
    server.call("aiko", call_over).await;
    // Sets a timer, and so begins a sweep.
    let (ben, until) = (user("ben"), Some(server.store.now() + SOON));
    let choose = server
        .presence
        .choose(&ben, Chosen::Break, until, Chooser::Own);
    choose.await.unwrap();
    for (otomo, status) in [
        ("aiko", "online"),
        ("aiko", "break"),
        ("ben", "online"),
        ("aiko", "offline"),
        ("ben", "offline"),
        ("aiko", "break"),
        ("ben", "break"),
    ] {
        watcher.expect(otomo, status).await;
    }
}

#[actix_rt::test]
async fn a_goodbye_that_cannot_be_stored_is_stored_later() {
    let fixture = Fixture::new();
    let brief = Settings {
        lease: SOON * 3,
        ..patient()
    };
    let clock = Clock::manual(Timestamp::from_millis(0));
    let server = fixture.server_by(clock, brief).await;
    let (mut watcher, _) = server.watch_from_now().await;
    let phone = server.connect("aiko", "phone").await;
    fixture.database.refuse("DELETE", "leases");
    server.disconnect(&phone, Leave::Clean).await;
    assert_eq!(server.published("aiko").version, 1);
    fixture.database.relent("leases");
    watcher.expect("aiko", "online").await;
    assert_eq!(watcher.expect("aiko", "offline").await, 2);
}

#[actix_rt::test]
async fn a_goodbye_without_an_arrival_changes_nothing() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    let phone = server.connect("aiko", "phone").await;
    let never_arrived = Client {
        session: SessionId::new(),
        ..phone
    };
    server.disconnect(&never_arrived, Leave::Clean).await;
    server.choose("aiko", Chosen::Break).await;
    watcher.expect("aiko", "online").await;
    watcher.expect("aiko", "break").await;
}

#[actix_rt::test]
async fn who_is_not_among_the_people_cannot_arrive() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let stranger = Client {
        user: user("stranger"),
        role: Role::Otomo,
        device: "phone".parse().unwrap(),
        session: SessionId::new(),
    };
    let refused = server.presence.arrive(&stranger).await;
    assert!(
        matches!(refused, Err(PresenceFault::UnknownOtomo)),
        "{refused:?}"
    );
}
