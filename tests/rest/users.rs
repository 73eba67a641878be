//! The status of people: for themselves and for those who talk with them.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    api::Api,
    support::{Client, Json, TestServer, field},
};

async fn status(of: &str, seen_by: &Api) -> Json {
    seen_by.get(&format!("/api/users/{of}/status")).await.ok()
}

/// Types, and waits until the other one has heard of it.
async fn types(client: &mut Client, conversation: &Json, to: &mut Client) {
    client
        .send(json!({"type": "typing-start", "conversationId": conversation}))
        .await;
    to.expect("typing-start").await;
}

#[tokio::test]
async fn partners_see_who_is_there_and_who_types_to_whom() {
    let server = TestServer::start().await;
    let api = |user: &str| Api::of(&server, user, Role::User);
    let (taro, hana, jiro) = (api("taro"), api("hana"), api("jiro"));
    let mut taro_ws = server.user("taro").await;
    let (mut hana_ws, mut jiro_ws) = (server.user("hana").await, server.user("jiro").await);
    let direct = json!({"kind": "direct", "userId": "hana"});
    let direct = taro.post("/api/conversations", direct).await.ok()["conversationId"].clone();
    let group = json!({"kind": "group", "members": ["hana", "jiro"]});
    let group = taro.post("/api/conversations", group).await.ok()["conversationId"].clone();

    let quiet = status("taro", &hana).await;
    assert_eq!(quiet["userId"], "taro");
    assert_eq!(
        (&quiet["isOnline"], &quiet["isTyping"], &quiet["typingTo"]),
        (&json!(true), &json!(false), &Json::Null)
    );
    for time in ["createdAt", "updatedAt"] {
        assert!(field(&quiet, time).ends_with('Z'), "{quiet}");
    }
    let typing = |status: Json| (status["isTyping"].clone(), status["typingTo"].clone());
    types(&mut taro_ws, &direct, &mut hana_ws).await;
    for viewer in [&hana, &taro] {
        assert_eq!(
            typing(status("taro", viewer).await),
            (json!(true), json!("hana"))
        );
    }
    assert_eq!(
        typing(status("taro", &jiro).await),
        (json!(false), Json::Null)
    );
    types(&mut taro_ws, &group, &mut jiro_ws).await;
    assert_eq!(
        typing(status("taro", &jiro).await),
        (json!(true), group.clone())
    );
    for over in [&direct, &group] {
        let stop = json!({"type": "typing-stop", "conversationId": over});
        taro_ws.send(stop).await;
        hana_ws.expect("typing-stop").await;
    }
    assert_eq!(
        typing(status("taro", &taro).await),
        (json!(false), Json::Null)
    );

    jiro_ws.log_out().await;
    hana_ws.expect("user-offline").await;
    let gone = status("jiro", &hana).await;
    assert_eq!(gone["isOnline"], false);
    assert!(field(&gone, "lastSeen").ends_with('Z'), "{gone}");
}

#[tokio::test]
async fn to_everybody_else_they_are_not_there() {
    let server = TestServer::start().await;
    let (taro, hana) = (server.user("taro").await, server.user("hana").await);
    let api = Api::of(&server, "taro", Role::User);
    assert_eq!(status("taro", &api).await["isOnline"], true);
    let mut refused = Vec::new();
    for unknown in ["hana", "nobody"] {
        let reply = api.get(&format!("/api/users/{unknown}/status")).await;
        let mut error = reply.refused(404, "NOT_FOUND");
        assert_eq!(error["context"]["userId"].take(), unknown);
        refused.push(error);
    }
    assert_eq!(refused[0], refused[1], "cannot be told apart");
    drop((taro, hana));
}
