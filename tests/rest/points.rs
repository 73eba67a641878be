//! Points: backends grant and consume, people see what they have.

use futures_util::future::join_all;
use otomo::{kernel::identity::Role, points::rules::POINTS_MAX};
use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, Reply, WITH_KEY, send},
    support::{Json, TestServer},
};

/// Orders something, with a key.
async fn order(backend: &Api, path: &str, key: &str, body: Json) -> Reply {
    let request = backend.request(Method::POST, &format!("/api/server/points/{path}"));
    send(request.header("Idempotency-Key", key).json(&body)).await
}

fn points(amount: i64) -> Json {
    json!({"amount": amount, "transaction_type": "test"})
}

async fn balance(server: &TestServer, user: &str) -> Json {
    let taro = Api::of(server, user, Role::User);
    taro.get("/api/points").await.ok()["balance"].clone()
}

#[tokio::test]
async fn a_backend_grants_and_consumes_and_the_user_sees_it() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let taro = Api::of(&server, "taro", Role::User);
    let nothing = json!({"balance": 0, "updatedAt": null});
    assert_eq!(taro.get("/api/points").await.ok(), nothing);
    let purchase = json!({
        "amount": 500, "transaction_type": "purchase", "description": "500 SP",
        "action": "shop", "metadata": {"order": "A-1", "nested": [1.5, null]},
    });
    let granted = order(&backend, "taro/grant", "k-1", purchase).await.ok();
    assert_eq!(
        (&granted["balance_before"], &granted["balance_after"]),
        (&json!(0), &json!(500))
    );
    let consumed = order(&backend, "taro/consume", "k-2", points(120)).await;
    assert_eq!(consumed.ok()["balance_after"], 380);
    let shown = taro.get("/api/points").await.ok();
    assert_eq!(shown["balance"], 380);
    let list = taro.whole_list("/api/points/transactions", 1).await;
    assert_eq!(list.len(), 2);
    assert_eq!(
        (&list[0]["amount"], &list[0]["balance_after"]),
        (&json!(-120), &json!(380))
    );
    assert_eq!(list[0]["createdAt"], shown["updatedAt"]);
    let first = &list[1];
    let time = first["createdAt"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.len() == 24, "{time}");
    assert_eq!(
        *first,
        json!({
            "transactionId": granted["transactionId"], "amount": 500, "balance_before": 0,
            "balance_after": 500, "transaction_type": "purchase", "description": "500 SP",
            "action": "shop", "metadata": {"order": "A-1", "nested": [1.5, null]}, "createdAt": time,
        })
    );
    // What is somebody's own is nobody else's.
    let jiro = Api::of(&server, "jiro", Role::User);
    assert!(
        jiro.whole_list("/api/points/transactions", 10)
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_long_history_is_read_in_pages_while_it_grows() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    for n in 1..=7 {
        order(&backend, "taro/grant", &format!("k-{n}"), points(n))
            .await
            .ok();
    }
    let taro = Api::of(&server, "taro", Role::User);
    let page = taro.get("/api/points/transactions?limit=3").await.ok();
    order(&backend, "taro/grant", "k-8", points(8)).await.ok();
    let next = page["nextCursor"].as_str().unwrap();
    let rest = taro
        .get(&format!("/api/points/transactions?cursor={next}"))
        .await
        .ok();
    let amounts = |page: &Json| -> Vec<i64> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|it| it["amount"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(
        (amounts(&page), amounts(&rest)),
        (vec![7, 6, 5], vec![4, 3, 2, 1])
    );
    assert_eq!(rest["nextCursor"], Json::Null);
    taro.get("/api/points/transactions?cursor=x")
        .await
        .refused(400, "BAD_REQUEST");
}

#[tokio::test]
async fn a_repeated_order_has_one_effect_and_the_first_answer() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let first = order(&backend, "taro/grant", "k", points(5)).await.ok();
    order(&backend, "taro/grant", "more", points(7)).await.ok();
    assert_eq!(
        order(&backend, "taro/grant", "k", points(5)).await.ok(),
        first
    );
    for (path, body) in [
        ("taro/grant", points(6)),
        ("taro/consume", points(5)),
        (
            "taro/grant",
            json!({"amount": 5, "transaction_type": "other"}),
        ),
        (
            "taro/grant",
            json!({"amount": 5, "transaction_type": "test", "metadata": {"a": 1}}),
        ),
    ] {
        let reused = order(&backend, path, "k", body).await;
        reused.refused(409, "CONFLICT");
    }
    // Another user's key is another key.
    order(&backend, "jiro/grant", "k", points(6)).await.ok();
    assert_eq!(
        (
            balance(&server, "taro").await,
            balance(&server, "jiro").await
        ),
        (json!(12), json!(6))
    );
}

