//! What a restart of the server does to statuses: nothing, for those who come back.

use otomo::presence::rules::{Chosen, Status};

use crate::{
    fixture::{Fixture, SOON, patient},
    waiting::eventually,
};

#[actix_rt::test]
async fn who_comes_back_after_a_restart_was_never_gone() {
    let fixture = Fixture::new();
    let before = fixture.server(patient()).await;
    before.connect("aiko", "phone").await;
    before.choose("aiko", Chosen::Break).await;
    before.stop().await;

    let after = fixture.server(patient()).await;
    let (mut watcher, listed) = after.watch_from_now().await;
    assert_eq!(
        (&listed[0]["status"], &listed[0]["version"]),
        (&"break".into(), &2.into())
    );
    after.connect("aiko", "phone").await;
    after.choose("aiko", Chosen::Online).await;
    assert_eq!(watcher.expect("aiko", "online").await, 3);
}

#[actix_rt::test]
async fn who_does_not_come_back_is_gone_when_the_grace_is_over() {
    let fixture = Fixture::new();
    let before = fixture.server(patient()).await;
    before.connect("aiko", "phone").await;
    let stopped_at = before.store.now();
    before.stop().await;

    let mut brief = patient();
    brief.policy.restart_grace = SOON;
    let after = fixture.server(brief).await;
    eventually("she goes offline", async || {
        after.published("aiko").status == Status::Offline
    })
    .await;
    assert!(after.published("aiko").changed_at >= stopped_at + SOON);
}
