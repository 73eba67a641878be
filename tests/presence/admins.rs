//! What admins and backends do to an otomo.

use otomo::{
    presence::{
        PresenceFault,
        rules::{Cause, Status},
    },
    store::StoreError,
};

use crate::fixture::{Fixture, call_in, call_over, patient, user};

#[actix_rt::test]
async fn an_otomo_who_is_forced_offline_may_log_in_again() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    server
        .presence
        .force(&user("aiko"), Status::Offline)
        .await
        .unwrap();
    watcher.expect("aiko", "online").await;
    watcher.expect("aiko", "offline").await;
    server.connect("aiko", "phone").await;
    watcher.expect("aiko", "online").await;
}

#[actix_rt::test]
async fn an_admin_chooses_for_an_otomo_and_cannot_make_one_busy() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    let aiko = user("aiko");
    server.presence.force(&aiko, Status::Break).await.unwrap();
    server.presence.force(&aiko, Status::Online).await.unwrap();
    for status in ["online", "break", "online"] {
        watcher.expect("aiko", status).await;
    }
    let refused = server.presence.force(&aiko, Status::Busy).await;
    assert!(
        matches!(refused, Err(PresenceFault::Busy(_))),
        "{refused:?}"
    );
}

#[actix_rt::test]
async fn who_is_no_otomo_has_no_status_to_set() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    server.know("caller").await;
    for status in [Status::Online, Status::Offline] {
        let refused = server.presence.force(&user("caller"), status).await;
        assert!(
            matches!(refused, Err(PresenceFault::UnknownOtomo)),
            "{refused:?}"
        );
    }
    assert_eq!(server.presence.why(&user("caller")).await.unwrap(), None);
}

#[actix_rt::test]
async fn an_introduced_otomo_is_listed_before_they_first_log_in() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.know("aiko").await;
    server.presence.introduce(&user("aiko")).await.unwrap();
    assert_eq!(watcher.expect("aiko", "offline").await, 0);

    server.rename("aiko", "Ai").await;
    server.presence.introduce(&user("aiko")).await.unwrap();
    let (_, listed) = server.watch_from_now().await;
    assert_eq!(
        (&listed[0]["name"], &listed[0]["version"]),
        (&"Ai".into(), &0.into())
    );

    server.connect("aiko", "phone").await;
    assert_eq!(watcher.expect("aiko", "online").await, 1);
}

#[actix_rt::test]
async fn every_status_can_be_explained() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let explained = async || {
        let why = server.presence.why(&user("aiko")).await.unwrap().unwrap();
        assert_eq!(why.decision.status, why.published.status);
        (
            why.decision.cause.as_str(),
            why.connections.len(),
            why.call_id.is_some(),
        )
    };
    server.know("aiko").await;
    server.presence.introduce(&user("aiko")).await.unwrap();
    assert_eq!(explained().await, (Cause::NotConnected.as_str(), 0, false));
    server.connect("aiko", "phone").await;
    server.connect("aiko", "tablet").await;
    assert_eq!(explained().await, ("login", 2, false));
    server
        .presence
        .force(&user("aiko"), Status::Break)
        .await
        .unwrap();
    assert_eq!(explained().await, ("admin", 2, false));
    server.call("aiko", call_in("connected")).await;
    assert_eq!(explained().await, ("call", 2, true));
    server.call("aiko", call_over).await;
    assert_eq!(explained().await, ("admin", 2, false));
}

#[actix_rt::test]
async fn a_store_that_is_away_is_said_to_who_asks() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    server.connect("aiko", "phone").await;
    server.store.close().await;
    let refused = server.presence.force(&user("aiko"), Status::Break).await;
    let away = matches!(
        refused,
        Err(PresenceFault::Store(StoreError::Unavailable(..)))
    );
    assert!(away, "{refused:?}");
    assert_eq!(server.published("aiko").status, Status::Online);

    server.presence.stop().await;
    let refused = server.presence.force(&user("aiko"), Status::Break).await;
    assert!(
        matches!(refused, Err(PresenceFault::Stopped)),
        "{refused:?}"
    );
}

#[actix_rt::test]
async fn operators_see_how_many_otomo_have_each_status() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    server.connect("aiko", "phone").await;
    server.connect("ben", "phone").await;
    server
        .presence
        .force(&user("ben"), Status::Break)
        .await
        .unwrap();
    let counted = |status: Status| server.metrics.otomo.of(status.as_str()).get();
    assert_eq!(
        Status::ALL
            .iter()
            .map(|it| counted(*it))
            .collect::<Vec<_>>(),
        [1, 0, 1, 0]
    );
}
