//! Accepted calls: the order of what is said, media, and the end.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{connected, connecting, of, ringing, types};
use crate::support::{Json, TestServer, field, found};

#[tokio::test]
async fn an_accept_is_told_in_the_documents_order() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    taro.everything();
    hana.everything();
    hana.send(json!({"type": "call_accept", "callId": call, "requestId": "1"}))
        .await;
    let start = |event: &Json| event["type"] == "signaling_start";
    let at_hana = hana.up_to("the start", start).await;
    assert_eq!(
        types(&at_hana),
        ["otomo_status_update", "call_accept_ack", "signaling_start"]
    );
    let at_taro = taro.up_to("the start", start).await;
    assert_eq!(
        types(&at_taro),
        ["otomo_status_update", "call_accepted", "signaling_start"]
    );
    for told in [&at_hana, &at_taro] {
        assert_eq!(field(&told[0], "status"), "busy");
        assert_eq!(field(&told[2], "callId"), call.to_string());
    }
    assert_eq!(field(&at_hana[2], "role"), "answerer");
    assert_eq!(field(&at_taro[2], "role"), "offerer");
}

#[tokio::test]
async fn the_caller_offers_with_ice_servers_that_are_good_for_them_alone() {
    let settings = [
        (
            "calls.ice_servers",
            "stun:stun.example:3478,turn:turn.example:3478?transport=udp",
        ),
        ("calls.turn_secret", "shared with coturn"),
    ];
    let server = TestServer::start_with(&settings).await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    hana.accept(call).await;
    let (offerer, answerer) = (
        taro.expect("signaling_start").await,
        hana.expect("signaling_start").await,
    );
    assert_eq!(
        (field(&offerer, "role"), field(&answerer, "role")),
        ("offerer", "answerer")
    );
    let servers = offerer["iceServers"].as_array().unwrap();
    assert_eq!(servers[0]["urls"][0], "stun:stun.example:3478");
    let turn = servers
        .iter()
        .find(|it| it["urls"][0].as_str().unwrap().starts_with("turn:"))
        .unwrap();
    assert!(field(turn, "username").ends_with(":taro"), "{turn}");
    assert!(!turn.to_string().contains("shared with coturn"));
    assert_ne!(offerer["iceServers"], answerer["iceServers"]);
}

#[tokio::test]
async fn media_is_up_when_both_sides_say_so() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    taro.report_media(call).await;
    taro.expect_none("call_connected").await;
    hana.report_media(call).await;
    let (at_taro, at_hana) = (
        taro.expect("call_connected").await,
        hana.expect("call_connected").await,
    );
    assert_eq!(at_taro, at_hana);
    assert_eq!(
        (field(&at_taro, "userId"), field(&at_taro, "otomoId")),
        ("taro", "hana")
    );
    assert_eq!(field(&at_taro, "method"), "peer_report");
    taro.report_media(call).await;
    taro.expect_none("call_connected").await;
}

#[tokio::test]
async fn one_report_is_enough_where_it_is_configured() {
    let server = TestServer::start_with(&[("calls.connected_by", "either")]).await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    hana.report_media(call).await;
    taro.expect("call_connected").await;
}

#[tokio::test]
async fn an_end_is_told_to_all_devices_before_the_status_that_it_causes() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connected(&server).await;
    let mut tablet = server
        .connecting("taro", Role::User)
        .on_device("tablet")
        .ready()
        .await;
    for client in [&mut taro, &mut hana, &mut tablet] {
        client.everything();
    }
    taro.send(of("call_end_request", call)).await;
    let free = |event: &Json| event["type"] == "otomo_status_update" && event["status"] == "online";
    for client in [&mut taro, &mut hana, &mut tablet] {
        let told = client.up_to("the new status", free).await;
        assert_eq!(
            types(&told),
            ["call_end", "otomo_status_update"],
            "{}",
            client.user
        );
        let end = &told[0];
        assert_eq!(
            (field(end, "reason"), field(end, "otomoId")),
            ("user_end", "hana")
        );
        assert_eq!(end["totalChargedPoints"], 0);
        let seconds = end["durationSeconds"].as_u64().unwrap();
        assert!(seconds < 5, "{end}");
    }
}

#[tokio::test]
async fn the_otomo_may_hang_up_too_and_again_is_no_change() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connected(&server).await;
    assert_eq!(hana.hang_up(call).await["type"], "call_end_request_ack");
    assert_eq!(taro.expect("call_end").await["reason"], "otomo_end");
    assert_eq!(hana.hang_up(call).await["type"], "call_end_request_ack");
    taro.expect_none("call_end").await;
}

#[tokio::test]
async fn a_call_whose_media_does_not_come_up_fails() {
    let server = TestServer::start_with(&[("calls.connect_timeout", "300ms")]).await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    assert_eq!(taro.expect("call_end").await["reason"], "timeout");
    assert_eq!(hana.expect("call_end").await["durationSeconds"], 0);
    taro.sees("hana", "online").await;
    let again = taro.request_as("hana", call).await;
    assert_eq!(again["outcome"], "failed");
}

#[tokio::test]
async fn a_break_that_is_chosen_during_a_call_shows_at_its_end() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connected(&server).await;
    taro.sees("hana", "busy").await;
    let ack = hana
        .ask(json!({"type": "otomo_status_set", "status": "break"}))
        .await;
    assert_eq!(
        (field(&ack, "status"), field(&ack, "shown")),
        ("break", "busy")
    );
    taro.expect_none("otomo_status_update").await;
    hana.hang_up(call).await;
    taro.sees("hana", "break").await;
}

#[tokio::test]
async fn a_drain_takes_no_new_rings_and_lets_calls_go_on_until_its_limit() {
    let server = TestServer::start_with(&[("server.drain_limit", "1500ms")]).await;
    let (mut taro, mut hana, call) = connected(&server).await;
    let mut jiro = server.user("jiro").await;
    let drained = server.drain();
    let refused = found("a new client is refused", async || {
        let attempt = server.connecting("mika", Role::User).try_open();
        attempt.await.err()
    })
    .await;
    assert_eq!(refused.status(), 503);
    // Who is in a call may still connect.
    let _tablet = server
        .connecting("taro", Role::User)
        .on_device("tablet")
        .ready()
        .await;
    taro.settled().await;
    // Who does not call stays as long: there is no other node to go to.
    assert!(jiro.heard("closing").is_none());
    assert_eq!(taro.expect("call_end").await["reason"], "system_error");
    let closing = jiro.expect("closing").await;
    assert_eq!(
        (&closing["code"], &closing["reconnect"]),
        (&json!(4200), &json!(true))
    );
    hana.expect("call_end").await;
    assert_eq!(taro.expect("closing").await["code"], 4200);
    drained.await.unwrap();
    let _ = call;
}
