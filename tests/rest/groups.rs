//! Who is in a conversation: whoever that concerns is told anew who they talk with.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, WITH_KEY, send},
    support::{EventLog, Json, TestServer, field},
};

/// Takes in snapshots and changes, as a client does, until this is who of the partners is there.
async fn learns(log: &mut EventLog, expected: Json) {
    let told = ["friend_status_snapshot", "user-online", "user-offline"];
    let mut statuses = json!({});
    while statuses != expected {
        let event = log.until(format!("news to become {expected}"), |event| {
            told.contains(&field(event, "type"))
        });
        let event = event.await;
        match field(&event, "type") {
            "friend_status_snapshot" => statuses = event["statuses"].clone(),
            change => statuses[field(&event, "userId")] = (change == "user-online").into(),
        }
    }
}

/// The conversations in the next snapshot of the unread.
async fn has(log: &mut EventLog) -> Json {
    let unread = log.expect("unread_snapshot").await;
    unread["conversations"].clone()
}

/// Makes `count` people known; their names.
async fn crowd(server: &TestServer, count: usize) -> Vec<String> {
    let backend = Api::backend(server);
    let names: Vec<String> = (0..count).map(|n| format!("user-{n}")).collect();
    for name in &names {
        let person = json!({"role": "user", "name": name});
        let path = format!("/api/server/users/{name}");
        backend.put(&path, person).await.ok();
    }
    names
}

#[tokio::test]
async fn a_full_group_takes_nobody_more() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let mut others = crowd(&server, 256).await;
    let late = others.pop().unwrap();
    let api = Api::of(&server, "taro", Role::User);
    let group = json!({"kind": "group", "members": others});
    let group = api.post("/api/conversations", group).await.ok();
    let path = format!("/api/conversations/{}", field(&group, "conversationId"));
    let add = api.put(&format!("{path}/members/{late}"), json!({})).await;
    add.refused(400, "BAD_REQUEST");
    assert_eq!(
        api.get(&path).await.ok()["members"]
            .as_array()
            .unwrap()
            .len(),
        256
    );
}

#[tokio::test]
async fn in_a_crowd_nobody_is_told_who_types() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let others = crowd(&server, 49).await;
    let api = Api::of(&server, "taro", Role::User);
    let (mut taro, mut hana) = (server.user("taro").await, server.user("user-0").await);
    let group = json!({"kind": "group", "members": others});
    let group = api.post("/api/conversations", group).await.ok();
    let id = field(&group, "conversationId");
    let type_a_word = json!({"type": "typing-start", "conversationId": id});
    taro.send(type_a_word.clone()).await;
    hana.expect("typing-start").await;
    let stop = json!({"type": "typing-stop", "conversationId": id});
    taro.send(stop.clone()).await;
    hana.expect("typing-stop").await;
    // With one more there are 51 of them.
    let jiro = server.user("jiro").await;
    let path = format!("/api/conversations/{id}/members/jiro");
    api.put(&path, json!({})).await.ok();
    for word in [type_a_word.clone(), type_a_word, stop] {
        taro.send(word).await;
    }
    // What is told next comes after what would have been told of it.
    taro.ask(json!({
        "type": "message_send", "conversationId": id, "clientMessageId": "m-1", "body": "a",
    }))
    .await;
    hana.expect("new-message").await;
    for silent in ["typing-start", "typing-stop"] {
        hana.expect_none(silent).await;
    }
    let viewer = Api::of(&server, "user-0", Role::User);
    let seen = viewer.get("/api/users/taro/status").await.ok();
    assert_eq!(seen["isTyping"], false);
    drop(jiro);
}

#[tokio::test]
async fn a_group_that_is_asked_for_again_is_the_same() {
    let server = TestServer::start().await;
    let (taro, hana) = (
        Api::of(&server, "taro", Role::User),
        Api::of(&server, "hana", Role::User),
    );
    hana.get("/api/me").await.ok();
    let begin = async |api: &Api, key: &str, other: &str| {
        let group = json!({"kind": "group", "members": [other]});
        let request = api.request(Method::POST, "/api/conversations").json(&group);
        send(request.header("Idempotency-Key", key)).await
    };
    let first = begin(&taro, "k-1", "hana").await.ok();
    assert_eq!(begin(&taro, "k-1", "hana").await.ok(), first);
    let other = begin(&taro, "k-2", "hana").await.ok();
    let hers = begin(&hana, "k-1", "taro").await.ok();
    for another in [&other, &hers] {
        assert_ne!(another["conversationId"], first["conversationId"]);
    }
    begin(&taro, "two words", "hana")
        .await
        .refused(400, "BAD_REQUEST");
    let list = taro.get("/api/conversations").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn whoever_comes_into_a_group_and_whoever_is_in_it_learn_who_is_there() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.connecting("hana", Role::User).listening().await;
    let (mut jiro, mika) = (server.user("jiro").await, server.user("mika").await);
    let away = Api::of(&server, "yuki", Role::User);
    away.get("/api/me").await.ok();
    for log in [&mut *taro, &mut *hana, &mut *jiro] {
        log.everything();
    }
    let api = Api::of(&server, "taro", Role::User);
    let group = json!({"kind": "group", "members": ["hana", "mika", "yuki"]});
    let id = api.post("/api/conversations", group).await.ok()["conversationId"].clone();
    let group = |who: &str| format!("/api/conversations/{}/members/{who}", id.as_str().unwrap());
    let empty = json!([{"conversationId": id, "lastSeq": 0, "readSeq": 0, "unread": 0}]);
    assert_eq!(has(&mut taro).await, empty);
    learns(
        &mut taro,
        json!({"hana": true, "mika": true, "yuki": false}),
    )
    .await;
    assert_eq!(has(&mut hana).await, empty);
    learns(
        &mut hana,
        json!({"taro": true, "mika": true, "yuki": false}),
    )
    .await;

    api.put(&group("jiro"), json!({})).await.ok();
    let all = json!({"hana": true, "jiro": true, "mika": true, "yuki": false});
    learns(&mut taro, all).await;
    assert_eq!(has(&mut jiro).await, empty);
    let all = json!({"hana": true, "taro": true, "mika": true, "yuki": false});
    learns(&mut jiro, all).await;

    api.delete(&group("jiro")).await.ok();
    assert_eq!(has(&mut jiro).await, json!([]));
    learns(&mut jiro, json!({})).await;
    let left = json!({"hana": true, "mika": true, "yuki": false});
    learns(&mut taro, left).await;
    // He concerns them no more, and what changes nothing is not told.
    taro.everything();
    api.put(&group("hana"), json!({})).await.ok();
    jiro.log_out().await;
    mika.log_out().await;
    assert_eq!(taro.expect("user-offline").await["userId"], "mika");
    taro.expect_none("unread_snapshot").await;
}
