//! Nodes that die (`kill -9`): who was there is gone once and in time, calls come to an end, and the ledger is right.

use std::time::{Duration, Instant};

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::BigInt};
use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    calls::{connected, entry, ringing, talk, told},
    chat::writes,
    friends::{befriend, change_of, is_online},
    harness::{Cluster, WITHIN_LEASE, statuses},
    points::{balance, order},
    presence::listed,
    support::{silence, within},
};

/// How long people may be shown as online who are not, with the default times.
const LIMIT: Duration = Duration::from_secs(75);

/// The default times, for the long form (`scripts/test long faults`); else those of all these tests.
fn times() -> &'static [(&'static str, &'static str)] {
    match std::env::var("OTOMO_FAULTS_LONG").is_ok() {
        false => &[],
        true => &[
            ("cluster.lease", "15s"),
            ("presence.lease", "15s"),
            ("presence.leave_grace", "15s"),
            ("presence.reload_grace", "3s"),
            ("presence.restart_grace", "15s"),
        ],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_online_when_a_node_died_is_offline_once_and_a_second_device_does_not_flicker()
{
    let cluster = Cluster::start_with(3, times()).await;
    befriend(cluster.node(0), "watcher", "taro").await;
    let mut watcher = cluster.node(2).user("watcher").await;
    let _hana = cluster.node(0).otomo("hana").await;
    let _taro = cluster.node(0).user("taro").await;
    let _phone = cluster.node(0).device("yuki", Role::Otomo, "phone").await;
    let _desk = cluster.node(1).device("yuki", Role::Otomo, "desk").await;
    watcher.sees("hana", "online").await;
    watcher.sees("yuki", "online").await;
    assert_eq!(change_of(&mut watcher, "taro").await["status"], "online");
    watcher.everything();

    let died = Instant::now();
    cluster.node(0).kill();
    within(LIMIT, "hana is offline", async || {
        watcher.heard("otomo_status_update").is_some()
    })
    .await;
    let otomo = died.elapsed();
    watcher.sees("hana", "offline").await;
    within(LIMIT, "taro is offline", async || {
        watcher.heard("friend_status_changed").is_some()
    })
    .await;
    println!(
        "offline after {otomo:?} (otomo), {:?} (friend)",
        died.elapsed()
    );
    assert_eq!(change_of(&mut watcher, "taro").await["status"], "offline");
    // Others may sweep, too: as long as that could take.
    silence(Duration::from_secs(5)).await;
    watcher.settled().await;
    for told in ["friend_status_changed", "user-offline"] {
        let again = watcher.heard(told).filter(|it| it["user_id"] == "taro");
        assert_eq!(again, None, "once");
    }
    let told = watcher.everything();
    let told: Vec<_> = told
        .iter()
        .filter(|it| it["type"] == "otomo_status_update")
        .collect();
    assert!(told.is_empty(), "nobody flickers: {told:?}");
    for node in &cluster.nodes()[1..] {
        assert_eq!(listed(node, "hana").await, "offline");
        assert_eq!(listed(node, "yuki").await, "online");
        assert!(!is_online(node, "watcher", "taro").await);
    }

    cluster.node(0).restart().await;
    let _hana = cluster.node(0).otomo("hana").await;
    watcher.sees("hana", "online").await;
    assert_eq!(statuses(&mut watcher, "yuki"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_participant_was_on_a_dead_node_ends_and_both_are_free() {
    let cluster = Cluster::start(3).await;
    let (mut taro, _hana, call) = connected(cluster.node(0), cluster.node(1)).await;
    cluster.node(1).kill();
    taro.expect("call_peer_reconnecting").await;
    let end = told(&mut taro, "call_end", call).await;
    assert_eq!(end["reason"], "disconnect");
    assert_eq!(entry(cluster.node(2), "taro", call).await["phase"], "ended");
    let mut hana = cluster.node(2).device("hana", Role::Otomo, "phone").await;
    taro.sees("hana", "online").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    talk(&mut taro, &mut hana, call).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_to_another_node_in_time_goes_on_with_the_call() {
    let cluster = Cluster::start_with(3, &[("calls.loss_grace", "15s")]).await;
    let (mut taro, _hana, call) = connected(cluster.node(0), cluster.node(1)).await;
    cluster.node(1).kill();
    let mut hana = cluster.node(2).device("hana", Role::Otomo, "phone").await;
    let snapshot = hana.expect("call_snapshot").await;
    assert_eq!(snapshot["call"]["callId"], json!(call));
    let offer =
        json!({"type": "webrtc_offer", "callId": call, "offer": {"type": "offer", "sdp": "o"}});
    taro.send(offer).await;
    hana.expect("webrtc_offer").await;
    silence(Duration::from_secs(5)).await;
    taro.expect_none("call_end").await;
    hana.hang_up(call).await;
    assert_eq!(taro.expect("call_end").await["reason"], "otomo_end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_goes_on_and_ends_in_time_whichever_node_dies() {
    for dead in 0..2 {
        let cluster = Cluster::start(3).await;
        let (mut taro, mut hana, call) = ringing(cluster.node(0), cluster.node(1)).await;
        cluster.node(dead).kill();
        match dead {
            0 => {
                let cancelled = hana.expect("call_cancelled").await;
                assert!(
                    ["caller_lost", "timeout"].contains(&cancelled["reason"].as_str().unwrap()),
                    "{cancelled}"
                );
            }
            _ => {
                let rejected = taro.expect("call_rejected").await;
                assert!(
                    ["offline", "timeout"].contains(&rejected["reason"].as_str().unwrap()),
                    "{rejected}"
                );
            }
        }
        let survivor = cluster.node(2);
        assert_eq!(entry(survivor, "taro", call).await["phase"], "ended");
    }
}

#[derive(QueryableByName)]
struct Charges {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_nodes_charges_are_neither_lost_nor_doubled() {
    let cluster = Cluster::start_with(3, &[("calls.loss_grace", "10s")]).await;
    let hana = json!({"role": "otomo", "name": "はな", "pricePerMinute": 100});
    let backend = Api::backend(cluster.node(0));
    backend.put("/api/server/users/hana", hana).await.ok();
    order(cluster.node(0), "grant", "taro", 100_000, "start")
        .await
        .ok();
    let (mut taro, mut hana, call) = connected(cluster.node(0), cluster.node(1)).await;
    for dead in [0, 1] {
        taro.expect("call_tick").await;
        cluster.node(dead).kill();
        // Whoever was there comes back elsewhere; the other stays.
        if dead == 0 {
            taro = cluster.node(2).device("taro", Role::User, "phone").await;
        } else {
            hana = cluster.node(2).device("hana", Role::Otomo, "phone").await;
        }
        for client in [&mut taro, &mut hana] {
            client.everything();
        }
        taro.expect("call_tick").await;
        cluster.node(dead).restart().await;
    }
    taro.hang_up(call).await;
    let end = taro.expect("call_end").await;
    let total = end["totalChargedPoints"].as_i64().unwrap();
    let minutes = entry(cluster.node(2), "taro", call).await["durationSeconds"].clone();
    assert!(total > 0 && total % 100 == 0, "{end}");
    for node in cluster.nodes() {
        assert_eq!(balance(node, "taro").await, 100_000 - total, "{minutes}");
    }
    let mut database = cluster.postgres().connect();
    let stored: Charges = sql_query(
        "SELECT count(*)::bigint AS count FROM point_transactions WHERE user_id = 'taro' AND amount = -100",
    )
    .get_result(&mut database)
    .unwrap();
    assert_eq!(stored.count * 100, total, "each in the ledger once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_acknowledged_before_it_died_arrives_and_a_repeat_elsewhere_is_the_same_message()
 {
    let cluster = Cluster::start(3).await;
    let mut hana = cluster.node(1).user("hana").await;
    let mut taro = cluster.node(0).user("taro").await;
    let first = writes(&mut taro, "hana", "1").await;
    cluster.node(0).kill();
    let mut taro = cluster.node(2).user("taro").await;
    let again = writes(&mut taro, "hana", "1").await;
    assert_eq!(again["messageId"], first["messageId"]);
    writes(&mut taro, "hana", "2").await;
    for body in ["1", "2"] {
        assert_eq!(hana.expect("new-message").await["body"], body);
    }
    hana.expect_none("new-message").await;
    within(WITHIN_LEASE, "the dead node is known as such", async || {
        let admin = Api::of(cluster.node(1), "root", Role::Admin);
        let nodes = admin.get("/admin/api/nodes").await.ok();
        let nodes = nodes["nodes"].as_array().expect("a list").clone();
        nodes
            .iter()
            .any(|it| it["name"] == cluster.node(0).name() && it["alive"] == false)
    })
    .await;
}
