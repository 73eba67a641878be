//! What people are told of their points.

use otomo::kernel::identity::Role;
use serde_json::json;

use super::{order, points};
use crate::{
    api::WITH_KEY,
    support::{Json, TestServer},
};

/// The event without what differs from run to run, and its place.
fn told(mut event: Json) -> (Json, u64) {
    let fields = event.as_object_mut().expect("an object");
    let time = fields.remove("timestamp").expect("a time");
    let time = time.as_str().expect("a text");
    assert!(time.ends_with('Z') && time.len() == 24, "{time}");
    let seq = fields.remove("seq").and_then(|seq| seq.as_u64());
    fields.remove("prev");
    fields.remove("sse");
    (event, seq.expect("a durable event"))
}

#[tokio::test]
async fn every_change_is_told_in_the_documents_fields_and_in_order() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let mut taro = server.user("taro").await;
    let mut elsewhere = server.connecting("taro", Role::User).listening().await;
    let mut jiro = server.user("jiro").await;
    let purchase = json!({
        "amount": 500, "transaction_type": "purchase", "description": "500 SP", "metadata": {"order": "A-1"},
    });
    order(&server, "taro/grant", "k-1", purchase).await.ok();
    let attack = json!({"amount": 120, "transaction_type": "action", "action": "attack"});
    order(&server, "taro/consume", "k-2", attack).await.ok();
    let rest = json!({"amount": 381, "transaction_type": "action", "action": "rest"});
    order(&server, "taro/consume", "k-3", rest.clone())
        .await
        .refused(409, "INSUFFICIENT_POINTS");
    // Neither a repeat nor a second refusal is told again.
    order(&server, "taro/consume", "k-3", rest)
        .await
        .refused(409, "INSUFFICIENT_POINTS");
    order(&server, "taro/grant", "k-4", points(1)).await.ok();
    order(&server, "taro/grant", "k-4", points(1)).await.ok();
    let expected = [
        json!({
            "type": "sp_update", "current_sp": 500, "amount_changed": 500, "transaction_type": "purchase",
            "description": "500 SP", "balance_before": 0, "balance_after": 500, "metadata": {"order": "A-1"},
        }),
        json!({
            "type": "sp_update", "current_sp": 380, "amount_changed": -120, "transaction_type": "action",
            "description": "", "balance_before": 500, "balance_after": 380, "metadata": {},
        }),
        json!({
            "type": "sp_insufficient", "required_amount": 381, "current_sp": 380, "action": "rest",
            "message": "rest costs 381 points, and you have 380",
        }),
        json!({
            "type": "sp_update", "current_sp": 381, "amount_changed": 1, "transaction_type": "test",
            "description": "", "balance_before": 380, "balance_after": 381, "metadata": {},
        }),
    ];
    let is_of_points = |event: &Json| event["type"].as_str().unwrap().starts_with("sp_");
    for (n, event) in (1..).zip(&expected) {
        let name = format!("event {n}");
        for heard in [
            taro.until(&name, is_of_points).await,
            elsewhere.until(&name, is_of_points).await,
        ] {
            assert_eq!(told(heard), (event.clone(), n));
        }
    }
    taro.settled().await;
    jiro.settled().await;
    for event in taro.everything().iter().chain(&jiro.everything()) {
        assert!(!is_of_points(event), "{event}");
    }
}

#[tokio::test]
async fn a_user_who_was_away_is_told_on_return_and_a_client_that_does_not_listen_is_not() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    order(&server, "taro/grant", "k-1", points(5)).await.ok();
    order(&server, "taro/consume", "k-2", points(2)).await.ok();
    let mut taro = server
        .connecting("taro", Role::User)
        .with_last_seq(1)
        .open()
        .await;
    let replayed = taro.up_to("ready", |event| event["type"] == "ready").await;
    let replayed: Vec<_> = replayed
        .iter()
        .filter(|it| it["type"] == "sp_update")
        .collect();
    assert_eq!(
        (
            replayed.len(),
            &replayed[0]["current_sp"],
            &replayed[0]["seq"]
        ),
        (1, &json!(3), &json!(2))
    );
    let caller = server.connecting("taro", Role::User).asking("topics=calls");
    let mut caller = caller.with_last_seq(0).ready().await;
    order(&server, "taro/grant", "k-3", points(1)).await.ok();
    assert_eq!(taro.expect("sp_update").await["current_sp"], 4);
    caller.expect_none("sp_update").await;
}

/// Goal: an order is carried out whole or not at all, also if nobody waits for its answer; a repeat finds out.
#[tokio::test]
async fn a_backend_that_goes_away_before_its_answer_has_ordered_all_the_same() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let mut taro = server.user("taro").await;
    let request = "POST /api/server/points/taro/grant HTTP/1.1\r\nHost: otomo\r\nContent-Type: application/json\r\n";
    let body = points(5).to_string();
    let key = crate::api::API_KEY;
    let text = format!(
        "{request}X-API-Key: {key}\r\nIdempotency-Key: k\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut socket = tokio::net::TcpStream::connect(server.address())
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut socket, text.as_bytes())
        .await
        .unwrap();
    // It is carried out; the answer is never read.
    assert_eq!(taro.expect("sp_update").await["current_sp"], 5);
    drop(socket);
    let again = order(&server, "taro/grant", "k", points(5)).await.ok();
    assert_eq!(
        (&again["balance_before"], &again["balance_after"]),
        (&json!(0), &json!(5))
    );
    taro.expect_none("sp_update").await;
}
