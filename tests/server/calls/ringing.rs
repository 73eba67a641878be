//! From the request to an answer.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::{of, ringing, types};
use crate::support::{Json, TestServer, eventually};

#[tokio::test]
async fn a_request_is_acknowledged_and_rings_with_the_documents_fields() {
    let server = TestServer::start().await;
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    let call = Uuid::new_v4();
    let ack = taro.request_as("hana", call).await;
    assert_eq!(ack["status"], "requesting");
    let ring = hana.rings(call).await;
    assert_eq!(ring["fromUserId"], "taro");
    assert_eq!(ring["fromUserName"], "taroさん");
    assert_eq!(ring["fromUserAvatar"], "/avatars/taro.jpg");
    let (at, until) = (
        ring["timestamp"].as_i64().unwrap(),
        ring["expiresAt"].as_i64().unwrap(),
    );
    assert_eq!(until - at, 30);
    assert!(
        ring["remainingMs"]
            .as_u64()
            .is_some_and(|left| (25_000..=30_000).contains(&left))
    );
    taro.expect_none("incoming_call").await;
}

#[tokio::test]
async fn ringing_does_not_change_the_public_status() {
    let server = TestServer::start().await;
    let mut watcher = server.user("watcher").await;
    let (_taro, _hana, _call) = ringing(&server).await;
    watcher.sees("hana", "online").await;
    watcher.expect_none("otomo_status_update").await;
}

#[tokio::test]
async fn ringing_shows_as_busy_where_it_is_configured() {
    let server = TestServer::start_with(&[("calls.busy_while_ringing", "true")]).await;
    let mut watcher = server.user("watcher").await;
    let (mut taro, _hana, call) = ringing(&server).await;
    watcher.sees("hana", "busy").await;
    taro.cancel(call).await;
    watcher.sees("hana", "online").await;
}

#[tokio::test]
async fn every_device_of_the_otomo_rings_and_the_caller_hears_who_shows_it() {
    let server = TestServer::start().await;
    let mut phone = server
        .connecting("hana", Role::Otomo)
        .on_device("phone")
        .ready()
        .await;
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    let mut taro = server.user("taro").await;
    let call = taro.request("hana").await;
    phone.rings(call).await;
    desk.rings(call).await;
    desk.send(of("call_ringing", call)).await;
    assert_eq!(
        taro.expect("call_ringing").await["callId"],
        call.to_string()
    );
}

#[tokio::test]
async fn a_device_that_connects_during_the_ring_gets_it_after_ready() {
    let server = TestServer::start().await;
    let (_taro, _hana, call) = ringing(&server).await;
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .open()
        .await;
    let ring = |event: &Json| event["type"] == "incoming_call";
    let before = desk.up_to("the ring", ring).await;
    assert_eq!(
        types(&before),
        [
            "connected",
            "otomo_status_snapshot",
            "call_snapshot",
            "unread_snapshot",
            "friend_status_snapshot",
            "ready",
            "incoming_call"
        ]
    );
    assert_eq!(before[2]["call"]["phase"], "ringing");
    assert_eq!(before[2]["call"]["callId"], call.to_string());
}

#[tokio::test]
async fn the_same_request_again_is_answered_with_the_phase_it_has_come_to() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    // The otomo may see the ring a moment before it is stored that it was delivered.
    eventually("it is stored that it rang", async || {
        taro.request_as("hana", call).await["status"] != "requesting"
    })
    .await;
    assert_eq!(taro.request_as("hana", call).await["status"], "ringing");
    hana.expect_none("incoming_call").await;
    hana.reject(call).await;
    taro.expect("call_rejected").await;
    let ended = taro.request_as("hana", call).await;
    assert_eq!(
        (&ended["status"], &ended["outcome"]),
        (&json!("ended"), &json!("rejected"))
    );
    assert_eq!(ended["reason"], "manual_decline");
    assert_eq!(
        taro.expect("call_rejected").await["reason"],
        "manual_decline"
    );
    hana.expect_none("incoming_call").await;
}

