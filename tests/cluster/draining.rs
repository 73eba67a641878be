//! One of two nodes is told to stop: its people go to the other over the time they were told, whoever talks goes on until the
//! limit, and nobody on the other node sees anybody offline.

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    calls::connected,
    friends::befriend,
    harness::Cluster,
    support::{
        Crowd, Happening, eventually,
        leaving::{
            Size, came_back_over, gather, hang_up_half, nobody_was_offline, talk_until_the_limit,
        },
        silence,
    },
};

#[tokio::test(flavor = "multi_thread")]
async fn people_go_from_a_node_that_stops_to_another_and_nobody_sees_it() {
    let size = Size::asked();
    let (limit, spread, grace) = (
        format!("{}ms", size.limit.as_millis()),
        format!("{}ms", size.spread.as_millis()),
        format!("{}ms", size.grace.as_millis()),
    );
    let times = [
        ("server.drain_limit", limit.as_str()),
        ("server.drain_spread", &spread),
        ("presence.leave_grace", &*grace),
        ("presence.ping_interval", "25s"),
        ("presence.pong_timeout", "10s"),
        ("limits.handshakes_per_address", "none"),
    ];
    let cluster = Cluster::start_with(2, &times).await;
    let (leaves, stays) = (cluster.node(0), cluster.node(1));
    let last = format!("user-{}", size.people - 1);
    let friends = ["otomo-0", "otomo-1", &last];
    for friend in friends {
        befriend(stays, "watcher", friend).await;
    }
    let (crowd, calls) = gather(&size, &[leaves, stays]).await;
    let mut watcher = stays.user("watcher").await;
    let statuses = watcher.expect("friend_status_snapshot").await;
    for friend in friends {
        assert_eq!(statuses["statuses"][friend], json!(true), "{statuses}");
    }
    let begun = Instant::now();
    leaves.terminate();
    let talking = hang_up_half(&crowd, &calls);
    // Who does not talk goes at once, to the other node; who talks stays.
    let away = size.people - talking;
    let gone = |crowd: &Crowd| {
        crowd.count(|it| matches!(it, Happening::Ready(at) if *at == stays.address())) >= away
    };
    crowd
        .until(
            "those without a call are on the other node",
            size.spread * 2 + size.limit,
            gone,
        )
        .await;
    talk_until_the_limit(&size, &crowd, &calls, (talking, begun)).await;
    leaves.ended().await;
    let all = |crowd: &Crowd| crowd.here() == size.people;
    crowd
        .until(
            "all are on the other node",
            size.limit + size.spread * 4,
            all,
        )
        .await;
    came_back_over(&size, &crowd, (away, begun..begun + size.limit));
    // Longer than every grace.
    silence(size.spread + size.grace + Duration::from_secs(1)).await;
    nobody_was_offline(&crowd);
    for event in watcher.everything() {
        let says = event["status"] == "offline" || event["type"] == "user-offline";
        assert!(!says, "{event}");
    }
    let mut late = stays.connecting("late", Role::User).ready().await;
    let snapshot = late.expect("otomo_status_snapshot").await;
    let otomo = snapshot["otomos"].as_array().expect("a list");
    let online = otomo.iter().filter(|it| it["status"] == "online").count();
    assert_eq!(online, size.otomo(), "{snapshot}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_stop_together_do_not_send_people_to_each_other() {
    let cluster = Cluster::start_with(2, &[("server.drain_limit", "1h")]).await;
    let (first, second) = (cluster.node(0), cluster.node(1));
    let (mut taro, _hana, call) = connected(first, second).await;
    let mut mika = second.user("mika").await;
    for node in [first, second] {
        let root = Api::of(node, "root", Role::Admin);
        node.terminate();
        let waits = async || root.get("/admin/api/drain").await.ok()["phase"] == "calls";
        eventually("it waits for the call", waits).await;
    }
    // It has asked for other nodes twice by then.
    silence(Duration::from_secs(4)).await;
    assert!(mika.heard("closing").is_none(), "there is nowhere to go");
    taro.of_call("call_end_request", call).await;
    mika.expect("closing").await;
}
