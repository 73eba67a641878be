//! Who comes online and goes offline: conversation partners hear of it, and nobody else.

use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::BigInt};
use otomo::kernel::identity::Role;
use serde_json::json;

use super::writes;
use crate::support::{Process, TestServer, eventually};

#[tokio::test]
async fn partners_hear_who_comes_and_goes_and_find_it_at_the_start() {
    let server = TestServer::start_with(&[("presence.reload_grace", "100ms")]).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    let mut jiro = server.user("jiro").await;
    writes(&mut taro, "hana", "m-1", "a").await;
    hana.log_out().await;
    let gone = taro.expect("user-offline").await;
    assert_eq!(gone["userId"], "hana");
    assert!(
        gone["lastSeen"].is_i64() && gone["timestamp"].is_i64(),
        "{gone}"
    );

    let mut desk = server.connecting("taro", Role::User).open().await;
    let snapshot = desk.expect("friend_status_snapshot").await;
    assert_eq!(snapshot["statuses"], json!({"hana": false}));
    assert_eq!(snapshot["lastSeen"], json!({"hana": gone["lastSeen"]}));
    desk.expect("ready").await;

    hana = server.user("hana").await;
    assert_eq!(taro.expect("user-online").await["userId"], "hana");
    // A reload is not seen; a page that stays away is.
    hana.reload().await;
    let hana = server.user("hana").await;
    taro.expect_none("user-offline").await;
    let mut tab = server.connecting("taro", Role::User).open().await;
    let snapshot = tab.expect("friend_status_snapshot").await;
    assert_eq!(
        (&snapshot["statuses"], &snapshot["lastSeen"]),
        (&json!({"hana": true}), &json!({}))
    );
    hana.reload().await;
    assert_eq!(taro.expect("user-offline").await["userId"], "hana");
    for told in ["user-online", "user-offline"] {
        jiro.expect_none(told).await;
    }
}

#[tokio::test]
async fn people_who_begin_to_talk_learn_at_once_who_is_there() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    for client in [&mut taro, &mut hana] {
        client.everything();
    }
    let id = writes(&mut taro, "hana", "m-1", "a").await;
    for (client, partner, read) in [(&mut taro, "hana", 1), (&mut hana, "taro", 0)] {
        let unread = client.expect("unread_snapshot").await;
        let conversation = &unread["conversations"][0];
        assert_eq!(
            (&conversation["conversationId"], &conversation["readSeq"]),
            (&json!(id), &json!(read))
        );
        assert_eq!(unread["asOfSeq"], 1, "the message is in it");
        let partners = client.expect("friend_status_snapshot").await;
        let told = &partners["statuses"][partner];
        // The one of them who came last may not have been told of yet.
        if !told.as_bool().unwrap() {
            assert_eq!(client.expect("user-online").await["userId"], partner);
        }
    }
    writes(&mut taro, "hana", "m-2", "b").await;
    taro.expect_none("unread_snapshot").await;
}

#[tokio::test]
async fn whoever_was_there_when_the_server_was_killed_was_last_seen_then() {
    let server = Process::start_with(&[]).await;
    let mut taro = server.connecting("taro", Role::User).open().await;
    let came = taro.expect("connected").await["timestamp"]
        .as_i64()
        .unwrap();
    let hana = server.connecting("hana", Role::User).ready().await;
    writes(&mut taro, "hana", "m-1", "a").await;
    // Who came is stored together with others who came, some milliseconds later; nobody is told of that.
    stored_as_online(&server, 2).await;
    let server = server.kill_and_restart().await;
    drop(hana);
    let mut taro = server.connecting("taro", Role::User).open().await;
    let again = taro.expect("connected").await["timestamp"]
        .as_i64()
        .unwrap();
    let snapshot = taro.expect("friend_status_snapshot").await;
    assert_eq!(snapshot["statuses"], json!({"hana": false}));
    let seen = snapshot["lastSeen"]["hana"].as_i64().unwrap();
    assert!((came..=again).contains(&seen), "{came}, {seen}, {again}");
}

#[derive(QueryableByName)]
struct Online {
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// Returns when the database knows so many people to be online.
async fn stored_as_online(server: &Process, people: i64) {
    let mut database = server.database();
    let query = sql_query("SELECT count(*) AS people FROM whereabouts");
    eventually("so many are stored as online", async || {
        let online: Online = query
            .clone()
            .get_result(&mut database)
            .expect("the schema as it is");
        online.people == people
    })
    .await;
}