#[tokio::test]
async fn an_id_that_others_use_is_refused_and_says_nothing_of_them() {
    let server = TestServer::start().await;
    let (_taro, _hana, call) = ringing(&server).await;
    let _yuki = server.otomo("yuki").await;
    let mut jiro = server.user("jiro").await;
    let request = json!({"type": "call_request", "toUserId": "yuki", "callId": call});
    let error = jiro.refused("DUPLICATE_CALL_ID", request).await;
    assert!(
        !error.to_string().contains("taro") && !error.to_string().contains("hana"),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_is_called_who_is_no_otomo() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let _jiro = server.user("jiro").await;
    for nobody in ["jiro", "unheard-of", "taro"] {
        let call = Uuid::new_v4();
        let request = json!({"type": "call_request", "toUserId": nobody, "callId": call});
        taro.refused("OTOMO_NOT_FOUND", request).await;
    }
    // Nothing was stored: the same id may be tried again.
    let _hana = server.otomo("hana").await;
    taro.request("hana").await;
}

#[tokio::test]
async fn who_is_away_or_on_break_or_busy_is_not_rung_and_hears_nothing() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let gone = server.otomo("gone").await;
    gone.log_out().await;
    taro.sees("gone", "offline").await;
    taro.request("gone").await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "offline");

    let mut away = server.otomo("away").await;
    away.ask(json!({"type": "otomo_status_set", "status": "break"}))
        .await;
    taro.request("away").await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "away");
    away.expect_none("incoming_call").await;

    let (_jiro, mut hana, first) = {
        let mut hana = server.otomo("hana").await;
        let mut jiro = server.user("jiro").await;
        let call = jiro.request("hana").await;
        hana.rings(call).await;
        (jiro, hana, call)
    };
    taro.request("hana").await;
    assert_eq!(
        taro.expect("call_rejected").await["reason"],
        "busy",
        "a ring reserves the otomo"
    );
    hana.accept(first).await;
    taro.request("hana").await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "busy");
    hana.expect_none("incoming_call").await;
}

#[tokio::test]
async fn the_answer_to_a_request_comes_before_its_rejection() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    server.otomo("hana").await.log_out().await;
    taro.sees("hana", "offline").await;
    taro.everything();
    let call = Uuid::new_v4();
    taro.send(
        json!({"type": "call_request", "toUserId": "hana", "callId": call, "requestId": "1"}),
    )
    .await;
    let rejection = |event: &Json| event["type"] == "call_rejected";
    let told = taro.up_to("the rejection", rejection).await;
    assert_eq!(types(&told), ["call_request_ack", "call_rejected"]);
}

#[tokio::test]
async fn a_caller_in_a_call_cannot_begin_another() {
    let server = TestServer::start().await;
    let (mut taro, _hana, _call) = ringing(&server).await;
    let _yuki = server.otomo("yuki").await;
    let call = Uuid::new_v4();
    let request = json!({"type": "call_request", "toUserId": "yuki", "callId": call});
    taro.refused("CALLER_BUSY", request).await;
}

#[tokio::test]
async fn more_calls_a_minute_than_allowed_are_refused_with_a_wait() {
    let server = TestServer::start_with(&[("limits.calls_per_minute", "2")]).await;
    let _hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    for _ in 0..2 {
        let call = taro.request("hana").await;
        taro.cancel(call).await;
    }
    let request = json!({"type": "call_request", "toUserId": "hana", "callId": Uuid::new_v4()});
    let error = taro.refused("RATE_LIMITED", request).await;
    assert!(
        error["context"]["retryAfterMs"]
            .as_u64()
            .is_some_and(|wait| wait > 0),
        "{error}"
    );
}

#[tokio::test]
async fn an_unanswered_ring_ends_as_missed_and_waits_in_the_inbox() {
    let server = TestServer::start_with(&[("calls.ring_timeout", "1s")]).await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "timeout");
    assert_eq!(hana.expect("call_cancelled").await["reason"], "timeout");
    let missed = hana.expect("call_missed").await;
    assert_eq!(missed["callId"], call.to_string());
    assert_eq!(missed["fromUserName"], "taroさん");
    assert_eq!((&missed["seq"], &missed["prev"]), (&json!(1), &json!(0)));
    hana.refused("CALL_ALREADY_ENDED", of("call_accept", call))
        .await;
}

#[tokio::test]
async fn three_rings_without_an_answer_put_the_otomo_on_break() {
    let server = TestServer::start_with(&[("calls.ring_timeout", "1s")]).await;
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    for _ in 0..3 {
        let call = taro.request("hana").await;
        hana.rings(call).await;
        taro.expect("call_rejected").await;
    }
    taro.sees("hana", "break").await;
    taro.request("hana").await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "away");
}

#[tokio::test]
async fn an_answer_in_between_starts_the_count_of_missed_rings_anew_and_a_cancel_does_not() {
    let server = TestServer::start_with(&[("calls.ring_timeout", "1s")]).await;
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    for answered in [false, false, true, false, false] {
        let call = taro.request("hana").await;
        hana.rings(call).await;
        if answered {
            hana.reject(call).await;
        }
        taro.expect("call_rejected").await;
    }
    taro.expect_none("otomo_status_update").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    taro.cancel(call).await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    taro.expect("call_rejected").await;
    taro.sees("hana", "break").await;
}

#[tokio::test]
async fn after_a_call_the_otomo_may_wrap_up() {
    let server = TestServer::start_with(&[("calls.wrap_up", "700ms")]).await;
    let (mut taro, mut hana, call) = super::connected(&server).await;
    hana.hang_up(call).await;
    taro.expect("call_end").await;
    taro.request("hana").await;
    assert_eq!(taro.expect("call_rejected").await["reason"], "busy");
    crate::support::silence(std::time::Duration::from_millis(800)).await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
}
