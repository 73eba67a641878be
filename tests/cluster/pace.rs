//! How long things take, and what it adds that somebody is on another node.
//!
//! Each round does the same for somebody on the node of whoever begins and for somebody on the other, in turns, so that what
//! else the machine does meanwhile falls on both. Nothing is asserted of the times: that everything comes is.
//! `scripts/test long pace` has enough rounds to measure.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    api::Api,
    calls::told,
    harness::Cluster,
    support::{Client, Json, silence},
};

/// Between two rounds, as nobody is faster: changes that follow each other within 5 ms are told to other nodes together.
const BREATH: Duration = Duration::from_millis(20);

/// How many friends.
const FRIENDS: [usize; 3] = [10, 100, 1_000];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_second_node_adds_and_what_friends_cost() {
    let asked = std::env::var("OTOMO_PACE_ROUNDS").ok();
    let rounds = asked.map_or(4, |rounds| rounds.parse().expect("a number"));
    let cluster = Cluster::start_measured(2).await;
    println!("{rounds} rounds, load before {}", load());
    println!("| what | p50 | p99 |");
    calls(&cluster, rounds).await;
    statuses(&cluster, rounds).await;
    friends(&cluster, rounds).await;
    println!("load after {}", load());
}

/// From a caller's `call_request` to `incoming_call` at the otomo's device.
async fn calls(cluster: &Cluster, rounds: usize) {
    let mut taro = cluster.node(0).user("taro").await;
    let mut near = cluster.node(0).otomo("hana").await;
    let mut far = cluster.node(1).otomo("yuki").await;
    for otomo in ["hana", "yuki"] {
        taro.sees(otomo, "online").await;
    }
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Whoever is second has no advantage of it.
        let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
        for turn in order {
            match turn {
                0 => here.push(ring(&mut taro, &mut near).await),
                _ => there.push(ring(&mut taro, &mut far).await),
            }
        }
    }
    compare("call_request -> incoming_call", here, there);
    for client in [taro, near, far] {
        client.log_out().await;
    }
}

/// A call that is cancelled once it rings: how long that took.
async fn ring(caller: &mut Client, otomo: &mut Client) -> Duration {
    let call = Uuid::new_v4();
    let request = json!({"type": "call_request", "toUserId": otomo.user, "callId": call});
    let began = Instant::now();
    caller.send(request).await;
    otomo.rings(call).await;
    let took = began.elapsed();
    told(caller, "call_request_ack", call).await;
    assert_eq!(caller.cancel(call).await["type"], "call_cancel_ack");
    told(otomo, "call_cancelled", call).await;
    for client in [caller, otomo] {
        client.settled().await;
        client.everything();
    }
    silence(BREATH).await;
    took
}

/// From an otomo's `otomo_status_set` to `otomo_status_update`, which everybody is told.
async fn statuses(cluster: &Cluster, rounds: usize) {
    let mut near = cluster.node(0).user("jiro").await;
    let mut far = cluster.node(1).user("saburo").await;
    let mut mari = cluster.node(0).otomo("mari").await;
    for watcher in [&mut near, &mut far] {
        watcher.sees("mari", "online").await;
    }
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for status in ["break", "online"].into_iter().cycle().take(rounds) {
        silence(BREATH).await;
        let began = Instant::now();
        let set = json!({"type": "otomo_status_set", "status": status});
        mari.send(set).await;
        let seen = async |watcher: &mut Client| {
            watcher.sees("mari", status).await;
            began.elapsed()
        };
        let (by_near, by_far) = tokio::join!(seen(&mut near), seen(&mut far));
        here.push(by_near);
        there.push(by_far);
        mari.expect("otomo_status_set_ack").await;
        mari.everything();
    }
    compare("otomo_status_set -> otomo_status_update", here, there);
}

/// `GET /api/friends/online-status`, from the request to the last byte of the answer. Every other friend is online.
async fn friends(cluster: &Cluster, rounds: usize) {
    let node = cluster.node(0);
    let mut askers = Vec::new();
    for count in FRIENDS {
        let name = format!("friend-of-{count}");
        let api = Api::of(node, &name, Role::User);
        // The node knows them from now on.
        api.get("/api/me").await.ok();
        askers.push((count, name, api, Vec::new()));
    }
    let most = FRIENDS.into_iter().max().unwrap_or_default();
    let mut database = cluster.postgres().connect();
    let mut store = |sql: String| database.batch_execute(&sql).expect("it is stored");
    store(format!(
        "INSERT INTO users (id, role, name, disabled, created_at, updated_at)
         SELECT 'friend-' || n, 'user', '', false, 0, 0 FROM generate_series(1, {most}) AS n"
    ));
    for (count, name, ..) in &askers {
        for pair in ["'{name}', 'friend-' || n", "'friend-' || n, '{name}'"] {
            let pair = pair.replace("{name}", name);
            store(format!(
                "INSERT INTO friendships (user_id, other_id, standing, since_at)
                 SELECT {pair}, 'friend', 0 FROM generate_series(1, {count}) AS n"
            ));
        }
    }
    store("ANALYZE".to_owned());
    let online: Vec<String> = (1..=most / 2)
        .map(|n| format!("friend-{}", 2 * n))
        .collect();
    let said = format!("SADD online_users {}", online.join(" "));
    cluster.redis().say(&said);
    for _ in 0..rounds {
        for (count, _, api, took) in &mut askers {
            let request = api.request(Method::GET, "/api/friends/online-status");
            let began = Instant::now();
            let answer = request.send().await.expect("an answer");
            let body = answer.bytes().await.expect("a body");
            took.push(began.elapsed());
            let answer: Json = serde_json::from_slice(&body).expect("JSON");
            let statuses = answer["data"]["statuses"].as_object().expect("statuses");
            let online = statuses.values().filter(|it| **it == true).count();
            assert_eq!((statuses.len(), online), (*count, *count / 2));
        }
    }
    for (count, _, _, took) in askers {
        row(&format!("online-status of {count} friends"), took);
    }
}

/// Prints both, and what the other node adds.
fn compare(what: &str, here: Vec<Duration>, there: Vec<Duration>) {
    let here = row(&format!("{what}, the same node"), here);
    let there = row(&format!("{what}, the other node"), there);
    let [median, slow] = [there.0 - here.0, there.1 - here.1];
    println!("| it adds | {median:.2} ms | {slow:.2} ms |");
}

/// Prints the median and the 99th percentile, and returns both in milliseconds.
fn row(what: &str, mut took: Vec<Duration>) -> (f64, f64) {
    took.sort_unstable();
    let place = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    let (median, slow) = (place(50), place(99));
    println!("| {what} | {median:.2} ms | {slow:.2} ms |");
    (median, slow)
}

/// What the machine had to do in the last minute: how many wanted a core.
fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let minute = load.split(' ').next().unwrap_or_default();
    minute.to_owned()
}
