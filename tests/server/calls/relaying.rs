//! Candidates of an accepted call do not take the lane of their call: what holds nevertheless.

use serde_json::json;
use uuid::Uuid;

use super::{connecting, of, types};
use crate::support::{Json, TestServer};

const MANY: [(&str, &str); 1] = [("limits.burst", "1000")];

fn candidate(call: Uuid, number: usize) -> Json {
    json!({"type": "ice_candidate", "callId": call, "candidate": {"sdpMLineIndex": number}})
}

#[tokio::test]
async fn candidates_come_after_the_offer_and_in_the_order_in_which_they_were_sent() {
    let server = TestServer::start_with(&MANY).await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    for round in 0..20 {
        let offer = json!({"type": "offer", "sdp": round.to_string()});
        taro.send(json!({"type": "webrtc_offer", "callId": call, "offer": offer}))
            .await;
        for number in 0..8 {
            taro.send(candidate(call, number)).await;
        }
        let last = |event: &Json| event["candidate"]["sdpMLineIndex"] == 7;
        let heard = hana.up_to("the last candidate", last).await;
        let numbers = heard.iter().map(|it| &it["candidate"]["sdpMLineIndex"]);
        let numbers: Vec<_> = numbers.filter_map(Json::as_u64).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
        let mut signals = types(&heard).into_iter();
        let is_signal = |it: &&str| matches!(*it, "webrtc_offer" | "ice_candidate");
        assert_eq!(signals.find(is_signal), Some("webrtc_offer"));
    }
}

#[tokio::test]
async fn whoever_hangs_up_and_goes_on_hears_that_the_call_is_over() {
    let server = TestServer::start_with(&MANY).await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    taro.send(candidate(call, 1)).await;
    hana.expect("ice_candidate").await;
    taro.send(of("call_end_request", call)).await;
    taro.refused("CALL_ALREADY_ENDED", candidate(call, 2)).await;
    hana.expect("call_end").await;
    hana.expect_none("ice_candidate").await;
}

#[tokio::test]
async fn nothing_is_heard_after_the_end_however_much_is_on_its_way() {
    let server = TestServer::start_with(&MANY).await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    for number in 0..100 {
        taro.send(candidate(call, number)).await;
    }
    hana.send(of("call_end_request", call)).await;
    for number in 100..200 {
        taro.send(candidate(call, number)).await;
    }
    taro.settled().await;
    let is_end = |event: &Json| event["type"] == "call_end";
    hana.up_to("the end", is_end).await;
    hana.expect_none("ice_candidate").await;
}

#[tokio::test]
async fn a_stranger_and_another_device_are_refused_as_ever() {
    let server = TestServer::start().await;
    let (mut taro, mut hana, call) = connecting(&server).await;
    let mut jiro = server.user("jiro").await;
    let mut desk = server.user("taro").await;
    taro.send(candidate(call, 1)).await;
    hana.expect("ice_candidate").await;
    jiro.refused("CALL_NOT_PARTICIPANT", candidate(call, 2))
        .await;
    desk.refused("SIGNAL_REJECTED", candidate(call, 3)).await;
    hana.expect_none("ice_candidate").await;
}
