//! Who comes online and goes offline: friends and conversation partners hear of it, and nobody else.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::befriend;
use crate::{
    api::Api,
    chat::writes,
    support::{EventLog, Json, TestServer},
};

/// The next change of somebody's status.
async fn told(log: &mut EventLog, status: &str) -> Json {
    let changed = log.expect("friend_status_changed").await;
    assert_eq!(changed["user_id"], "hana");
    assert_eq!(changed["status"], status);
    let fields = changed.as_object().unwrap().keys();
    // What is around an event of a stream is not in it.
    let fields: Vec<&String> = fields.filter(|field| *field != "sse").collect();
    assert_eq!(fields, ["status", "timestamp", "type", "user_id"]);
    changed
}

#[tokio::test]
async fn friends_hear_who_comes_and_goes_and_find_it_at_the_start() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut stream = server.connecting("taro", Role::User).listening().await;
    let mut stranger = server.user("jiro").await;
    let mut asked = server.user("mika").await;
    Api::of(&server, "hana", Role::User)
        .get("/api/me")
        .await
        .ok();
    befriend(&server, "taro", "hana").await;
    let as_hana = Api::of(&server, "hana", Role::User);
    as_hana.put("/api/friends/mika", json!({})).await.ok();

    let hana = server.user("hana").await;
    let desk = server.user("hana").await;
    for log in [&mut *taro, &mut *stream] {
        let came = told(log, "online").await["timestamp"].as_i64().unwrap();
        assert!(came > 1_700_000_000_000, "milliseconds: {came}");
    }
    // One of two devices is not the person.
    hana.log_out().await;
    let mut tab = server.connecting("taro", Role::User).open().await;
    let snapshot = tab.expect("friend_status_snapshot").await;
    assert_eq!(snapshot["statuses"], json!({"hana": true}));
    assert_eq!(snapshot["lastSeen"], json!({}));
    // A reload is not seen.
    desk.reload().await;
    let desk = server.user("hana").await;
    taro.expect_none("friend_status_changed").await;
    assert_eq!(stream.heard("friend_status_changed"), None);
    desk.log_out().await;
    let gone = told(&mut taro, "offline").await;
    told(&mut stream, "offline").await;
    let seen = gone["timestamp"].as_i64().unwrap() / 1_000;
    let mut tab = server.connecting("taro", Role::User).open().await;
    let snapshot = tab.expect("friend_status_snapshot").await;
    assert_eq!(snapshot["statuses"], json!({"hana": false}));
    assert_eq!(snapshot["lastSeen"], json!({"hana": seen}));
    for client in [&mut stranger, &mut asked] {
        client.expect_none("friend_status_changed").await;
    }
    // Friends who do not talk with each other are no conversation partners.
    taro.expect_none("user-online").await;
}

#[tokio::test]
async fn a_connection_hears_of_those_it_asked_for() {
    let server = TestServer::start().await;
    let connect = |topics: &str| {
        let connecting = server.connecting("taro", Role::User);
        connecting.asking(&format!("topics={topics}")).open()
    };
    for known in ["hana", "mika"] {
        Api::of(&server, known, Role::User)
            .get("/api/me")
            .await
            .ok();
    }
    let mut talker = server.user("taro").await;
    writes(&mut talker, "mika", "m-1", "a").await;
    befriend(&server, "taro", "hana").await;
    let (mut friends, mut chat, mut otomo) = (
        connect("friends").await,
        connect("chat").await,
        connect("otomo").await,
    );
    let told = friends.expect("friend_status_snapshot").await;
    assert_eq!(told["statuses"], json!({"hana": false, "mika": false}));
    let told = chat.expect("friend_status_snapshot").await;
    assert_eq!(told["statuses"], json!({"mika": false}));
    for client in [&mut friends, &mut chat, &mut otomo] {
        client.expect("ready").await;
    }
    otomo.expect_none("friend_status_snapshot").await;
    let people = [server.user("hana").await, server.user("mika").await];
    for name in ["hana", "mika"] {
        let came = friends.expect("friend_status_changed").await;
        assert_eq!(came["user_id"], name);
    }
    assert_eq!(chat.expect("user-online").await["userId"], "mika");
    chat.expect_none("friend_status_changed").await;
    friends.expect_none("user-online").await;
    otomo.expect_none("friend_status_changed").await;
    drop(people);

    // Who listens to friends alone hears of it when a friendship ends.
    let api = Api::of(&server, "taro", Role::User);
    api.delete("/api/friends/hana").await.ok();
    let told = friends.expect("friend_status_snapshot").await;
    assert_eq!(told["statuses"].as_object().unwrap().len(), 1, "{told}");
    friends.expect_none("unread_snapshot").await;
}