#[tokio::test]
async fn what_there_is_not_cannot_be_consumed() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    order(&backend, "taro/grant", "gift", points(5)).await.ok();
    let refused = order(&backend, "taro/consume", "k", points(6)).await;
    let refused = refused.refused(409, "INSUFFICIENT_POINTS");
    assert_eq!(refused["context"], json!({"required": 6, "balance": 5}));
    assert_eq!(balance(&server, "taro").await, 5);
    // The refusal kept nothing: the same order is done once there are points.
    order(&backend, "taro/grant", "another", points(1))
        .await
        .ok();
    let done = order(&backend, "taro/consume", "k", points(6)).await.ok();
    assert_eq!(done["balance_after"], 0);
}

#[tokio::test]
async fn of_many_who_race_for_the_last_point_one_gets_it() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    for round in 0..10 {
        let path = format!("taro-{round}");
        order(&backend, &format!("{path}/grant"), "gift", points(1))
            .await
            .ok();
        let consume = format!("{path}/consume");
        let keys: Vec<String> = (0..8).map(|n| format!("k-{n}")).collect();
        let racing = keys
            .iter()
            .map(|key| order(&backend, &consume, key, points(1)));
        let mut won = 0;
        for reply in join_all(racing).await {
            if reply.status == 200 {
                won += 1;
            } else {
                reply.refused(409, "INSUFFICIENT_POINTS");
            }
        }
        assert_eq!((won, balance(&server, &path).await), (1, json!(0)));
    }
}

#[tokio::test]
async fn an_account_holds_no_more_than_clients_can_read() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    order(&backend, "taro/grant", "all", points(POINTS_MAX))
        .await
        .ok();
    let full = order(&backend, "taro/grant", "more", points(1)).await;
    let full = full.refused(409, "CONFLICT");
    assert_eq!(
        full["context"],
        json!({"balance": POINTS_MAX, "max": POINTS_MAX})
    );
    assert_eq!(balance(&server, "taro").await, POINTS_MAX);
}

