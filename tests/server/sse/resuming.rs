//! Coming back: what was missed comes first.

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::support::TestServer;

/// Calls hana, who does not answer.
async fn miss_a_call(server: &TestServer) {
    let mut taro = server.user("taro").await;
    taro.request("hana").await;
    let missed = taro.expect("call_rejected").await;
    assert_eq!(missed["reason"], "timeout");
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_where_it_was() {
    let settings = [("calls.ring_timeout", "1s"), ("calls.missed_limit", "none")];
    let server = TestServer::start_with(&settings).await;
    let hana = || server.connecting("hana", Role::Otomo);
    let mut first = hana().stream("/sse").await;
    let ready = first.expect("ready").await;
    miss_a_call(&server).await;
    let missed = first.expect("call_missed").await;
    assert_eq!(
        (&missed["seq"], &missed["sse"]["id"]),
        (&1.into(), &"1".into())
    );
    first.vanish().await;
    // Somebody else keeps hana reachable while the stream is away.
    let _phone = server.otomo("hana").await;
    miss_a_call(&server).await;
    miss_a_call(&server).await;
    let mut second = hana()
        .with_header("last-event-id", "1")
        .stream("/sse")
        .await;
    let told = second
        .up_to("ready", |event| event["type"] == "ready")
        .await;
    let missed: Vec<_> = told
        .iter()
        .filter(|event| event["type"] == "call_missed")
        .map(|event| (event["seq"].as_u64(), event["prev"].as_u64()))
        .collect();
    assert_eq!(missed, [(Some(2), Some(1)), (Some(3), Some(2))]);
    assert_eq!(told.last().unwrap()["sse"]["id"], "3");
    // The id of `ready` is enough for one that was cut before its first event.
    let before = ready["sse"]["id"].as_str().unwrap().to_owned();
    let early = hana().with_header("last-event-id", before);
    let mut early = early.with_last_seq(2).stream("/sse").await;
    assert_eq!(early.expect("call_missed").await["seq"], 1);
}

#[tokio::test]
async fn with_the_id_of_somebody_else_one_reads_ones_own() {
    let server = TestServer::start().await;
    let (mut taro, mut hana) = (server.user("taro").await, server.user("hana").await);
    let send = |to: &str, id: &str| json!({"type": "message_send", "toUserId": to, "clientMessageId": id, "body": id});
    for id in ["m-1", "m-2", "m-3"] {
        taro.ask(send("hana", id)).await;
    }
    let hers = hana.expect("new-message").await["seq"].to_string();
    let mut jiro = server.user("jiro").await;
    for id in ["n-1", "n-2"] {
        jiro.ask(send("taro", id)).await;
    }
    let listening = server
        .connecting("jiro", Role::User)
        .with_header("last-event-id", hers);
    let mut stream = listening.stream("/sse").await;
    let told = stream
        .up_to("ready", |event| event["type"] == "ready")
        .await;
    let bodies = told.iter().filter(|it| it["type"] == "new-message");
    let bodies: Vec<&str> = bodies.map(|it| it["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, ["n-2"]);
}

#[tokio::test]
async fn an_id_that_is_not_ours_is_told_to_read_afresh() {
    let server = TestServer::start().await;
    for id in ["99", "of-another-server", "-1"] {
        let hana = server.connecting("hana", Role::Otomo);
        let mut hana = hana.with_header("last-event-id", id).stream("/sse").await;
        let resync = hana.expect("resync").await;
        assert_eq!(resync["reason"], "unknown_seq", "{id}");
        // Whoever is cut off behind it is not told so again.
        assert_eq!(resync["sse"]["id"], resync["seq"].to_string(), "{id}");
        hana.expect("ready").await;
    }
}
