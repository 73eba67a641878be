//! Calls between people on different nodes, from the request to the end (source document 001).

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use crate::{
    api::Api,
    harness::{Cluster, Node},
    support::{Client, Json},
};

/// A caller and an otomo, each on a node, and their call, which rings.
pub async fn ringing(here: &Node, there: &Node) -> (Client, Client, Uuid) {
    let mut hana = there.device("hana", Role::Otomo, "phone").await;
    let mut taro = here.device("taro", Role::User, "phone").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    (taro, hana, call)
}

/// The same, accepted and with media up.
pub async fn connected(here: &Node, there: &Node) -> (Client, Client, Uuid) {
    let (mut taro, mut hana, call) = ringing(here, there).await;
    talk(&mut taro, &mut hana, call).await;
    (taro, hana, call)
}

/// From a ring to media.
pub async fn talk(caller: &mut Client, otomo: &mut Client, call: Uuid) {
    assert_eq!(otomo.accept(call).await["type"], "call_accept_ack");
    for client in [&mut *caller, &mut *otomo] {
        client.expect("signaling_start").await;
        client.report_media(call).await;
    }
    for client in [caller, otomo] {
        client.expect("call_connected").await;
    }
}

/// The next event of a type about a call. What is said of others, or said again, which a node does that is not sure whether
/// it was said, is passed over, as apps do.
pub async fn told(client: &mut Client, name: &str, call: Uuid) -> Json {
    let id = json!(call);
    client
        .until(format!("{name} of {call}"), |event| {
            event["type"] == name && event["callId"] == id
        })
        .await
}

/// A call as its caller finds it on a node.
pub async fn entry(node: &Node, caller: &str, call: Uuid) -> Json {
    let caller = Api::of(node, caller, Role::User);
    caller.get(&format!("/api/calls/{call}")).await.ok()
}

