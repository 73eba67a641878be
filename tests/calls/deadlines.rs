//! What time does to a call, and drains, admins and the media server.

use otomo::{
    calls::ClientCommand,
    delivery::{leave::Leave, roster::Remaining},
    kernel::ids::CallId,
};

use crate::{
    calling::{accept, ring, talk},
    fixture::{Fixture, client, user},
    phone::types,
    waiting::eventually,
};

#[actix_rt::test]
async fn a_ring_ends_at_its_deadline_and_is_left_in_the_inbox() {
    let fixture = Fixture::new(&[("calls.ring_timeout", "1s")]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    assert_eq!(taro.hears(&["call_rejected"]).await["reason"], "timeout");
    assert_eq!(hana.hears(&["call_cancelled"]).await["reason"], "timeout");
    let missed = hana.hears(&["call_missed"]).await;
    assert_eq!(
        (&missed["seq"], &missed["fromUserName"]),
        (&1.into(), &"TARO".into())
    );
    assert_eq!(server.end(call).await, "missed, timeout");

    let ended = server.call(call).await;
    let deadline = ended.requested_at + server.config.calls.ring_timeout;
    assert_eq!(ended.ended().unwrap().at, deadline);
}

/// Goal: a ring ends when it is due, and not with the next sweep. Method: rings that begin right behind an end. Had sweeps ended
/// them, each but the first were due 200 ms behind one, and ended 800 ms later.
#[actix_rt::test]
async fn a_ring_that_is_due_waits_for_no_sweep() {
    let fixture = Fixture::new(&[("calls.ring_timeout", "1200ms")]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let mut late = Vec::new();
    for _ in 0..3 {
        let call = ring(&mut taro, &mut hana).await;
        taro.hears(&["call_rejected"]).await;
        let now = server.store.now();
        hana.hears(&["call_cancelled", "call_missed"]).await;
        let deadline = server.call(call).await.requested_at + server.config.calls.ring_timeout;
        late.push(deadline.until(now).as_millis());
    }
    // The machine may be slow once.
    assert!(late[1..].iter().any(|it| *it < 300), "{late:?} ms late");
}

#[actix_rt::test]
async fn three_missed_rings_put_the_otomo_on_break() {
    let fixture = Fixture::new(&[("calls.ring_timeout", "1s")]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    for _ in 0..3 {
        ring(&mut taro, &mut hana).await;
        taro.hears(&["call_rejected"]).await;
        hana.hears(&["call_cancelled", "call_missed"]).await;
    }
    assert_eq!(
        taro.hears(&["otomo_status_update"]).await["status"],
        "break"
    );
    taro.calls("hana");
    taro.hears(&["call_request_ack"]).await;
    assert_eq!(taro.hears(&["call_rejected"]).await["reason"], "away");
}

#[actix_rt::test]
async fn a_candidate_for_a_device_that_has_just_gone_is_answered() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = talk(&mut taro, &mut hana).await;
    let candidate = || crate::calling::candidate(1);
    eventually("there is a route", async || {
        server.passes_on(&hana, call, candidate())
    })
    .await;
    taro.hears(&["ice_candidate"]).await;

    // Nobody has told the coordinator yet, so there is still a route.
    server.vanishes(&taro);
    assert!(!server.passes_on(&hana, call, candidate()));
    hana.asks(ClientCommand::Ice(call, candidate()));
    assert_eq!(hana.hears(&["error"]).await["code"], "PEER_UNAVAILABLE");
}

#[actix_rt::test]
async fn a_lost_device_has_its_grace_and_is_back_or_not() {
    let fixture = Fixture::new(&[("calls.loss_grace", "300ms")]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = talk(&mut taro, &mut hana).await;

    server.disconnect(taro);
    hana.hears(&["call_peer_reconnecting"]).await;
    hana.asks(ClientCommand::Ice(call, crate::calling::candidate(1)));
    assert_eq!(hana.hears(&["error"]).await["code"], "PEER_UNAVAILABLE");
    let mut taro = server.connect("taro-1").await;
    hana.hears(&["call_peer_back"]).await;

    server.disconnect(hana);
    taro.hears(&["call_peer_reconnecting"]).await;
    assert_eq!(taro.hears(&["call_end"]).await["reason"], "disconnect");
    assert_eq!(server.end(call).await, "completed, disconnect");
}

#[actix_rt::test]
async fn a_second_connection_of_the_device_keeps_the_call() {
    let fixture = Fixture::new(&[("calls.loss_grace", "50ms")]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = talk(&mut taro, &mut hana).await;
    let mut again = server.connect("taro-1").await;
    server.disconnect(taro);
    again.asks(ClientCommand::End(call));
    again.hears(&["call_end"]).await;
    assert_eq!(types(&hana.hears_until("call_end").await), ["call_end"]);
    assert_eq!(server.end(call).await, "completed, user_end");
}

#[actix_rt::test]
async fn an_otomo_who_connects_during_the_ring_is_rung() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    let mut tablet = server.connect("hana-2").await;
    let rung = tablet.hears(&["incoming_call"]).await;
    assert_eq!(rung["callId"], call.to_string());
    tablet.asks(ClientCommand::Accept(call));
    let silenced = hana.hears_until("call_cancelled").await;
    assert_eq!(silenced[silenced.len() - 1]["reason"], "answered_elsewhere");
    tablet.hears_until("signaling_start").await;
    assert!(taro.hears_until("signaling_start").await.len() > 1);
}

#[actix_rt::test]
async fn an_otomo_in_the_leave_grace_is_rung_when_back() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let hana = server.connect("hana-1").await;
    let mut taro = server.connect("taro-1").await;
    server.disconnect(hana);
    let leaving = async || {
        let why = server.presence.why(&user("hana")).await.unwrap().unwrap();
        format!("{why:?}").contains("leaving: true")
    };
    eventually("hana is in her grace", leaving).await;
    let call = taro.calls("hana");
    taro.hears(&["call_request_ack"]).await;
    let mut hana = server.connect("hana-1").await;
    let rung = hana.hears(&["incoming_call"]).await;
    assert_eq!(rung["callId"], call.to_string());
    taro.asks(ClientCommand::Cancel(call));
    taro.hears(&["call_cancel_ack"]).await;
    assert_eq!(
        hana.hears(&["call_cancelled"]).await["reason"],
        "caller_cancelled"
    );
}

#[actix_rt::test]
async fn an_otomo_who_comes_back_while_the_request_is_stored_is_rung_on_each_device() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let hana = server.connect("hana-1").await;
    let mut taro = server.connect("taro-1").await;
    server.disconnect(hana);
    // They are there, but presence and calls will be told later than the request is stored.
    let mut phone = server.appears(&client("hana-1")).await;
    let mut tablet = server.appears(&client("hana-2")).await;
    let call = taro.calls("hana");
    taro.hears(&["call_request_ack"]).await;
    for device in [&mut phone, &mut tablet] {
        let heard = device.hears_until("incoming_call").await;
        assert_eq!(heard[heard.len() - 1]["callId"], call.to_string());
    }
}

#[actix_rt::test]
async fn a_leaving_that_is_heard_of_late_loses_nobody_who_is_back() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = talk(&mut taro, &mut hana).await;
    let alone = Remaining {
        of_device: 0,
        of_user: 0,
    };
    server.calls.left(&taro.client, Leave::Broken, alone);
    taro.asks(ClientCommand::Ice(call, crate::calling::candidate(1)));
    hana.hears(&["ice_candidate"]).await;
    assert!(server.call(call).await.lost().caller.is_none());
}