/// Bodies that are no orders, each with the field that is wrong.
fn bad_orders() -> Vec<(&'static str, String)> {
    let (long, huge) = ("x".repeat(2_000), "9".repeat(400));
    let number = |amount: &str| format!(r#"{{"amount": {amount}, "transaction_type": "t"}}"#);
    let with = |name: &str, value: &str| {
        format!(r#"{{"amount": 1, "transaction_type": "t", "{name}": {value}}}"#)
    };
    let mut bad: Vec<(&'static str, String)> = Vec::new();
    for amount in [
        "0",
        "-1",
        "1.5",
        "1.25e1",
        "9007199254740992.0",
        "\"5\"",
        "null",
        "true",
        "[1]",
        "9007199254740992",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        &huge,
    ] {
        bad.push(("amount", number(amount)));
    }
    bad.push(("amount", r#"{"transaction_type": "t"}"#.to_owned()));
    bad.push(("transaction_type", r#"{"amount": 1}"#.to_owned()));
    for kind in ["\"\"", "5", "\"a b\"", "\"a\\nb\"", &format!("\"{long}\"")] {
        let body = format!(r#"{{"amount": 1, "transaction_type": {kind}}}"#);
        bad.push(("transaction_type", body));
    }
    for name in ["description", "action"] {
        for value in ["5", "{}", "\"\\ud83d\"", &format!("\"{long}\"")] {
            bad.push((name, with(name, value)));
        }
    }
    for value in [
        "5",
        "\"text\"",
        "[]",
        r#"{"a": "\ud83d"}"#,
        r#"{"a": 1e999}"#,
        &format!(r#"{{"a": "{}"}}"#, "x".repeat(5_000)),
    ] {
        bad.push(("metadata", with("metadata", value)));
    }
    bad
}

/// Goal: an order that makes no sense changes nothing, and says which field is wrong.
#[tokio::test]
async fn a_bad_order_is_refused_with_the_field_that_is_wrong() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    order(&backend, "taro/grant", "gift", points(5)).await.ok();
    for (field, body) in bad_orders() {
        for path in ["grant", "consume"] {
            let path = format!("/api/server/points/taro/{path}");
            let request = backend
                .request(Method::POST, &path)
                .header("Idempotency-Key", "bad");
            let json = request.header("Content-Type", "application/json");
            let error = send(json.body(body.clone()))
                .await
                .refused(400, "BAD_REQUEST");
            assert_eq!(error["context"]["field"], field, "{body}: {error}");
            assert!(
                error["message"].as_str().unwrap().starts_with(field),
                "{error}"
            );
        }
    }
    // What is too deep is not looked into.
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let order_of = json!({"amount": 1, "transaction_type": "t", "metadata": deep});
    let refused = order(&backend, "taro/grant", "bad", order_of).await;
    let error = refused.refused(400, "BAD_REQUEST");
    assert_eq!(error["message"], "the body is nested deeper than 32 levels");
    assert_eq!(balance(&server, "taro").await, 5);
    // None of them took the key.
    order(&backend, "taro/grant", "bad", points(1)).await.ok();
}

#[tokio::test]
async fn an_order_needs_a_key_and_a_backend() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let path = "/api/server/points/taro/grant";
    let keyless = backend
        .post(path, points(5))
        .await
        .refused(400, "BAD_REQUEST");
    assert!(
        keyless["message"]
            .as_str()
            .unwrap()
            .contains("Idempotency-Key"),
        "{keyless}"
    );
    for key in ["", "a b", &"x".repeat(129)] {
        order(&backend, "taro/grant", key, points(5))
            .await
            .refused(400, "BAD_REQUEST");
    }
    let taro = Api::of(&server, "taro", Role::User);
    order(&taro, "taro/grant", "k", points(5))
        .await
        .refused(403, "FORBIDDEN");
    let stranger = Api::stranger(&server);
    order(&stranger, "taro/grant", "k", points(5))
        .await
        .refused(401, "UNAUTHORIZED");
    stranger
        .get("/api/points")
        .await
        .refused(401, "UNAUTHORIZED");
    assert_eq!(balance(&server, "taro").await, 0);
    let service = Api::of(&server, "shop", Role::Service);
    order(&service, "taro/grant", "k", points(5)).await.ok();
}

#[tokio::test]
async fn a_whole_number_is_one_however_it_is_written() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let backend = Api::backend(&server);
    let written = |amount: f64| json!({"amount": amount, "transaction_type": "test"});
    let granted = order(&backend, "taro/grant", "k-1", written(500.0))
        .await
        .ok();
    assert_eq!(granted["balance_after"], 500);
    let half = order(&backend, "taro/grant", "k-2", written(0.5)).await;
    assert_eq!(
        half.refused(400, "BAD_REQUEST")["context"]["field"],
        "amount"
    );
    let otomo = json!({"role": "otomo", "name": "Hana", "pricePerMinute": 30.0});
    let stored = backend.put("/api/server/users/hana", otomo).await.ok();
    assert_eq!(stored["pricePerMinute"], 30);
}
