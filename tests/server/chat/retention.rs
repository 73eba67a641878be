//! Retention: a client that comes back too late is told so, and histories begin later.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{reads, to_conversation, writes};
use crate::support::{EventLog, Json, TestServer};

async fn history(server: &TestServer, user: &str, conversation: &str, query: &str) -> Json {
    let url = format!(
        "http://{}/api/conversations/{conversation}/messages{query}",
        server.address()
    );
    let get = reqwest::Client::new().get(url);
    let get = get.bearer_auth(server.token(user, Role::User));
    let page = get.send().await.expect("an answer").text().await;
    serde_json::from_str(&page.expect("a body")).expect("JSON")
}

fn seqs(page: &Json) -> Vec<u64> {
    let items = page["items"].as_array().expect("a list").iter();
    items.map(|it| it["messageSeq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_history_begins_later_and_nothing_of_what_is_gone_is_unread() {
    let server = TestServer::start_with(&[("chat.max_messages", "4")]).await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    let mut id = String::new();
    for n in 1..=10 {
        id = writes(&mut taro, "hana", &format!("m-{n}"), "a").await;
    }
    reads(&mut hana, &id, 2).await;
    // A server prunes when it starts; whoever is there earlier is told afterwards.
    let server = server.restart().await;
    let mut hana = server.connecting("hana", Role::User).open().await;
    hana.until("less unread", |event| {
        event["type"] == "unread_snapshot" && event["conversations"][0]["unread"] == 4
    })
    .await;
    let page = history(&server, "hana", &id, "").await;
    assert_eq!(
        (seqs(&page), &page["firstSeq"], &page["lastSeq"]),
        (vec![7, 8, 9, 10], &json!(7), &json!(10))
    );
    assert_eq!(
        seqs(&history(&server, "hana", &id, "?after=1&limit=2").await),
        [7, 8]
    );
    assert!(seqs(&history(&server, "hana", &id, "?before=7").await).is_empty());
    // Cursors and numbers go on from where they were.
    assert_eq!(reads(&mut hana, &id, 1).await["messageSeq"], 6);
    assert_eq!(reads(&mut hana, &id, 9).await["messageSeq"], 9);
    let ack = hana.ask(to_conversation(&id, "m-1", "b")).await;
    assert_eq!(ack["messageSeq"], 11);
}

async fn is_told_to_start_over(log: &mut EventLog) {
    let connected = log.expect("connected").await;
    assert_eq!(
        (&connected["resumed"], &connected["seq"]),
        (&json!(false), &json!(8))
    );
    let told = log.up_to("ready", |event| event["type"] == "ready").await;
    let resync = told
        .iter()
        .find(|it| it["type"] == "resync")
        .expect("a resync");
    assert_eq!(
        (&resync["reason"], &resync["firstSeq"], &resync["seq"]),
        (&json!("retention"), &json!(6), &json!(8))
    );
    assert!(told.iter().all(|it| it["type"] != "new-message"));
    let unread = told.iter().find(|it| it["type"] == "unread_snapshot");
    assert_eq!(unread.expect("a snapshot")["conversations"][0]["unread"], 8);
    assert_eq!(told.last().expect("ready")["seq"], 8);
}

#[tokio::test]
async fn whoever_comes_back_too_late_is_told_to_start_over() {
    let server = TestServer::start_with(&[("inbox.max_events", "3")]).await;
    let mut taro = server.user("taro").await;
    server.user("hana").await.log_out().await;
    for n in 1..=8 {
        writes(&mut taro, "hana", &format!("m-{n}"), "a").await;
    }
    let server = server.restart().await;
    let hana = || server.connecting("hana", Role::User);
    // A server prunes when it starts, and listens a moment earlier.
    while hana()
        .with_last_seq(4)
        .open()
        .await
        .expect("connected")
        .await["resumed"]
        == true
    {}
    is_told_to_start_over(&mut *hana().with_last_seq(4).open().await).await;
    let late = hana().with_header("last-event-id", "4");
    is_told_to_start_over(&mut *late.stream("/sse").await).await;
    // Whoever has all but what is kept has missed nothing that is gone.
    let mut early = hana().with_last_seq(5).open().await;
    assert_eq!(early.expect("connected").await["resumed"], true);
    for seq in 6..=8 {
        assert_eq!(early.expect("new-message").await["seq"], seq);
    }
}
