//! To read what belongs to others, beyond the tables of `roles`: streams, sessions, lists, cursors, and ids that can be guessed.
//!
//! That an inbox is one's own, whatever `Last-Event-ID` says, is shown in `tests/server/sse/resuming`; that a stranger types to
//! nobody in `tests/server/chat/typing`; that a user's own room is theirs in `tests/server/rooms/joining`.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use crate::{
    api::{Api, WITH_KEY},
    packets::Poller,
    support::{Client, Json, Poster, TestServer, field},
};

/// Taro's and hana's secret.
const WHISPER: &str = "open-sesame";

/// Has taro write to hana; the conversation.
async fn whisper(taro: &mut Client) -> String {
    let message = json!({
        "type": "message_send", "toUserId": "hana", "clientMessageId": Uuid::new_v4(), "body": WHISPER,
    });
    field(&taro.ask(message).await, "conversationId").to_owned()
}

#[tokio::test]
async fn a_stream_that_is_narrowed_to_somebody_elses_partner_carries_ones_own() {
    let server = TestServer::start().await;
    let (mut taro, _hana) = (server.user("taro").await, server.otomo("hana").await);
    // Of taro's conversations, as hana would have them, asked for by jiro.
    let jiro = server.connecting("jiro", Role::User);
    let mut jiro = jiro.asking("customerId=taro").stream("/api/chat/sse").await;
    jiro.until("ready", |event| event["type"] == "ready").await;
    let mut topics = server.connecting("jiro", Role::User).ready().await;
    jiro.everything();
    topics.everything();
    whisper(&mut taro).await;
    // What comes to jiro in order comes after it.
    let own =
        json!({"type": "message_send", "toUserId": "jiro", "clientMessageId": "m", "body": "a"});
    taro.ask(own).await;
    jiro.expect("new-message").await;
    topics.expect("new-message").await;
    for heard in [jiro.everything(), topics.everything()] {
        assert!(!json!(heard).to_string().contains(WHISPER), "{heard:?}");
    }
}

#[tokio::test]
async fn a_cursor_of_somebody_elses_list_leads_through_ones_own() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let (mut taro, _hana) = (server.user("taro").await, server.otomo("hana").await);
    let backend = Api::backend(&server);
    whisper(&mut taro).await;
    for otomo in ["hana", "ume"] {
        let known = json!({"role": "otomo", "name": otomo});
        backend
            .put(&format!("/api/server/users/{otomo}"), known)
            .await
            .ok();
        let message = json!({
            "type": "message_send", "toUserId": otomo, "clientMessageId": Uuid::new_v4(), "body": WHISPER,
        });
        taro.ask(message).await;
        let call = taro.request(otomo).await;
        taro.of_call("call_cancel", call).await;
    }
    let of_taro = Api::of(&server, "taro", Role::User);
    let jiro = Api::of(&server, "jiro", Role::User);
    for path in ["/api/conversations", "/api/calls"] {
        let page = of_taro.get(&format!("{path}?limit=1")).await.ok();
        let cursor = field(&page, "nextCursor");
        let theirs = jiro
            .get(&format!("{path}?limit=50&cursor={cursor}"))
            .await
            .ok();
        assert_eq!(theirs["items"], json!([]), "{path}");
    }
    // A cursor is a place, so what somebody makes of it is no more than another place.
    for forged in ["x", "WzAsImhhbmEiXQ", "e30", "%00", &"A".repeat(4_000)] {
        let reply = jiro.get(&format!("/api/calls?cursor={forged}")).await;
        reply.refused(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn commands_for_somebody_elses_session_or_device_find_none() {
    let server = TestServer::start().await;
    let mut taro = server
        .connecting("taro", Role::User)
        .on_device("phone")
        .open()
        .await;
    let session = field(&taro.expect("connected").await, "sessionId").to_owned();
    taro.expect("ready").await;
    let _jiro = server
        .connecting("jiro", Role::User)
        .on_device("desk")
        .ready()
        .await;
    taro.everything();
    for query in [
        format!("session={session}"),
        "device=phone".to_owned(),
        format!("session={session}&device=desk"),
        format!("session={}", Uuid::nil()),
    ] {
        let jiro = Poster::new(&server, "jiro", Role::User, &query);
        let (status, body) = jiro.asks(json!({"type": "heartbeat"})).await;
        assert_eq!(
            (status, field(&body["error"], "code")),
            (404, "SESSION_NOT_FOUND"),
            "{query}"
        );
    }
    // His own log-out leaves hers alone, also of a device of the same name.
    let logged_out = Api::of(&server, "jiro", Role::User);
    let closed = logged_out
        .post("/api/logout?device=phone", json!({}))
        .await
        .ok();
    assert_eq!(closed, json!({"closed": 0}));
    taro.settled().await;
}

#[tokio::test]
async fn the_sid_of_a_polling_session_is_not_found_by_trying() {
    let server = TestServer::start().await;
    let mut taro = Poller::ready(&server, "taro", Role::User).await;
    let url = taro.socket_url();
    let (_, sid) = url.rsplit_once("sid=").expect("a sid");
    let (node, random) = sid.rsplit_once('.').expect("a node");
    // 122 random bits: what is close to one is as far from it as anything.
    let flipped: String = random
        .char_indices()
        .map(|(at, digit)| {
            if at == 31 {
                if digit == '0' { '1' } else { '0' }
            } else {
                digit
            }
        })
        .collect();
    let tried = [
        format!("{node}.{flipped}"),
        format!("{node}.{}", &random[..31]),
        format!("{node}.{}", random.to_uppercase()),
        format!("{node}."),
        node.to_owned(),
        format!("{node}.{random}.{random}"),
        format!("%20{sid}"),
    ];
    for guess in tried {
        if guess == sid {
            continue;
        }
        for method in [reqwest::Method::GET, reqwest::Method::POST] {
            let url = format!(
                "http://{}/socket.io/?EIO=4&transport=polling&sid={guess}",
                server.address()
            );
            let answer = reqwest::Client::new()
                .request(method, url)
                .body("2")
                .send()
                .await;
            let answer = answer.expect("an answer");
            assert_eq!(answer.status(), 400, "{guess}");
            let told: Json = answer.json().await.expect("JSON");
            assert_eq!(told["code"], 1, "{guess}: {told}");
        }
    }
    // It was not disturbed.
    assert_eq!(taro.post(r#"42["heartbeat",{}]"#).await.status, 200);
    taro.hears("heartbeat_ack").await;
}

#[tokio::test]
async fn a_call_id_that_somebody_else_has_used_is_not_ones_own() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.otomo("hana").await);
    let _ume = server.otomo("ume").await;
    let mut jiro = server.user("jiro").await;
    let call = taro.request("hana").await;
    hana.rings(call).await;
    for otomo in ["hana", "ume"] {
        let answer = jiro.request_as(otomo, call).await;
        assert_eq!(answer["code"], "DUPLICATE_CALL_ID", "{answer}");
        let told = answer.to_string();
        assert!(!told.contains("taro"), "whose it is, is not said: {told}");
    }
    hana.accept(call).await;
    taro.expect("signaling_start").await;
}
