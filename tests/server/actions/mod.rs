//! Actions of clients, and the app's backend that answers them, or does not.

pub mod backend;
mod breaking;
mod failing;

use backend::{Backend, Behaviour, SECRET};
use hmac::{Hmac, KeyInit as _, Mac as _};
use otomo::kernel::identity::Role;
use serde_json::json;
use sha2::Sha256;

use crate::{
    api::Api,
    support::{Json, Poster, TestServer, eventually},
};

/// A server that takes actions to a backend, with some settings changed.
pub async fn server_of(backend: &Backend, settings: &[(&str, &str)]) -> TestServer {
    let url = backend.url();
    let own = [
        ("actions.webhook_url", url.as_str()),
        ("actions.secret", SECRET),
    ];
    TestServer::start_with(&[&own, settings].concat()).await
}

fn look() -> Json {
    json!({"type": "game_action", "game_session_id": "7", "action": "look", "at": "door"})
}

/// The signature that the documentation describes.
fn signature(timestamp: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let bytes = mac.finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1={hex}")
}

#[tokio::test]
async fn an_action_goes_to_the_backend_signed_and_its_answer_is_the_acknowledgement() {
    let backend = Backend::start().await;
    backend.answer(200, r#"{"found":"鍵","left":[1,2]}"#);
    let server = server_of(&backend, &[]).await;
    let taro = server.connecting("taro", Role::User).on_device("phone");
    let mut taro = taro.open().await;
    let session = taro.expect("connected").await["sessionId"].clone();
    taro.expect("ready").await;
    let answer = taro.ask(look()).await;
    assert_eq!(answer["type"], "action_ack");
    assert_eq!(answer["action"], "game_action");
    assert_eq!(answer["result"], json!({"found": "鍵", "left": [1, 2]}));
    taro.ask(look()).await;

    let [first, second] = &backend.received(2).await[..] else {
        panic!("one request for each action");
    };
    assert_eq!(first.line, "POST /actions?game=7 HTTP/1.1");
    assert_eq!(first.headers["content-type"], "application/json");
    assert!(first.headers["user-agent"].starts_with("otomo/"));
    let timestamp = &first.headers["x-otomo-timestamp"];
    let age = unix_now() - timestamp.parse::<i64>().expect("UNIX seconds");
    assert!((-1..60).contains(&age), "{age}");
    let expected = signature(timestamp, &first.body);
    assert_eq!(first.headers["x-otomo-signature"], expected);
    let deliveries = [first, second].map(|it| it.headers["x-otomo-delivery"].clone());
    assert_ne!(deliveries[0], deliveries[1]);
    assert!(deliveries[0].parse::<uuid::Uuid>().is_ok());
    let mut body = first.json();
    assert!(body["timestamp"].is_string());
    body.as_object_mut().unwrap().remove("timestamp");
    assert_eq!(
        body,
        json!({"type": "game_action", "user_id": "taro", "role": "user", "device": "phone",
            "session_id": session, "command": look()}),
        "all of the command but its requestId, and who sent it"
    );
    assert_eq!(backend.connections(), 1, "the connection is used again");
}

fn unix_now() -> i64 {
    otomo::kernel::time::Clock::system().now().unix_seconds()
}

#[tokio::test]
async fn an_action_with_a_name_of_the_apps_own_is_one_where_it_is_configured() {
    let backend = Backend::start().await;
    let types = ("actions.types", "use_item,shop:buy");
    let server = server_of(&backend, &[types]).await;
    let mut taro = server.user("taro").await;
    let answer = taro.ask(json!({"type": "shop:buy", "item": 3})).await;
    assert_eq!(
        (&answer["type"], &answer["action"]),
        (&"action_ack".into(), &"shop:buy".into())
    );
    let body = backend.received(1).await[0].json();
    assert_eq!(body["type"], "shop:buy");
    assert_eq!(body["command"], json!({"type": "shop:buy", "item": 3}));
    taro.refused("UNKNOWN_TYPE", json!({"type": "shop:sell"}))
        .await;
    // A command of the protocol; but this app has no such action.
    let refused = taro.refused("ACTION_UNAVAILABLE", look()).await;
    assert_eq!(refused["context"]["reason"], "not_served");
    assert_eq!(backend.count(), 1);
}

#[tokio::test]
async fn an_action_is_posted_by_a_client_of_a_stream() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &[]).await;
    let stream = server.connecting("taro", Role::User).on_device("phone");
    let stream = stream.listening().await;
    let taro = Poster::new(&server, "taro", Role::User, "device=phone");
    let mut command = look();
    command["requestId"] = "r-1".into();
    let (status, answer) = taro.asks(command).await;
    assert_eq!((status, &answer["result"]["ok"]), (200, &true.into()));
    assert_eq!(answer["requestId"], "r-1");
    backend.answer(
        409,
        r#"{"error":{"code":"NOT_YOUR_TURN","message":"順番ではありません"}}"#,
    );
    let (status, answer) = taro.asks(look()).await;
    let error = &answer["error"];
    assert_eq!((status, &error["code"]), (409, &"CONFLICT".into()));
    assert_eq!(error["message"], "順番ではありません");
    assert_eq!(
        error["context"],
        json!({"action": "game_action", "reason": "refused", "appCode": "NOT_YOUR_TURN"})
    );
    assert!(stream.heard("action_ack").is_none());
}

