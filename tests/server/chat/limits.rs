//! The limit of messages a minute, on every path by which a user can send.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{to_user, writes};
use crate::support::TestServer;

const THREE: [(&str, &str); 1] = [("limits.messages_per_minute", "3")];

#[tokio::test]
async fn more_messages_a_minute_than_allowed_are_refused_with_a_wait() {
    let server = TestServer::start_with(&THREE).await;
    let mut hana = server.user("hana").await;
    let mut taro = server.connecting("taro", Role::User).open().await;
    let connected = taro.expect("connected").await;
    assert_eq!(connected["limits"]["messagesPerMinute"], 3);
    taro.expect("ready").await;
    let mut desk = server.user("taro").await;
    // What is refused for another reason does not count.
    taro.refused("MESSAGE_EMPTY", to_user("hana", "m-0", ""))
        .await;
    let id = writes(&mut taro, "hana", "m-1", "a").await;
    writes(&mut desk, "hana", "m-2", "b").await;
    writes(&mut taro, "hana", "m-3", "c").await;
    for client in [&mut taro, &mut desk] {
        let error = client
            .refused("RATE_LIMITED", to_user("hana", "m-4", "d"))
            .await;
        let wait = error["context"]["retryAfterMs"].as_u64();
        assert!(
            wait.is_some_and(|wait| 0 < wait && wait <= 20_000),
            "{error}"
        );
    }
    // Whoever asks what became of a message is told, and others are not held up.
    let again = taro.ask(to_user("hana", "m-3", "c")).await;
    assert_eq!(
        (&again["type"], &again["messageSeq"]),
        (&json!("message_send_ack"), &json!(3))
    );
    writes(&mut hana, "taro", "m-1", "e").await;

    let phone = server.connecting("taro", Role::User).on_device("phone");
    let _stream = phone.listening().await;
    let message = json!({"clientMessageId": "m-4", "body": "d"});
    let ways = [
        (format!("conversations/{id}/messages"), message),
        (
            "commands?device=phone".to_owned(),
            to_user("hana", "m-4", "d"),
        ),
    ];
    for (path, body) in ways {
        let url = format!("http://{}/api/{path}", server.address());
        let post = reqwest::Client::new().post(url);
        let post = post.bearer_auth(server.token("taro", Role::User));
        let post = post.header("Content-Type", "application/json");
        let refused = post.body(body.to_string()).send().await.expect("an answer");
        assert_eq!(refused.status(), 429, "{path}");
        let wait = refused.headers()["retry-after"].to_str().expect("text");
        assert!((1..=20).contains(&wait.parse().expect("seconds")), "{wait}");
    }
}