#[actix_rt::test]
async fn the_media_server_and_admins_have_their_say() {
    let fixture = Fixture::new(&[
        ("calls.loss_grace", "100ms"),
        ("calls.connected_by", "server"),
    ]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let call = ring(&mut taro, &mut hana).await;
    assert!(server.calls.media(call, true).await.is_err(), "it rings");
    hana.asks(ClientCommand::Accept(call));
    taro.hears_until("signaling_start").await;
    server.calls.media(call, true).await.unwrap();
    let connected = taro.hears(&["call_connected"]).await;
    assert_eq!(connected["method"], "sfu_rtp_detected");
    server.calls.media(call, false).await.unwrap();
    assert_eq!(taro.hears(&["call_end"]).await["reason"], "rtp_stopped");

    taro.hears_until("otomo_status_update").await;
    hana.hears_until("call_end").await;
    hana.hears_until("otomo_status_update").await;
    let call = accept(&mut taro, &mut hana).await;
    assert_eq!(server.calls.free(&user("hana")).await.unwrap(), Some(call));
    assert_eq!(taro.hears(&["call_end"]).await["reason"], "admin_end");
    assert_eq!(server.calls.free(&user("hana")).await.unwrap(), None);
    let unknown = server.calls.admin_end(CallId::new()).await;
    assert!(matches!(unknown, Err(otomo::calls::CallsFault::Unknown)));
}

#[actix_rt::test]
async fn a_drain_lets_no_call_begin_and_ends_the_rest_at_its_limit() {
    let fixture = Fixture::new(&[]);
    let server = fixture.server().await;
    let (mut hana, mut taro) = (
        server.connect("hana-1").await,
        server.connect("taro-1").await,
    );
    let (mut yuki, mut jiro) = (
        server.connect("yuki-1").await,
        server.connect("jiro-1").await,
    );
    let call = talk(&mut taro, &mut hana).await;
    server.calls.stop_ringing().await;
    jiro.calls("yuki");
    jiro.hears_until("call_request_ack").await;
    assert_eq!(
        jiro.hears(&["call_rejected"]).await["reason"],
        "system_error"
    );
    assert_eq!(
        (server.calls.live(), server.calls.is_live(&user("hana"))),
        (1, true)
    );

    server.calls.end_all().await;
    assert_eq!(server.calls.live(), 0);
    assert_eq!(taro.hears(&["call_end"]).await["reason"], "system_error");
    assert_eq!(server.end(call).await, "completed, system_error");
    assert!(
        types(&yuki.heard())
            .iter()
            .all(|it| *it == "otomo_status_update")
    );
    server.stops().await;
}
