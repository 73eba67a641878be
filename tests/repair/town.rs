//! The life of a small town, on a real server that is killed in the middle of it.
//!
//! Sora and Rin are in a call when it dies. Jiro has called Mei, who declined, and talked to Yuki. Jiro and Taro are friends and
//! write to each other, and with Mei in a group; Taro has asked Yuki. A backend has let Jiro into a room, said a state there,
//! and given him points.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::{
    api::{API_KEY, Api, send},
    support::{Client, Endpoint, Process, field},
};

/// The settings of its servers: short times, so that what a dead server holds is let go soon.
pub const SETTINGS: [(&str, &str); 9] = [
    ("auth.api_keys", API_KEY),
    ("cluster.lease", "2s"),
    ("presence.lease", "1s"),
    ("presence.leave_grace", "1s"),
    ("presence.restart_grace", "1s"),
    ("calls.loss_grace", "1s"),
    ("calls.ring_loss_grace", "1s"),
    ("limits.commands_per_second", "none"),
    ("limits.calls_per_minute", "none"),
];

/// A message of Jiro's to Taro.
pub async fn writes(jiro: &mut Client, body: &str) {
    let message = json!({
        "type": "message_send", "toUserId": "taro", "clientMessageId": Uuid::new_v4(), "body": body,
    });
    let ack = jiro.ask(message).await;
    assert_eq!(ack["type"], "message_send_ack", "{ack}");
}

/// Somebody calls an otomo, and they talk.
pub async fn talk(caller: &mut Client, otomo: &mut Client) -> Uuid {
    let name = otomo.user.clone();
    let call = caller.request(&name).await;
    otomo.rings(call).await;
    otomo.accept(call).await;
    caller.expect("signaling_start").await;
    caller.report_media(call).await;
    otomo.report_media(call).await;
    caller.expect("call_connected").await;
    call
}

/// Lives for a while; returns with the people in the middle of it.
pub async fn lives(server: &Process) -> Vec<Client> {
    let mut jiro = server.user("jiro").await;
    let mut taro = server.user("taro").await;
    let mut sora = server.user("sora").await;
    let mut mei = server.otomo("mei").await;
    let mut rin = server.otomo("rin").await;
    let mut yuki = server.otomo("yuki").await;
    let call = talk(&mut jiro, &mut yuki).await;
    jiro.hang_up(call).await;
    yuki.expect("call_end").await;
    let call = jiro.request("mei").await;
    mei.rings(call).await;
    mei.reject(call).await;
    jiro.expect("call_rejected").await;
    for number in 1..=6 {
        writes(&mut jiro, &format!("おやすみ {number}")).await;
    }
    taro.expect("new-message").await;
    people(server).await;
    backend(server).await;
    talk(&mut sora, &mut rin).await;
    vec![jiro, taro, sora, mei, rin, yuki]
}

async fn people(server: &Endpoint) {
    let api = |name, role| Api::of(server, name, role);
    let (jiro, taro) = (api("jiro", Role::User), api("taro", Role::User));
    let group = json!({"kind": "group", "members": ["taro", "mei"], "title": "三人"});
    let group = jiro.post("/api/conversations", group).await.ok();
    let id = field(&group, "conversationId");
    let mut mei = server.connecting("mei", Role::Otomo).ready().await;
    let message = json!({
        "type": "message_send", "conversationId": id, "clientMessageId": "of-mei", "body": "こんばんは",
    });
    let ack = mei.ask(message).await;
    assert_eq!(ack["type"], "message_send_ack", "{ack}");
    jiro.put("/api/friends/taro", json!({})).await.ok();
    taro.put("/api/friends/jiro", json!({})).await.ok();
    taro.put("/api/friends/yuki", json!({})).await.ok();
}

async fn backend(server: &Endpoint) {
    let backend = Api::backend(server);
    let room = "/api/server/rooms/game_7/members/jiro";
    backend.put(room, json!({})).await.ok();
    let state = json!({
        "target": {"room": "game_7"}, "type": "score", "kind": "state", "key": "jiro", "data": {"points": 7},
    });
    backend.post("/api/server/events", state).await.ok();
    for (what, key, amount) in [
        ("grant", "one", 100),
        ("grant", "two", 50),
        ("consume", "three", 30),
    ] {
        let request = backend.request(Method::POST, &format!("/api/server/points/jiro/{what}"));
        let order = json!({"amount": amount, "transaction_type": "test"});
        send(request.header("Idempotency-Key", key).json(&order))
            .await
            .ok();
    }
}

/// Whether all is well again: Jiro writes to Taro, who hears it, and is answered by Mei.
pub async fn goes_on(server: &Process) {
    let mut jiro = server.user("jiro").await;
    let mut taro = server.user("taro").await;
    let mut mei = server.otomo("mei").await;
    writes(&mut jiro, "まだ起きてる?").await;
    let heard = |event: &crate::support::Json| {
        event["type"] == "new-message" && event["body"] == "まだ起きてる?"
    };
    taro.until("the message of Jiro", heard).await;
    let call = talk(&mut jiro, &mut mei).await;
    mei.hang_up(call).await;
    jiro.expect("call_end").await;
}

/// Whether the two whose call was cut off can talk to each other at once.
pub async fn are_free(server: &Process) {
    let mut sora = server.user("sora").await;
    let mut rin = server.otomo("rin").await;
    let call = talk(&mut sora, &mut rin).await;
    rin.hang_up(call).await;
    sora.expect("call_end").await;
}
