//! `POST /api/server/events` and the rooms of backends: what is refused, and how that is said.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    api::{API_KEY, Api, WITH_KEY, send},
    support::TestServer,
};

const EVENTS: &str = "/api/server/events";

/// The path of the fault in what is refused.
async fn fault_at(backend: &Api, event: Value) -> String {
    let refused = backend.post(EVENTS, event.clone()).await;
    let refused = refused.refused(400, "EVENT_INVALID");
    let path = refused["context"]["path"].as_str();
    path.unwrap_or_else(|| panic!("{event}: {refused}"))
        .to_owned()
}

fn quest() -> Value {
    json!({"target": {"user": "taro"}, "type": "quest", "data": {}})
}

fn quest_with(field: &str, value: Value) -> Value {
    let mut event = quest();
    event[field] = value;
    event
}

#[tokio::test]
async fn a_faulty_event_is_refused_with_the_place_of_the_fault_and_nobody_hears_it() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let (backend, mut taro) = (Api::backend(&server), server.user("taro").await);
    let wrong = json!({
        "target": {"user": "taro"}, "type": "sp_update",
        "data": {
            "current_sp": "70", "amount_changed": -30, "transaction_type": "action", "description": "",
            "balance_before": 100, "balance_after": 70,
        },
    });
    assert_eq!(fault_at(&backend, wrong).await, "data.current_sp");
    for (field, value, path) in [
        ("target", json!({}), "target"),
        ("target", json!({"user": "a", "all": true}), "target"),
        ("target", json!({"users": []}), "target.users"),
        ("type", json!("connected"), "type"),
        ("type", json!("with space"), "type"),
        ("type", json!(""), "type"),
        ("data", json!([1]), "data"),
        ("data", json!({"type": "other"}), "data.type"),
        ("kind", json!("state"), "key"),
        ("ttlSeconds", json!(0), "ttlSeconds"),
        ("kind", json!("eternal"), "kind"),
        ("priority", json!("urgent"), "priority"),
        ("ttlSeconds", json!(-1), "ttlSeconds"),
        ("idempotencyKey", json!(""), "idempotencyKey"),
        ("target", json!("taro"), "target"),
        ("target", json!({"user": "a b"}), "target.user"),
    ] {
        let event = quest_with(field, value);
        assert_eq!(fault_at(&backend, event.clone()).await, path, "{event}");
    }
    let durable = json!({"target": {"all": true}, "type": "quest", "data": {}, "kind": "durable"});
    assert_eq!(fault_at(&backend, durable).await, "kind");
    let mut nameless = quest();
    nameless.as_object_mut().unwrap().remove("type");
    assert_eq!(fault_at(&backend, nameless).await, "type");
    for broken in ["", "{", "7", "[]", "null", r#"{"target":{"user":"taro"}}"#] {
        let sent = backend.request(Method::POST, EVENTS).body(broken);
        send(sent).await.refused(400, "EVENT_INVALID");
    }
    taro.expect_none("quest").await;
    taro.expect_none("sp_update").await;
    let inbox = Api::of(&server, "taro", Role::User).get("/api/inbox").await;
    assert_eq!(inbox.ok()["items"], json!([]));
}

#[tokio::test]
async fn a_request_is_bounded_in_bytes_and_so_is_each_event() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let large = quest_with("data", json!({"text": "x".repeat(70_000)}));
    assert_eq!(fault_at(&backend, large).await, "data");
    // Refused when it is announced: who sends on may find the connection closed.
    let length = (8 << 20) + 1;
    let huge = format!(
        "POST {EVENTS} HTTP/1.1\r\nHost: otomo\r\nX-API-Key: {API_KEY}\r\nContent-Length: {length}\r\n\r\n"
    );
    let answer = server.raw(&huge).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("MESSAGE_TOO_LARGE"), "{answer}");
    let users: Vec<String> = (0..1_001).map(|n| format!("user-{n}")).collect();
    let many = quest_with("target", json!({"users": users}));
    assert_eq!(fault_at(&backend, many).await, "target.users");
}

#[tokio::test]
async fn a_durable_event_reaches_a_thousand_members_and_a_request_ten_thousand_inboxes() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let users: Vec<String> = (0..1_000).map(|n| format!("user-{n}")).collect();
    let mut all = quest_with("target", json!({"users": users}));
    all["kind"] = "durable".into();
    let stored = backend.post(EVENTS, all.clone()).await.ok();
    assert_eq!(stored["stored"], 1_000);
    let too_many = json!({"events": vec![all; 11]});
    backend
        .post(EVENTS, too_many)
        .await
        .refused(400, "EVENT_INVALID");
    let inbox = Api::of(&server, "user-7", Role::User)
        .get("/api/inbox")
        .await;
    assert_eq!(
        inbox.ok()["head"],
        1,
        "all of a request is stored, or nothing"
    );
}

#[tokio::test]
async fn only_backends_publish_and_let_people_into_rooms() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    for role in [Role::User, Role::Otomo, Role::Admin] {
        let somebody = Api::of(&server, "somebody", role);
        somebody
            .post(EVENTS, quest())
            .await
            .refused(403, "FORBIDDEN");
        let member = "/api/server/rooms/game_7/members/somebody";
        somebody
            .put(member, json!({}))
            .await
            .refused(403, "FORBIDDEN");
        somebody.delete(member).await.refused(403, "FORBIDDEN");
        let room = somebody.get("/api/server/rooms/game_7").await;
        room.refused(403, "FORBIDDEN");
    }
    let stranger = Api::with_key(&server, "another key");
    stranger
        .post(EVENTS, quest())
        .await
        .refused(401, "UNAUTHORIZED");
    let service = Api::of(&server, "shop", Role::Service);
    assert_eq!(service.post(EVENTS, quest()).await.ok()["accepted"], 1);
}

#[tokio::test]
async fn rooms_have_names_that_are_names() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    for room in ["user_taro", "*"] {
        let path = format!("/api/server/rooms/{room}/members/hana");
        backend
            .put(&path, json!({}))
            .await
            .refused(400, "BAD_REQUEST");
    }
    let path = "/api/server/rooms/a%20b/members/hana";
    backend.put(path, json!({})).await.refused(404, "NOT_FOUND");
    let first = backend
        .put("/api/server/rooms/a/members/hana", json!({}))
        .await;
    assert_eq!(first.status, 201);
    let again = backend
        .put("/api/server/rooms/a/members/hana", json!({}))
        .await;
    assert_eq!(
        (again.status, again.ok()["room"].clone()),
        (200, json!("a"))
    );
}

#[tokio::test]
async fn a_key_that_can_be_none_is_refused_also_where_it_does_nothing() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    for kind in ["state", "durable", "ephemeral"] {
        for key in ["", "a\u{7}b", &"k".repeat(129)] {
            let mut event = quest_with("kind", json!(kind));
            event["key"] = json!(key);
            assert_eq!(fault_at(&backend, event).await, "key", "{kind} {key:?}");
        }
    }
}
