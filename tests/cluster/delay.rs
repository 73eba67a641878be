//! What a second node adds: from a command to what somebody on the same node, and on another, hears of it.
//!
//! `cargo test --test cluster -- delay --ignored --nocapture`

use std::time::{Duration, Instant};

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use crate::{calls::told, harness::Cluster};

/// How often each is measured.
const TIMES: usize = 300;

fn show(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: usize| took[took.len() * share / 100].as_secs_f64() * 1000.0;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms", at(50), at(99));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn of_a_ring_and_of_a_broadcast() {
    let cluster = Cluster::start(2).await;
    let mut taro = cluster.node(0).user("taro").await;
    for (place, where_to) in ["the same node", "another node"].into_iter().enumerate() {
        let user = format!("otomo-{place}");
        let mut otomo = cluster.node(place).otomo(&user).await;
        taro.sees(&user, "online").await;
        let mut took = Vec::new();
        for _ in 0..TIMES {
            let call = Uuid::new_v4();
            let request = json!({"type": "call_request", "toUserId": user, "callId": call});
            let began = Instant::now();
            taro.send(request).await;
            otomo.rings(call).await;
            took.push(began.elapsed());
            taro.cancel(call).await;
            told(&mut otomo, "call_cancelled", call).await;
        }
        show(
            &format!("from call_request to incoming_call on {where_to}"),
            took,
        );
    }
    let mut hana = cluster.node(0).device("hana", Role::Otomo, "phone").await;
    for (place, where_to) in ["the same node", "another node"].into_iter().enumerate() {
        let mut watcher = cluster.node(place).user("watcher").await;
        let mut took = Vec::new();
        for round in 0..TIMES {
            let status = ["break", "online"][round % 2];
            let began = Instant::now();
            hana.send(json!({"type": "otomo_status_set", "status": status}))
                .await;
            watcher.sees("hana", status).await;
            took.push(began.elapsed());
        }
        show(
            &format!("from otomo_status_set to otomo_status_update on {where_to}"),
            took,
        );
    }
}
