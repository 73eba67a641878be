//! How calls end before they are accepted: reject, cancel, and who is told what.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::{connecting, of, ringing};
use crate::support::TestServer;

#[tokio::test]
async fn a_reject_tells_the_caller_why_and_the_other_devices_to_stop() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    desk.rings(call).await;
    let reject = json!({"type": "call_reject", "callId": call, "reason": "away"});
    assert_eq!(hana.ask(reject).await["type"], "call_reject_ack");
    assert_eq!(taro.expect("call_rejected").await["reason"], "away");
    assert_eq!(
        desk.expect("call_cancelled").await["reason"],
        "rejected_elsewhere"
    );
    hana.expect_none("call_cancelled").await;
    assert_eq!(
        hana.reject(call).await["type"],
        "call_reject_ack",
        "again: the same answer"
    );
    taro.expect_none("call_rejected").await;
}

#[tokio::test]
async fn the_older_reasons_of_a_reject_are_understood() {
    let server = TestServer::start().await;
    for (said, heard) in [
        ("manual_reject", "manual_decline"),
        ("no_response", "timeout"),
        ("busy", "busy"),
    ] {
        let (mut taro, mut hana, call) = ringing(&server).await;
        hana.ask(json!({"type": "call_reject", "callId": call, "reason": said}))
            .await;
        assert_eq!(taro.expect("call_rejected").await["reason"], heard);
    }
}

#[tokio::test]
async fn a_cancel_stops_every_ring() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    assert_eq!(taro.cancel(call).await["type"], "call_cancel_ack");
    assert_eq!(
        hana.expect("call_cancelled").await["reason"],
        "caller_cancelled"
    );
    assert_eq!(
        taro.cancel(call).await["type"],
        "call_cancel_ack",
        "again: the same answer"
    );
    let late = hana
        .refused("CALL_ALREADY_ENDED", of("call_accept", call))
        .await;
    assert_eq!(late["context"]["outcome"], "cancelled");
    hana.expect_none("call_missed").await;
}

#[tokio::test]
async fn hanging_up_while_it_rings_is_a_cancel_or_a_reject() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    assert_eq!(taro.hang_up(call).await["type"], "call_end_request_ack");
    assert_eq!(
        hana.expect("call_cancelled").await["reason"],
        "caller_cancelled"
    );
    let call = taro.request("hana").await;
    hana.rings(call).await;
    assert_eq!(hana.hang_up(call).await["type"], "call_end_request_ack");
    assert_eq!(
        taro.expect("call_rejected").await["reason"],
        "manual_decline"
    );
}

#[tokio::test]
async fn accepted_calls_are_neither_rejected_nor_unknown_to_their_own() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    let error = hana
        .refused("INVALID_CALL_STATE", of("call_reject", call))
        .await;
    assert_eq!(error["context"]["phase"], "connecting");
    assert_eq!(
        hana.accept(call).await["type"],
        "call_accept_ack",
        "the same device again"
    );
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    desk.refused("CALL_ALREADY_ACCEPTED", of("call_accept", call))
        .await;
    // A cancel of an accepted call is an end request.
    assert_eq!(taro.cancel(call).await["type"], "call_cancel_ack");
    assert_eq!(hana.expect("call_end").await["reason"], "user_end");
}

#[tokio::test]
async fn a_stranger_learns_nothing_not_even_that_a_call_exists() {
    let server = TestServer::start().await;
    let (_taro, _hana, call) = ringing(&server).await;
    let mut mallory = server.user("mallory").await;
    let mut otomo = server.otomo("yuki").await;
    for name in [
        "call_accept",
        "call_reject",
        "call_cancel",
        "call_end_request",
        "call_connected",
        "call_ringing",
    ] {
        let real = mallory
            .refused("CALL_NOT_PARTICIPANT", of(name, call))
            .await;
        let made_up = mallory
            .refused("CALL_NOT_PARTICIPANT", of(name, Uuid::new_v4()))
            .await;
        assert_eq!(real["message"], made_up["message"]);
        otomo.refused("CALL_NOT_PARTICIPANT", of(name, call)).await;
    }
    let offer =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": "v=0"}});
    mallory.refused("CALL_NOT_PARTICIPANT", offer).await;
}
