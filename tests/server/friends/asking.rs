//! Requests, and what comes of them.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    support::{EventLog, Json, TestServer, field},
};

async fn notified(log: &mut EventLog, category: &str) -> Json {
    let notification = log.expect("notification").await;
    assert_eq!(notification["category"], category, "{notification}");
    notification
}

#[tokio::test]
async fn both_hear_of_a_request_and_of_what_came_of_it() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.connecting("hana", Role::User).listening().await;
    taro.everything();
    hana.everything();
    let (as_taro, as_hana) = (
        Api::of(&server, "taro", Role::User),
        Api::of(&server, "hana", Role::User),
    );
    let asked = as_taro.put("/api/friends/hana", json!({})).await.ok();
    assert_eq!(asked["standing"], "outgoing");
    let request = notified(&mut hana, "friend_request").await;
    assert_eq!(request["data"]["userId"], "taro");
    assert!(request["seq"].is_u64(), "durable: {request}");
    // Once, however often it is asked.
    assert_eq!(
        as_taro.put("/api/friends/hana", json!({})).await.ok(),
        asked
    );

    let accepted = as_hana.put("/api/friends/taro", json!({})).await.ok();
    assert_eq!(accepted["standing"], "friend");
    let answer = notified(&mut taro, "friend_accepted").await;
    assert_eq!(answer["data"]["userId"], "hana");
    for (log, friend) in [(&mut *taro, "hana"), (&mut *hana, "taro")] {
        let snapshot = log.expect("friend_status_snapshot").await;
        assert_eq!(snapshot["statuses"], json!({friend: true}));
    }
    assert_eq!(hana.heard("notification"), None);

    as_hana.delete("/api/friends/taro").await.ok();
    for log in [&mut *taro, &mut *hana] {
        let snapshot = log.expect("friend_status_snapshot").await;
        assert_eq!(snapshot["statuses"], json!({}));
    }
    taro.expect_none("notification").await;
}

#[tokio::test]
async fn whoever_was_away_hears_of_a_request_when_they_are_back() {
    let server = TestServer::start().await;
    let api = Api::of(&server, "taro", Role::User);
    Api::of(&server, "hana", Role::User)
        .get("/api/me")
        .await
        .ok();
    api.put("/api/friends/hana", json!({})).await.ok();
    let hana = server.connecting("hana", Role::User).with_last_seq(0);
    let mut hana = hana.open().await;
    let request = notified(&mut hana, "friend_request").await;
    assert_eq!(field(&request["data"], "userId"), "taro");
}

#[tokio::test]
async fn two_who_ask_each_other_at_once_are_friends() {
    let server = TestServer::start().await;
    let names = ["taro", "hana"];
    let apis = names.map(|name| Api::of(&server, name, Role::User));
    for api in &apis {
        api.get("/api/me").await.ok();
    }
    let (one, other) = tokio::join!(
        apis[0].put("/api/friends/hana", json!({})),
        apis[1].put("/api/friends/taro", json!({}))
    );
    let standings = [one.ok()["standing"].clone(), other.ok()["standing"].clone()];
    assert!(standings.contains(&json!("friend")), "{standings:?}");
    for api in &apis {
        let list = api.get("/api/friends").await.ok();
        assert_eq!(list["items"][0]["standing"], "friend", "{list}");
    }
}
