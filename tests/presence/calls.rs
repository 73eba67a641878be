//! What calls do to presence in their own transactions.

use std::time::Duration;

use otomo::{
    delivery::leave::Leave,
    presence::{
        records::calling,
        rules::{Callable, Cause, Chosen, ChosenCause, Reach, Status},
    },
    store::StoreError,
};

use crate::fixture::{Fixture, Server, call_in, call_over, patient, user};

#[actix_rt::test]
async fn a_ring_shows_only_where_that_is_wanted() {
    for busy_while_ringing in [false, true] {
        let fixture = Fixture::new();
        let mut settings = patient();
        settings.policy.busy_while_ringing = busy_while_ringing;
        let server = fixture.server(settings).await;
        let (mut watcher, _) = server.watch_from_now().await;
        server.connect("aiko", "phone").await;
        server.call("aiko", call_in("requesting")).await;
        server.call("aiko", call_in("ringing")).await;
        let busy_at_the_ring = server.published("aiko").status == Status::Busy;
        assert_eq!(busy_at_the_ring, busy_while_ringing);
        server.call("aiko", call_in("connecting")).await;
        server.call("aiko", call_in("connected")).await;
        watcher.expect("aiko", "online").await;
        assert_eq!(watcher.expect("aiko", "busy").await, 2);
    }
}

#[actix_rt::test]
async fn a_call_outlasts_a_lost_connection() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    let phone = server.connect("aiko", "phone").await;
    server.call("aiko", call_in("connected")).await;
    server.disconnect(&phone, Leave::Clean).await;
    server.call("aiko", call_over).await;
    for status in ["online", "busy", "offline"] {
        watcher.expect("aiko", status).await;
    }
}

#[actix_rt::test]
async fn rings_in_a_row_without_an_answer_put_an_otomo_on_break() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let (mut watcher, _) = server.watch_from_now().await;
    server.connect("aiko", "phone").await;
    server.call("aiko", calling::count_missed).await;
    server.call("aiko", calling::count_missed).await;
    server
        .call("aiko", |tx, aiko, _| calling::reset_missed(tx, aiko))
        .await;
    server.call("aiko", calling::count_missed).await;
    server.call("aiko", calling::count_missed).await;
    let third = server
        .in_transaction("aiko", calling::count_missed)
        .await
        .unwrap();
    assert_eq!(third.cause, Cause::Chosen(ChosenCause::MissedCalls));
    server.presence.changed(vec![third]).await;
    watcher.expect("aiko", "online").await;
    assert_eq!(watcher.expect("aiko", "break").await, 2);
}

#[actix_rt::test]
async fn a_call_is_told_of_nobody_who_is_no_otomo() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    server.know("caller").await;
    assert_eq!(
        server.in_transaction("caller", call_in("connected")).await,
        None
    );
    assert_eq!(callable(&server, "caller").await, None);
}

#[actix_rt::test]
async fn whether_somebody_can_be_called_is_read_from_the_facts() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    let phone = server.connect("aiko", "phone").await;
    let there = callable(&server, "aiko").await.unwrap();
    assert_eq!((there.reach, there.on_break), (Reach::Connected, false));

    server.choose("aiko", Chosen::Break).await;
    let free_at = server.store.now() + Duration::from_secs(30);
    server
        .call("aiko", move |tx, aiko, _| {
            calling::wrap_up(tx, aiko, free_at)
        })
        .await;
    server.disconnect(&phone, Leave::Reload).await;
    let in_its_grace = Callable {
        reach: Reach::Leaving,
        on_break: true,
        free_at,
    };
    assert_eq!(callable(&server, "aiko").await, Some(in_its_grace));

    let again = server.connect("aiko", "phone").await;
    server.disconnect(&again, Leave::Clean).await;
    let gone = Callable {
        reach: Reach::Offline,
        ..in_its_grace
    };
    assert_eq!(callable(&server, "aiko").await, Some(gone));
}

#[actix_rt::test]
async fn who_is_locked_out_cannot_be_called() {
    let fixture = Fixture::new();
    let server = fixture.server(patient()).await;
    server.connect("aiko", "phone").await;
    server.lock_out("aiko").await;
    assert_eq!(
        callable(&server, "aiko").await.unwrap().reach,
        Reach::Offline
    );
}

async fn callable(server: &Server, otomo: &str) -> Option<Callable> {
    let otomo = user(otomo);
    let found = server.store.write(move |tx| calling::callable(tx, &otomo));
    let found: Result<_, StoreError> = found.await;
    found.unwrap()
}
