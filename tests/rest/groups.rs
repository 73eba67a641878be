//! Who is in a conversation: whoever that concerns is told anew who they talk with.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    support::{Ear, Json, TestServer, field},
};

/// Takes in snapshots and changes, as a client does, until this is who of the partners is there.
async fn learns(ear: &mut Ear, expected: Json) {
    let told = ["friend_status_snapshot", "user-online", "user-offline"];
    let mut statuses = json!({});
    while statuses != expected {
        let event = ear.until(format!("news to become {expected}"), |event| {
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
async fn has(ear: &mut Ear) -> Json {
    let unread = ear.expect("unread_snapshot").await;
    unread["conversations"].clone()
}

#[tokio::test]
async fn whoever_comes_into_a_group_and_whoever_is_in_it_learn_who_is_there() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let mut hana = server.connecting("hana", Role::User).listening().await;
    let (mut jiro, mika) = (server.user("jiro").await, server.user("mika").await);
    let away = Api::of(&server, "yuki", Role::User);
    away.get("/api/me").await.ok();
    for ear in [&mut *taro, &mut *hana, &mut *jiro] {
        ear.everything();
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