/// First busy, then accepted; first the end, then online: also where both come from another node.
#[tokio::test(flavor = "multi_thread")]
async fn a_status_has_its_place_among_what_a_call_says_on_every_node() {
    let cluster = Cluster::start(2).await;
    let mut hana = cluster.node(1).device("hana", Role::Otomo, "phone").await;
    let mut taro = cluster.node(0).device("taro", Role::User, "phone").await;
    // Statuses that follow each other fast are told to other nodes together, so without this one hana's would not wait.
    let mut yuki = cluster.node(1).device("yuki", Role::Otomo, "phone").await;
    let is = |event: &Json, status: &str| event["userId"] == "hana" && event["status"] == status;
    for round in 0..10 {
        let call = taro.request("hana").await;
        hana.rings(call).await;
        let status = ["break", "online"][round % 2];
        yuki.send(json!({"type": "otomo_status_set", "status": status}))
            .await;
        assert_eq!(hana.accept(call).await["type"], "call_accept_ack");
        let accepted = |event: &Json| event["type"] == "call_accepted";
        let before = taro.up_to("call_accepted", accepted).await;
        assert!(before.iter().any(|it| is(it, "busy")), "{before:?}");
        assert_eq!(hana.hang_up(call).await["type"], "call_end_request_ack");
        let before = taro.up_to("online", |event| is(event, "online")).await;
        assert!(
            before.iter().any(|it| it["type"] == "call_end"),
            "{before:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_on_different_nodes_call_each_other_and_everybody_sees_who_is_busy() {
    let cluster = Cluster::start(3).await;
    let mut watcher = cluster.node(2).user("watcher").await;
    let (mut taro, mut hana, call) = ringing(cluster.node(0), cluster.node(1)).await;
    watcher.sees("hana", "online").await;
    hana.send(json!({"type": "call_ringing", "callId": call}))
        .await;
    taro.expect("call_ringing").await;
    // Candidates that come early are kept for whoever answers.
    let early =
        json!({"type": "ice_candidate", "callId": call, "candidate": {"candidate": "early"}});
    taro.send(early).await;
    taro.settled().await;
    assert_eq!(hana.accept(call).await["type"], "call_accept_ack");
    let accepted = |event: &Json| event["type"] == "call_accepted";
    let before = taro.up_to("call_accepted", accepted).await;
    assert!(
        !before
            .iter()
            .any(|event| event["type"] == "signaling_start"),
        "first the answer, then signals: {before:?}"
    );
    assert_eq!(taro.expect("signaling_start").await["role"], "offerer");
    assert_eq!(hana.expect("signaling_start").await["role"], "answerer");
    watcher.sees("hana", "busy").await;
    assert_eq!(
        hana.expect("ice_candidate").await["candidate"]["candidate"],
        "early"
    );
    let offer =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": "o"}});
    taro.send(offer).await;
    let heard = hana.expect("webrtc_offer").await;
    assert_eq!(
        (&heard["offer"]["sdp"], &heard["fromUserId"]),
        (&json!("o"), &json!("taro"))
    );
    let answer =
        json!({"type": "webrtc_answer", "callId": call, "answer": {"type": "answer", "sdp": "a"}});
    hana.send(answer).await;
    assert_eq!(taro.expect("webrtc_answer").await["answer"]["sdp"], "a");
    for client in [&mut taro, &mut hana] {
        client.report_media(call).await;
    }
    for client in [&mut taro, &mut hana] {
        client.expect("call_connected").await;
    }
    assert_eq!(taro.hang_up(call).await["type"], "call_end_request_ack");
    for client in [&mut taro, &mut hana] {
        let end = told(client, "call_end", call).await;
        assert_eq!(end["reason"], "user_end");
    }
    watcher.sees("hana", "online").await;
    for node in cluster.nodes() {
        assert_eq!(entry(node, "taro", call).await["outcome"], "completed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_another_node_is_rejected_cancelled_or_missed() {
    let cluster = Cluster::start(3).await;
    let (mut taro, mut hana, call) = ringing(cluster.node(0), cluster.node(1)).await;
    let mut desk = cluster.node(2).device("hana", Role::Otomo, "desk").await;
    desk.rings(call).await;
    let reject = json!({"type": "call_reject", "callId": call, "reason": "away"});
    assert_eq!(hana.ask(reject).await["type"], "call_reject_ack");
    assert_eq!(
        told(&mut taro, "call_rejected", call).await["reason"],
        "away"
    );
    assert_eq!(
        told(&mut desk, "call_cancelled", call).await["reason"],
        "rejected_elsewhere"
    );

    let call = taro.request("hana").await;
    for device in [&mut hana, &mut desk] {
        device.rings(call).await;
    }
    assert_eq!(taro.cancel(call).await["type"], "call_cancel_ack");
    for device in [&mut hana, &mut desk] {
        let cancelled = told(device, "call_cancelled", call).await;
        assert_eq!(cancelled["reason"], "caller_cancelled");
    }
    let late = json!({"type": "call_accept", "callId": call});
    let refused = desk.refused("CALL_ALREADY_ENDED", late).await;
    assert_eq!(refused["context"]["outcome"], "cancelled");

    let call = taro.request("hana").await;
    for device in [&mut hana, &mut desk] {
        device.rings(call).await;
    }
    assert_eq!(
        told(&mut taro, "call_rejected", call).await["reason"],
        "timeout"
    );
    for device in [&mut hana, &mut desk] {
        assert_eq!(
            told(device, "call_cancelled", call).await["reason"],
            "timeout"
        );
        assert_eq!(device.expect("call_missed").await["callId"], json!(call));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_otomo_answers_on_one_of_two_nodes_and_the_other_device_stops() {
    let cluster = Cluster::start(3).await;
    let (mut taro, mut phone, call) = ringing(cluster.node(0), cluster.node(1)).await;
    let mut desk = cluster.node(2).device("hana", Role::Otomo, "desk").await;
    // One that comes while it rings is told, too.
    desk.rings(call).await;
    assert_eq!(desk.accept(call).await["type"], "call_accept_ack");
    let stopped = phone.expect("call_cancelled").await;
    assert_eq!(stopped["reason"], "answered_elsewhere");
    taro.expect("signaling_start").await;
    desk.expect("signaling_start").await;
    let offer =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": "o"}});
    taro.send(offer).await;
    desk.expect("webrtc_offer").await;
    phone.expect_none("webrtc_offer").await;
    let again = json!({"type": "call_accept", "callId": call});
    phone.refused("CALL_ALREADY_ACCEPTED", again).await;
    assert_eq!(
        desk.hang_up(call).await["type"],
        "call_end_request_ack",
        "from the node that has answered"
    );
    for client in [&mut taro, &mut phone, &mut desk] {
        assert_eq!(told(client, "call_end", call).await["reason"], "otomo_end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_participant_comes_back_on_another_node() {
    let cluster = Cluster::start(3).await;
    let (mut taro, hana, call) = connected(cluster.node(0), cluster.node(1)).await;
    hana.vanish().await;
    taro.expect("call_peer_reconnecting").await;
    let mut hana = cluster.node(2).device("hana", Role::Otomo, "phone").await;
    let snapshot = hana.expect("call_snapshot").await;
    assert_eq!(snapshot["call"]["callId"], json!(call));
    taro.expect("call_peer_back").await;
    let offer =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": "o"}});
    taro.send(offer).await;
    hana.expect("webrtc_offer").await;
    taro.vanish().await;
    hana.expect("call_peer_reconnecting").await;
    let end = hana.expect("call_end").await;
    assert_eq!(end["reason"], "disconnect");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_in_a_call_on_one_node_is_busy_on_all() {
    let cluster = Cluster::start(3).await;
    let (mut taro, mut hana, call) = connected(cluster.node(0), cluster.node(1)).await;
    let mut jiro = cluster.node(2).user("jiro").await;
    jiro.request("hana").await;
    assert_eq!(jiro.expect("call_rejected").await["reason"], "busy");
    let _yuki = cluster.node(1).otomo("yuki").await;
    jiro.sees("yuki", "online").await;
    let mut tablet = cluster.node(2).device("taro", Role::User, "tablet").await;
    let second = json!({"type": "call_request", "toUserId": "yuki", "callId": Uuid::new_v4()});
    tablet.refused("CALLER_BUSY", second).await;
    hana.hang_up(call).await;
    for client in [&mut taro, &mut tablet, &mut hana] {
        client.expect("call_end").await;
    }
    jiro.sees("hana", "online").await;
    let call = jiro.request("hana").await;
    hana.rings(call).await;
}
