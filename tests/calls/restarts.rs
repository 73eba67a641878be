//! The server dies with calls in all phases and starts again on the same database.

use otomo::{calls::ClientCommand, kernel::ids::CallId};

use crate::{
    calling::{accept, ring, talk},
    fixture::{Fixture, Server, passed, user},
    phone::Phone,
    waiting::eventually,
};

/// Taro and Hana in a call that has come so far.
async fn stage(server: &Server, phase: &str) -> (CallId, Phone, Phone) {
    let mut hana = server.connect("hana-1").await;
    let mut taro = server.connect("taro-1").await;
    let call = match phase {
        "ringing" => ring(&mut taro, &mut hana).await,
        "connecting" => accept(&mut taro, &mut hana).await,
        _ => talk(&mut taro, &mut hana).await,
    };
    eventually("the call is in its phase", async || {
        server.call(call).await.phase.name().as_str() == phase
    })
    .await;
    (call, taro, hana)
}

#[actix_rt::test]
async fn calls_go_on_for_who_comes_back() {
    for phase in ["ringing", "connecting", "connected"] {
        let fixture = Fixture::new(&[]);
        let server = fixture.server().await;
        let (call, _, _) = stage(&server, phase).await;
        server.dies().await;

        let server = fixture.server().await;
        assert!(
            server.calls.is_live(&user("taro")),
            "{phase}: known at once"
        );
        let mut taro = server.connect("taro-1").await;
        let mut hana = server.connect("hana-1").await;
        let back = async || {
            let lost = server.call(call).await.lost();
            lost.caller.is_none() && lost.otomo.is_none()
        };
        eventually("both are back", back).await;
        if phase == "ringing" {
            hana.hears_until("incoming_call").await;
            hana.asks(ClientCommand::Accept(call));
            taro.hears_until("signaling_start").await;
        } else {
            taro.hears_until("call_peer_back").await;
        }
        hana.asks(ClientCommand::End(call));
        taro.hears_until("call_end").await;
        hana.hears_until("call_end_request_ack").await;
        assert_eq!(server.taken().await, 0, "{phase}");
        let end = server.end(call).await;
        assert!(end.ends_with("otomo_end"), "{phase}: {end}");
    }
}

#[actix_rt::test]
async fn calls_end_for_who_does_not() {
    for (phase, end) in [
        ("ringing", "cancelled, caller_lost"),
        ("connecting", "failed, disconnect"),
        ("connected", "completed, disconnect"),
    ] {
        let fixture = Fixture::new(&[("calls.loss_grace", "200ms")]);
        let server = fixture.server().await;
        let (call, _, _) = stage(&server, phase).await;
        server.dies().await;

        let server = fixture.server().await;
        assert_eq!(server.end(call).await, end, "{phase}");
        assert_eq!(server.taken().await, 0, "{phase}");
        let lines = server.calls.timeline(call).await.unwrap();
        let ends = lines.iter().filter(|line| line.event.as_str() == "ended");
        assert_eq!(ends.count(), 1, "{phase}");
    }
}

#[actix_rt::test]
async fn what_was_overdue_ends_at_its_deadline_and_is_told_to_the_inbox() {
    let fixture = Fixture::new(&[("calls.ring_timeout", "1s")]);
    let server = fixture.server().await;
    let (call, taro, hana) = stage(&server, "ringing").await;
    let rings_until = server.call(call).await.requested_at + server.config.calls.ring_timeout;
    server.dies().await;
    passed(rings_until).await;
    drop((taro, hana));

    let server = fixture.server().await;
    assert_eq!(server.end(call).await, "missed, timeout");
    let ended = server.call(call).await;
    let deadline = ended.requested_at + server.config.calls.ring_timeout;
    assert_eq!(ended.ended().unwrap().at, deadline);
    let head = server
        .store
        .read(|conn| otomo::delivery::inbox::records::extent(conn, &user("hana")));
    assert_eq!(head.await.unwrap().head.get(), 1);
}

#[actix_rt::test]
async fn many_calls_are_restored_and_each_gets_one_end() {
    let fixture = Fixture::new(&[("calls.loss_grace", "300ms")]);
    let server = fixture.server().await;
    let mut calls = Vec::new();
    let mut phones = Vec::new();
    for pair in 0..20 {
        let (caller, otomo) = (format!("guest{pair}-1"), format!("otomo{pair}-1"));
        server.know_pair(&caller, &otomo).await;
        let mut otomo = server.connect(&otomo).await;
        let mut caller = server.connect(&caller).await;
        calls.push(match pair % 3 {
            0 => ring(&mut caller, &mut otomo).await,
            1 => accept_quietly(&mut caller, &mut otomo).await,
            _ => {
                let call = accept_quietly(&mut caller, &mut otomo).await;
                caller.asks(ClientCommand::Connected(call));
                otomo.asks(ClientCommand::Connected(call));
                caller.hears_until("call_connected").await;
                call
            }
        });
        phones.push((caller, otomo));
    }
    server.dies().await;
    drop(phones);

    let server = fixture.server().await;
    assert_eq!(server.calls.live(), 20);
    for call in calls {
        server.end(call).await;
        let lines = server.calls.timeline(call).await.unwrap();
        let ends = lines.iter().filter(|line| line.event.as_str() == "ended");
        assert_eq!(ends.count(), 1);
    }
    assert_eq!((server.calls.live(), server.taken().await), (0, 0));
}

async fn accept_quietly(caller: &mut Phone, otomo: &mut Phone) -> CallId {
    let call = ring(caller, otomo).await;
    otomo.asks(ClientCommand::Accept(call));
    caller.hears_until("signaling_start").await;
    otomo.hears_until("signaling_start").await;
    call
}
