//! Participants who are lost, and come back or not.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{SHORT, connected, ringing};
use crate::support::{Client, TestServer, field};

/// A caller and an otomo on devices that keep their names.
async fn pair(server: &TestServer) -> (Client, Client) {
    let hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone-h")
        .ready()
        .await;
    let taro = server
        .connecting("taro", Role::User)
        .on_device("phone-t")
        .ready()
        .await;
    (taro, hana)
}

async fn talking(server: &TestServer) -> (Client, Client, uuid::Uuid) {
    let (mut taro, mut hana) = pair(server).await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    hana.accept(call).await;
    for client in [&mut taro, &mut hana] {
        client.expect("signaling_start").await;
        client.report_media(call).await;
    }
    for client in [&mut taro, &mut hana] {
        client.expect("call_connected").await;
    }
    (taro, hana, call)
}

#[tokio::test]
async fn a_caller_who_is_lost_while_it_rings_cancels() {
    let server = TestServer::start_with(&SHORT).await;
    let (taro, mut hana, _call) = ringing(&server).await;
    taro.vanish().await;
    assert_eq!(hana.expect("call_cancelled").await["reason"], "caller_lost");
}

#[tokio::test]
async fn a_caller_who_is_back_in_time_goes_on_ringing() {
    let server = TestServer::start_with(&SHORT).await;
    let (mut taro, mut hana) = pair(&server).await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    taro.reload().await;
    let mut taro = server
        .connecting("taro", Role::User)
        .on_device("phone-t")
        .ready()
        .await;
    let snapshot = taro.expect("call_snapshot").await;
    assert_eq!(field(&snapshot["call"], "callId"), call.to_string());
    crate::support::silence(std::time::Duration::from_millis(500)).await;
    hana.expect_none("call_cancelled").await;
    hana.accept(call).await;
    taro.expect("call_accepted").await;
}

#[tokio::test]
async fn an_otomo_whose_last_device_is_lost_while_it_rings_rejects_as_offline() {
    let server = TestServer::start_with(&SHORT).await;
    let (mut taro, hana, _call) = ringing(&server).await;
    hana.vanish().await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "offline");
}

#[tokio::test]
async fn an_otomo_with_another_device_goes_on_ringing() {
    let server = TestServer::start_with(&SHORT).await;
    let (mut taro, hana, call) = ringing(&server).await;
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    desk.rings(call).await;
    hana.vanish().await;
    crate::support::silence(std::time::Duration::from_millis(500)).await;
    taro.expect_none("call_rejected").await;
    desk.accept(call).await;
    taro.expect("call_accepted").await;
}

#[tokio::test]
async fn a_request_waits_for_an_otomo_in_their_leave_grace() {
    let server = TestServer::start_with(&SHORT).await;
    let hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    let mut taro = server.user("taro").await;
    hana.vanish().await;
    let call = taro.request("hana").await;
    let mut hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    hana.rings(call).await;
    taro.cancel(call).await;
    hana.vanish().await;
    taro.request("hana").await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "offline");
}

#[tokio::test]
async fn who_is_lost_in_a_call_and_does_not_return_ends_it() {
    let server = TestServer::start_with(&SHORT).await;
    let (taro, mut hana, _call) = connected(&server).await;
    taro.vanish().await;
    let notice = hana.expect("call_peer_reconnecting").await;
    assert!(notice["deadline"].is_i64());
    assert_eq!(hana.expect("call_end").await["reason"], "disconnect");
    hana.sees("hana", "online").await;
}

#[tokio::test]
async fn who_is_back_in_time_finds_the_call_and_the_other_side_hears_so() {
    let server = TestServer::start_with(&SHORT).await;
    let (mut taro, hana, call) = talking(&server).await;
    hana.vanish().await;
    taro.expect("call_peer_reconnecting").await;
    let signal = json!({"type": "ice_candidate", "callId": call, "candidate": null});
    taro.refused("PEER_UNAVAILABLE", signal.clone()).await;
    let mut hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone-h")
        .ready()
        .await;
    let snapshot = hana.expect("call_snapshot").await;
    assert_eq!(field(&snapshot["call"], "phase"), "connected");
    assert_eq!(snapshot["call"]["bound"], true);
    taro.expect("call_peer_back").await;
    taro.send(signal).await;
    hana.expect("ice_candidate").await;
    hana.hang_up(call).await;
    taro.expect("call_end").await;
}

#[tokio::test]
async fn another_device_is_not_the_one_that_is_missed() {
    let server = TestServer::start_with(&SHORT).await;
    let (mut taro, hana, _call) = talking(&server).await;
    hana.vanish().await;
    taro.expect("call_peer_reconnecting").await;
    let _desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    assert_eq!(taro.expect("call_end").await["reason"], "disconnect");
    taro.expect_none("call_peer_back").await;
}

#[tokio::test]
async fn ended_calls_are_in_the_snapshot_of_who_missed_their_end() {
    let server = TestServer::start_with(&SHORT).await;
    let (mut taro, hana, call) = talking(&server).await;
    hana.vanish().await;
    taro.hang_up(call).await;
    let mut hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone-h")
        .open()
        .await;
    let snapshot = hana.expect("call_snapshot").await;
    assert!(snapshot["call"].is_null());
    let recent = &snapshot["recent"][0];
    assert_eq!(
        (field(recent, "callId"), field(recent, "reason")),
        (&*call.to_string(), "user_end")
    );
    assert_eq!(field(recent, "outcome"), "completed");
}

#[tokio::test]
async fn a_missed_call_is_replayed_to_who_comes_back_later_and_only_once() {
    let settings = [
        ("calls.ring_timeout", "1s"),
        ("calls.ring_loss_grace", "5s"),
    ];
    let server = TestServer::start_with(&settings).await;
    let hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    let mut taro = server.user("taro").await;
    let call = taro.request("hana").await;
    hana.vanish().await;
    taro.expect("call_rejected").await;
    let mut hana = server
        .connecting("hana", Role::Otomo)
        .with_last_seq(0)
        .open()
        .await;
    let before = hana.up_to("ready", |event| event["type"] == "ready").await;
    let missed = before
        .iter()
        .find(|event| event["type"] == "call_missed")
        .expect("before ready");
    assert_eq!(
        (field(missed, "callId"), &missed["seq"]),
        (&*call.to_string(), &json!(1))
    );
    let mut again = server
        .connecting("hana", Role::Otomo)
        .with_last_seq(1)
        .ready()
        .await;
    again.expect_none("call_missed").await;
    let mut lost = server
        .connecting("hana", Role::Otomo)
        .with_last_seq(99)
        .open()
        .await;
    assert_eq!(lost.expect("resync").await["reason"], "unknown_seq");
}

#[tokio::test]
async fn live_calls_survive_a_restart_of_the_server() {
    let settings = [
        ("calls.loss_grace", "3s"),
        ("presence.restart_grace", "3s"),
        ("presence.leave_grace", "3s"),
    ];
    let server = TestServer::start_with(&settings).await;
    let (taro, hana, call) = talking(&server).await;
    drop((taro, hana));
    let server = server.restart().await;
    let mut taro = server
        .connecting("taro", Role::User)
        .on_device("phone-t")
        .ready()
        .await;
    let mut hana = server
        .connecting("hana", Role::Otomo)
        .on_device("phone-h")
        .ready()
        .await;
    let snapshot = taro.expect("call_snapshot").await;
    assert_eq!(field(&snapshot["call"], "phase"), "connected");
    hana.hang_up(call).await;
    assert_eq!(taro.expect("call_end").await["reason"], "otomo_end");
}