#[tokio::test]
async fn the_words_of_the_app_reach_the_client_and_do_not_count_as_a_failure() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &[("actions.breaker_failures", "1")]).await;
    let mut taro = server.user("taro").await;
    for (status, code) in [(400, "BAD_REQUEST"), (403, "FORBIDDEN"), (404, "NOT_FOUND")] {
        backend.answer(status, r#"{"error":{"message":"だめです"}}"#);
        let refused = taro.refused(code, look()).await;
        assert_eq!(refused["message"], "だめです");
        assert_eq!(
            refused["context"],
            json!({"action": "game_action", "reason": "refused"})
        );
    }
    backend.answer(204, "");
    assert_eq!(taro.ask(look()).await["result"], Json::Null);
}

#[tokio::test]
async fn answers_come_as_they_come() {
    let backend = Backend::start().await;
    backend.behave(Behaviour::HoldThoseWith("a slow door"));
    let server = server_of(&backend, &[]).await;
    let mut taro = server.user("taro").await;
    let mut slow = look();
    slow["at"] = "a slow door".into();
    slow["requestId"] = "slow".into();
    taro.send(slow).await;
    backend.received(1).await;
    // Nothing else waits for it, not even another action.
    taro.refused("UNKNOWN_TYPE", json!({"type": "fly"})).await;
    let mut quick = look();
    quick["requestId"] = "quick".into();
    taro.send(quick).await;
    let first = taro.expect("action_ack").await;
    assert_eq!(
        (&first["requestId"], &first["result"]),
        (&json!("quick"), &json!({"ok": true}))
    );
    backend.answer(200, "1");
    let second = taro.expect("action_ack").await;
    assert_eq!(
        (&second["requestId"], &second["result"]),
        (&json!("slow"), &json!(1))
    );
}

#[tokio::test]
async fn without_a_webhook_an_action_is_refused_and_the_client_told_why() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let refused = taro.refused("ACTION_UNAVAILABLE", look()).await;
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("actions.webhook_url"),
        "{refused}"
    );
    assert_eq!(refused["context"]["reason"], "no_webhook");
}

#[tokio::test]
async fn a_backend_of_the_app_does_no_actions() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &[]).await;
    let mut service = server.connecting("billing", Role::Service).ready().await;
    service.refused("FORBIDDEN", look()).await;
    let mut admin = server.connecting("root", Role::Admin).ready().await;
    assert_eq!(admin.ask(look()).await["type"], "action_ack");
    assert_eq!(backend.received(1).await[0].json()["role"], "admin");
    assert_eq!(backend.count(), 1);
}

/// An action is never sent twice, so whoever asked for one must hear what came of it.
#[tokio::test]
async fn a_server_that_drains_answers_the_actions_that_are_under_way() {
    let backend = Backend::start().await;
    let server = server_of(&backend, &[]).await;
    let mut taro = server.user("taro").await;
    backend.behave(Behaviour::Hold);
    taro.send(look()).await;
    backend.received(1).await;
    let drained = server.drain();
    let probe = Api::stranger(&server);
    eventually("the server drains", async || {
        probe.get("/health/ready").await.status == 503
    })
    .await;
    taro.refused("UNAVAILABLE", look()).await;
    backend.answer(200, r#"{"found":"鍵"}"#);
    assert_eq!(taro.expect("action_ack").await["result"]["found"], "鍵");
    assert_eq!(taro.expect("closing").await["code"], 4200);
    drained.await.unwrap();
}
