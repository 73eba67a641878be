//! Calls from the request to the end (source document 001), row by row.

mod crossing;
mod ending;
mod lost;
mod metered;
mod relaying;
mod ringing;
mod signalling;
mod talking;

use serde_json::json;
use uuid::Uuid;

use crate::support::{Client, Json, TestServer};

/// Graces short enough to wait for, and long enough to come back within.
const SHORT: [(&str, &str); 4] = [
    ("calls.ring_loss_grace", "300ms"),
    ("calls.loss_grace", "500ms"),
    ("presence.leave_grace", "2s"),
    ("presence.reload_grace", "2s"),
];

/// A caller, an otomo, and their call, which rings.
async fn ringing(server: &TestServer) -> (Client, Client, Uuid) {
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    (taro, hana, call)
}

/// The same, accepted.
async fn connecting(server: &TestServer) -> (Client, Client, Uuid) {
    let (mut taro, mut hana, call) = ringing(server).await;
    assert_eq!(hana.accept(call).await["type"], "call_accept_ack");
    taro.expect("signaling_start").await;
    hana.expect("signaling_start").await;
    (taro, hana, call)
}

/// The same, with media up.
async fn connected(server: &TestServer) -> (Client, Client, Uuid) {
    let (mut taro, mut hana, call) = connecting(server).await;
    taro.report_media(call).await;
    hana.report_media(call).await;
    taro.expect("call_connected").await;
    hana.expect("call_connected").await;
    (taro, hana, call)
}

/// A command about a call.
fn of(name: &str, call: Uuid) -> Json {
    json!({"type": name, "callId": call})
}

/// The types of what came, without status updates of others.
fn types(events: &[Json]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .collect()
}
