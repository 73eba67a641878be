//! Offers, answers and candidates: passed on as they are, between the two devices of a call and nobody
//! else.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::{connecting, ringing};
use crate::support::{Json, TestServer};

fn offer(call: Uuid) -> Json {
    json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": "v=0\r\no=- お"}})
}

fn answer(call: Uuid) -> Json {
    json!({"type": "webrtc_answer", "callId": call, "answer": {"type": "answer", "sdp": "v=0\r\n"}})
}

fn candidate(call: Uuid, text: &str) -> Json {
    let candidate = json!({"candidate": text, "sdpMid": "0", "sdpMLineIndex": 0});
    json!({"type": "ice_candidate", "callId": call, "candidate": candidate})
}

#[tokio::test]
async fn signals_go_to_the_device_that_accepted_and_to_no_other() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    let mut desk = server
        .connecting("hana", Role::Otomo)
        .on_device("desk")
        .ready()
        .await;
    desk.rings(call).await;
    hana.accept(call).await;
    assert_eq!(
        desk.expect("call_cancelled").await["reason"],
        "answered_elsewhere"
    );
    taro.send(offer(call)).await;
    let heard = hana.expect("webrtc_offer").await;
    assert_eq!(
        (&heard["fromUserId"], &heard["offer"]),
        (&json!("taro"), &offer(call)["offer"])
    );
    hana.send(answer(call)).await;
    assert_eq!(
        taro.expect("webrtc_answer").await["answer"],
        answer(call)["answer"]
    );
    taro.send(candidate(call, "candidate:1")).await;
    assert_eq!(
        hana.expect("ice_candidate").await["candidate"]["sdpMid"],
        "0"
    );
    taro.send(json!({"type": "ice_candidate", "callId": call, "candidate": null}))
        .await;
    assert!(hana.expect("ice_candidate").await["candidate"].is_null());
    for name in ["webrtc_offer", "ice_candidate", "signaling_start"] {
        desk.expect_none(name).await;
    }
    desk.refused("SIGNAL_REJECTED", answer(call)).await;
}

#[tokio::test]
async fn early_candidates_are_kept_for_the_device_that_accepts() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    for number in 0..3 {
        taro.send(candidate(call, &format!("candidate:{number}")))
            .await;
    }
    taro.settled().await;
    taro.refused("SIGNAL_REJECTED", offer(call)).await;
    hana.expect_none("ice_candidate").await;
    hana.accept(call).await;
    for number in 0..3 {
        let kept = hana.expect("ice_candidate").await;
        assert_eq!(
            kept["candidate"]["candidate"],
            format!("candidate:{number}")
        );
    }
}

#[tokio::test]
async fn sixty_four_early_candidates_are_kept_and_no_more() {
    let server = TestServer::start_with(&[("limits.burst", "200")]).await;
    let (mut taro, mut hana, call) = ringing(&server).await;
    for number in 0..64 {
        taro.send(candidate(call, &format!("candidate:{number}")))
            .await;
    }
    taro.refused("SIGNAL_REJECTED", candidate(call, "candidate:64"))
        .await;
    hana.accept(call).await;
    hana.until("the last one", |event| {
        event["candidate"]["candidate"] == "candidate:63"
    })
    .await;
}

#[tokio::test]
async fn after_the_end_nothing_is_passed_on() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    hana.hang_up(call).await;
    taro.expect("call_end").await;
    taro.refused("CALL_ALREADY_ENDED", offer(call)).await;
    hana.expect_none("webrtc_offer").await;
}

#[tokio::test]
async fn a_description_of_the_wrong_kind_is_refused() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    let wrong =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "answer", "sdp": "v=0"}});
    taro.refused("SIGNAL_REJECTED", wrong).await;
    let broken = json!({"type": "webrtc_offer", "callId": call, "offer": "v=0"});
    taro.refused("BAD_REQUEST", broken).await;
    hana.expect_none("webrtc_offer").await;
}
