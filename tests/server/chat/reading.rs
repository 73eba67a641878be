//! How far people have read.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{reads, to_user, writes};
use crate::support::{Client, Json, TestServer};

/// What a new connection is told of the unread.
async fn unread(server: &TestServer, user: &str) -> Json {
    let mut client: Client = server.connecting(user, Role::User).open().await;
    let snapshot = client.expect("unread_snapshot").await;
    client.expect("ready").await;
    snapshot
}

#[tokio::test]
async fn a_cursor_moves_forward_only_and_all_devices_hear_of_it() {
    let server = TestServer::start().await;
    let (mut taro, mut jiro) = (server.user("taro").await, server.user("jiro").await);
    let mut desk = server
        .connecting("jiro", Role::User)
        .on_device("desk")
        .ready()
        .await;
    let mut conversation = String::new();
    for n in 1..=3 {
        conversation = writes(&mut taro, "jiro", &format!("m-{n}"), "a").await;
    }
    let ack = reads(&mut jiro, &conversation, 2).await;
    assert_eq!(
        (&ack["type"], &ack["messageSeq"]),
        (&"message_read_ack".into(), &2.into())
    );
    for client in [&mut taro, &mut jiro, &mut desk] {
        let read = client.expect("message-read").await;
        assert_eq!(
            (&read["userId"], &read["messageSeq"]),
            (&"jiro".into(), &2.into())
        );
        assert!(read["timestamp"].is_i64() && read["seq"].is_u64(), "{read}");
    }
    // Back, or nowhere: the cursor stays, and nobody hears of it.
    for seq in [0, 1, 2] {
        assert_eq!(reads(&mut desk, &conversation, seq).await["messageSeq"], 2);
    }
    let beyond = json!({"type": "message-read", "conversationId": conversation, "messageSeq": 4});
    let error = jiro.refused("BAD_REQUEST", beyond.clone()).await;
    assert_eq!(error["context"]["lastSeq"], 3);
    for bad in [json!(-1), json!("2"), json!(1.5), json!(u64::MAX)] {
        let mut command = beyond.clone();
        command["messageSeq"] = bad;
        jiro.refused("BAD_REQUEST", command).await;
    }
    taro.expect_none("message-read").await;
    assert_eq!(
        unread(&server, "jiro").await["conversations"][0]["unread"],
        1
    );
}

#[tokio::test]
async fn unread_is_what_came_after_the_cursor() {
    let server = TestServer::start().await;
    let (mut taro, mut jiro) = (server.user("taro").await, server.user("jiro").await);
    let empty = unread(&server, "taro").await;
    assert_eq!(
        (&empty["asOfSeq"], &empty["conversations"]),
        (&0.into(), &json!([]))
    );
    let with_jiro = writes(&mut taro, "jiro", "m-1", "a").await;
    writes(&mut taro, "jiro", "m-2", "b").await;
    let told = unread(&server, "jiro").await;
    let expected = json!([{"conversationId": with_jiro, "lastSeq": 2, "readSeq": 0, "unread": 2}]);
    assert_eq!(
        (&told["asOfSeq"], &told["conversations"]),
        (&2.into(), &expected)
    );
    // Who writes has seen what was there, their own message among it.
    writes(&mut jiro, "taro", "m-1", "c").await;
    let told = unread(&server, "jiro").await;
    let expected = json!([{"conversationId": with_jiro, "lastSeq": 3, "readSeq": 3, "unread": 0}]);
    assert_eq!(
        (&told["asOfSeq"], &told["conversations"]),
        (&3.into(), &expected)
    );
    let told = unread(&server, "taro").await;
    assert_eq!(told["conversations"][0]["unread"], 1);
}

/// Takes an event into a snapshot, as a client does.
fn apply(state: &mut Json, event: &Json, me: &str) {
    let list = state["conversations"].as_array_mut().unwrap();
    let id = &event["conversationId"];
    let place = list.iter().position(|it| it["conversationId"] == *id);
    let place = place.unwrap_or_else(|| {
        list.push(json!({"conversationId": id, "lastSeq": 0, "readSeq": 0}));
        list.len() - 1
    });
    let seq = &event["messageSeq"];
    match event["type"].as_str().unwrap() {
        "new-message" => {
            list[place]["lastSeq"] = seq.clone();
            if event["senderId"] == me {
                list[place]["readSeq"] = seq.clone();
            }
        }
        _ if event["userId"] == me => list[place]["readSeq"] = seq.clone(),
        _ => {}
    }
    let number = |name: &str| list[place][name].as_u64().unwrap();
    list[place]["unread"] = (number("lastSeq") - number("readSeq")).into();
    state["asOfSeq"] = event["seq"].clone();
}

#[tokio::test]
async fn an_old_snapshot_and_the_events_since_are_a_fresh_snapshot() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    let mut yuki = server.user("yuki").await;
    writes(&mut hana, "taro", "m-0", "a").await;
    let mut watcher = server.connecting("taro", Role::User).open().await;
    let mut state = watcher.expect("unread_snapshot").await;
    watcher.expect("ready").await;

    let with_hana = writes(&mut hana, "taro", "m-1", "a").await;
    writes(&mut yuki, "taro", "m-1", "a").await;
    writes(&mut yuki, "taro", "m-2", "b").await;
    reads(&mut taro, &with_hana, 1).await;
    writes(&mut taro, "yuki", "m-1", "c").await;
    writes(&mut yuki, "taro", "m-3", "d").await;
    writes(&mut taro, "hana", "m-2", "e").await;
    reads(&mut hana, &with_hana, 3).await;
    taro.refused("CONFLICT", to_user("hana", "m-2", "f")).await;

    let mut fresh = unread(&server, "taro").await;
    let end = fresh["asOfSeq"].clone();
    let told = watcher.up_to("the last event", |event| event["seq"] == end);
    let durable = |event: &Json| event["prev"].is_u64();
    for event in told.await.into_iter().filter(durable) {
        apply(&mut state, &event, "taro");
    }
    for snapshot in [&mut state, &mut fresh] {
        let list = snapshot["conversations"].as_array_mut().unwrap();
        list.sort_by_key(|it| it["conversationId"].to_string());
    }
    assert_eq!(state, fresh);
}
