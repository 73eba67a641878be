//! A stream for the chat with one person (`customerId`, source document 002).

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{
    chat::writes,
    support::{Json, Stream, TestServer},
};

/// What a stream has been told of messages: the body, its `seq` and its `prev`.
fn messages(told: &[Json]) -> Vec<(&str, u64, u64)> {
    let messages = told.iter().filter(|event| event["type"] == "new-message");
    messages
        .map(|event| {
            let number = |field: &str| event[field].as_u64().unwrap();
            let body = event["body"].as_str().unwrap();
            (body, number("seq"), number("prev"))
        })
        .collect()
}

async fn up_to(stream: &mut Stream, last: &str) -> Vec<Json> {
    let is_last = |event: &Json| event["body"] == last;
    stream.up_to(last, is_last).await
}

#[tokio::test]
async fn a_stream_for_one_person_carries_nothing_of_the_others() {
    let server = TestServer::start().await;
    let taro = || server.connecting("taro", Role::User);
    let narrowed = || taro().asking("customerId=hana");
    // Before the two have ever talked.
    let mut live = narrowed().stream("/api/chat/sse").await;
    live.expect("ready").await;
    let (mut hana, mut jiro) = (server.user("hana").await, server.user("jiro").await);
    let with_hana = writes(&mut hana, "taro", "m-1", "one").await;
    writes(&mut jiro, "taro", "m-1", "not for this stream").await;
    jiro.log_out().await;
    writes(&mut hana, "taro", "m-2", "two").await;
    let told = up_to(&mut live, "two").await;
    assert_eq!(messages(&told), [("one", 1, 0), ("two", 3, 1)]);
    assert!(!json!(told).to_string().contains("jiro"), "{told:?}");

    let mut late = narrowed().with_last_seq(0);
    late = late.with_header("last-event-id", "0");
    let mut late = late.stream("/api/chat/sse").await;
    let told = late.up_to("ready", |event| event["type"] == "ready").await;
    assert_eq!(messages(&told), [("one", 1, 0), ("two", 3, 1)]);
    assert_eq!(told.last().unwrap()["seq"], 3);
    let found = |name: &str| told.iter().find(|event| event["type"] == name).unwrap();
    let conversations = found("unread_snapshot")["conversations"].as_array();
    let conversations = conversations.unwrap().iter();
    let known: Vec<_> = conversations.map(|it| &it["conversationId"]).collect();
    assert_eq!(known, [&json!(with_hana)]);
    let statuses = &found("friend_status_snapshot")["statuses"];
    assert_eq!(statuses, &json!({"hana": true}));
}
