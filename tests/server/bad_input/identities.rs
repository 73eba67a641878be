//! Who says nothing of who they are, or something false; whom their role or their page does not allow.

use std::time::Duration;

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::Bystander;
use crate::support::{Endpoint, TestServer};

/// Tokens that are none, and the close code of each.
fn bad_tokens(endpoint: &Endpoint) -> [(&'static str, String, u16); 5] {
    let good = endpoint.token("taro", Role::User);
    let [_, claims, signature] = parts(&good);
    // `{"alg":"none","typ":"JWT"}`
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let (admin, another) = (
        endpoint.token("taro", Role::Admin),
        endpoint.forged("taro", Role::User),
    );
    let [head, promoted, _] = parts(&admin);
    [
        (
            "an expired one",
            endpoint.token_for("taro", Role::User, Duration::ZERO),
            4202,
        ),
        ("one of another key", another, 4001),
        ("one that nobody signed", format!("{none}.{claims}."), 4001),
        (
            "one with other claims",
            format!("{head}.{promoted}.{signature}"),
            4001,
        ),
        ("no token at all", "hello".into(), 4001),
    ]
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().expect("three parts")
}

#[tokio::test]
async fn a_bad_token_is_told_so_before_the_close() {
    let server = TestServer::start().await;
    let mut bystander = Bystander::of(&server).await;
    for (what, token, code) in bad_tokens(&server) {
        let taro = server.connecting("taro", Role::User).with_token(&token);
        let mut taro = taro.open().await;
        taro.is_closed(code).await;
        let mut late = server.stranger().open().await;
        late.send(json!({"type": "init_connection", "token": token}))
            .await;
        late.is_closed(code).await;
        for client in [taro, late] {
            assert!(!client.untaken().contains(&token), "{what} is repeated");
        }
    }
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn text_before_a_token_is_answered_with_unauthorized() {
    let server = TestServer::start().await;
    let mut hana = server.otomo("hana").await;
    let mut bystander = Bystander::of(&server).await;
    let mut stranger = server.stranger().open().await;
    for command in [
        json!({"type": "heartbeat"}),
        json!({"type": "otomo_status_set", "status": "break"}),
        json!({"type": "call_request", "toUserId": "hana", "callId": Uuid::new_v4()}),
    ] {
        stranger.refused("UNAUTHORIZED", command).await;
    }
    let init = json!({"type": "init_connection", "token": server.token("taro", Role::User), "topics": "weather"});
    stranger.refused("BAD_REQUEST", init).await;
    hana.expect_none("incoming_call").await;
    bystander.is_undisturbed().await;
    let init = json!({"type": "init_connection", "token": server.token("taro", Role::User)});
    stranger.send(init).await;
    stranger.expect("ready").await;
}

#[tokio::test]
async fn a_stranger_has_the_patience_of_everybody_else() {
    let server = TestServer::start().await;
    let mut stranger = server.stranger().open().await;
    for _ in 0..21 {
        stranger.send(json!({"type": "heartbeat"})).await;
    }
    stranger.is_closed(4004).await;
}

#[tokio::test]
async fn commands_that_come_right_behind_the_token_are_answered() {
    let server = TestServer::start().await;
    let _hana = server.otomo("hana").await;
    let mut taro = server.stranger().open().await;
    let token = server.token("taro", Role::User);
    taro.send(json!({"type": "init_connection", "token": token}))
        .await;
    taro.settled().await;
    let mut jiro = server.connecting("jiro", Role::User).open().await;
    jiro.request("hana").await;
}

#[tokio::test]
async fn a_new_token_makes_nobody_somebody_else() {
    let server = TestServer::start().await;
    let mut taro = server.user("taro").await;
    let _hana = server.otomo("hana").await;
    let mut bystander = Bystander::of(&server).await;
    let others = [
        (server.token("hana", Role::Otomo), "FORBIDDEN"),
        (server.token("taro", Role::Otomo), "FORBIDDEN"),
        (server.token("taro", Role::Admin), "FORBIDDEN"),
    ];
    let code = |close| match close {
        4202 => "TOKEN_EXPIRED",
        _ => "UNAUTHORIZED",
    };
    let bad = bad_tokens(&server).map(|(_, token, close)| (token, code(close)));
    for (token, code) in others.into_iter().chain(bad) {
        let refresh = json!({"type": "token_refresh", "token": token});
        taro.refused(code, refresh).await;
    }
    // Still a user, and still served.
    let choice = json!({"type": "otomo_status_set", "status": "break"});
    taro.refused("FORBIDDEN", choice).await;
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn a_good_token_is_not_enough_where_only_backends_introduce() {
    let server = TestServer::start_with(&[("users.auto_provision", "false")]).await;
    let mut taro = server.connecting("taro", Role::User).open().await;
    taro.is_closed(4001).await;
}

#[tokio::test]
async fn a_role_may_do_what_is_its_own_and_nothing_else() {
    let server = TestServer::start().await;
    let mut hana = server.otomo("hana").await;
    let mut taro = server.user("taro").await;
    let mut backend = server.connecting("backend", Role::Service).ready().await;
    let mut bystander = Bystander::of(&server).await;
    let choice = json!({"type": "otomo_status_set", "status": "break"});
    taro.refused("FORBIDDEN", choice.clone()).await;
    backend.refused("FORBIDDEN", choice).await;
    let call = |to: &str| json!({"type": "call_request", "toUserId": to, "callId": Uuid::new_v4()});
    // Who is called is an otomo, whoever calls.
    hana.refused("OTOMO_NOT_FOUND", call("taro")).await;
    backend.refused("FORBIDDEN", call("hana")).await;
    taro.expect_none("incoming_call").await;
    hana.expect_none("incoming_call").await;
    bystander.is_undisturbed().await;
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_told_so_and_closed() {
    let server = TestServer::start_with(&[("server.origins", "https://app.example.com")]).await;
    let mut bystander = Bystander::of(&server).await;
    let page = |origin: &str| {
        let taro = server.connecting("taro", Role::User);
        taro.with_header("origin", origin)
    };
    for foreign in [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "null",
        "",
    ] {
        page(foreign).open().await.is_closed(4002).await;
    }
    page("https://app.example.com").ready().await;
    page(&format!("http://{}", server.address())).ready().await;
    bystander.is_undisturbed().await;
}
