//! What goes wrong is said in one shape, to pages of listed origins too.

use otomo::kernel::identity::Role;
use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, Reply, WITH_KEY, send},
    support::TestServer,
};

#[tokio::test]
async fn a_path_that_is_none_and_a_method_that_is_none_say_so() {
    let server = TestServer::start().await;
    let taro = Api::of(&server, "taro", Role::User);
    for path in [
        "/nothing",
        "/api/nothing",
        "/api/otomo/no%20body",
        "/demo/../Cargo.toml",
    ] {
        taro.get(path).await.refused(404, "NOT_FOUND");
    }
    let methods = [
        ("/api/me", "GET, HEAD"),
        ("/", "GET, HEAD"),
        ("/health/live", "GET, HEAD"),
    ];
    for (path, allowed) in methods {
        let reply = taro.post(path, json!({})).await;
        assert_eq!(reply.header("allow"), allowed, "{path}");
        reply.refused(405, "METHOD_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn a_path_with_what_is_no_id_says_which_and_what_one_looks_like() {
    let server = TestServer::start().await;
    let taro = Api::of(&server, "taro", Role::User);
    for (path, form) in [
        ("/api/otomo/no%20body", "a user id must be 1 to"),
        ("/api/calls/5", "a call id must be a UUID, like 0198c0de-"),
    ] {
        let reply = taro.get(path).await;
        let said = reply.json["error"]["message"].as_str().unwrap_or_default();
        assert!(
            said.starts_with(&format!("the path holds no id of anything: {form}")),
            "{said}"
        );
        reply.refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_refused_with_the_fault() {
    let server = TestServer::start_with(&[WITH_KEY, ("limits.message_size", "1KiB")]).await;
    let backend = Api::backend(&server);
    let put = || backend.request(Method::PUT, "/api/server/users/ken");
    let as_json = |body: String| put().header("content-type", "application/json").body(body);
    let cases = [
        (
            r#"{"role":"user","name":"#,
            "the body is not whole: it ends at",
        ),
        (r#"{"name":"Ken"}"#, "role is missing"),
        (
            r#"{"role":"boss","name":"Ken"}"#,
            "role must be one of `user`, `otomo`",
        ),
        (
            r#"{"role":"user","name":7}"#,
            "name must be a string, and is 7",
        ),
        (
            r#"{"role":"user","name":" "}"#,
            "name must be 1 to 200 characters",
        ),
        (
            r#"{"role":"user","name":"\u202Enek"}"#,
            "none that override the direction of text",
        ),
        (
            r#"{"role":"user","name":"K","pricePerMinute":-1}"#,
            "pricePerMinute must be",
        ),
        ("", "the body is empty; send a JSON object"),
    ];
    for (body, fault) in cases {
        let error = send(as_json(body.to_owned()))
            .await
            .refused(400, "BAD_REQUEST");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(fault), "{body}: {message}");
    }
    let large = format!(r#"{{"role":"user","name":"{}"}}"#, "x".repeat(1024));
    send(as_json(large)).await.refused(413, "MESSAGE_TOO_LARGE");
    let form = send(put().body("role=user&name=Ken")).await;
    let error = form.refused(400, "BAD_REQUEST");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("application/json")
    );
    // Nobody's body is read before it is known who they are.
    let stranger = Api::stranger(&server)
        .put("/api/server/users/ken", json!("x"))
        .await;
    stranger.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn what_is_wrong_with_a_conversation_that_is_to_begin_is_told_by_its_field() {
    let server = TestServer::start().await;
    let taro = Api::of(&server, "taro", Role::User);
    for (body, fault) in [
        (json!(null), "the body must be an object, and is null"),
        (
            json!({"kind": "group", "members": "hana"}),
            "members must be an array, and is a string",
        ),
        (json!({"kind": "group"}), "members is missing"),
        (json!({"kind": "direct"}), "userId is missing"),
        (
            json!({"kind": "direct", "userId": "hana", "title": "旅行"}),
            "the body has a field `title`, which means nothing here; allowed: `userId`",
        ),
    ] {
        let begin = taro.post("/api/conversations", body.clone()).await;
        let told = begin.refused(400, "BAD_REQUEST");
        assert_eq!(told["message"], fault, "{body}");
    }
}

#[tokio::test]
async fn a_query_that_is_not_what_it_should_be_is_refused() {
    let server = TestServer::start().await;
    let taro = Api::of(&server, "taro", Role::User);
    for query in [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=x",
        "cursor=WzFd",
        "status=asleep",
    ] {
        let reply = taro.get(&format!("/api/otomo?{query}")).await;
        reply.refused(400, "BAD_REQUEST");
    }
    taro.get("/api/inbox?after=-1")
        .await
        .refused(400, "BAD_REQUEST");
}

const APP: &str = "https://app.example.com";

async fn asked_by_page(api: &Api, method: Method, origin: &str, preflight: bool) -> Reply {
    let mut request = api.request(method, "/api/me").header("origin", origin);
    if preflight {
        request = request
            .header("access-control-request-method", "GET")
            .header(
                "access-control-request-headers",
                "authorization, idempotency-key, last-event-id",
            );
    }
    send(request).await
}

#[tokio::test]
async fn pages_of_listed_origins_may_ask_and_others_get_no_permission() {
    let server = TestServer::start_with(&[("server.origins", APP)]).await;
    let (taro, stranger) = (Api::of(&server, "taro", Role::User), Api::stranger(&server));
    let allowed = |reply: &Reply| reply.header("access-control-allow-origin").to_owned();

    let preflight = asked_by_page(&stranger, Method::OPTIONS, APP, true).await;
    assert_eq!((preflight.status, allowed(&preflight).as_str()), (200, APP));
    assert_eq!(preflight.header("access-control-allow-credentials"), "true");
    let headers = preflight
        .header("access-control-allow-headers")
        .to_lowercase();
    for header in [
        "authorization",
        "idempotency-key",
        "last-event-id",
        "content-type",
    ] {
        assert!(headers.contains(header), "{headers}");
    }
    let asked = asked_by_page(&taro, Method::GET, APP, false).await;
    assert_eq!((asked.status, allowed(&asked).as_str()), (200, APP));
    // Without the permission a page could not read why it was refused.
    let refused = asked_by_page(&stranger, Method::GET, APP, false).await;
    assert_eq!(allowed(&refused), APP);
    refused.refused(401, "UNAUTHORIZED");

    let evil = "https://evil.example";
    let preflight = asked_by_page(&stranger, Method::OPTIONS, evil, true).await;
    assert_eq!(allowed(&preflight), "");
    preflight.refused(400, "BAD_REQUEST");
    let asked = asked_by_page(&taro, Method::GET, evil, false).await;
    assert_eq!(allowed(&asked), "");
    let own = format!("http://{}", server.address());
    assert_eq!(
        asked_by_page(&taro, Method::GET, &own, false).await.status,
        200
    );
}

#[tokio::test]
async fn a_parameter_that_is_not_what_it_should_be_is_named() {
    let server = TestServer::start().await;
    let (taro, boss) = (
        Api::of(&server, "taro", Role::User),
        Api::of(&server, "boss", Role::Admin),
    );
    let cases = [
        (&taro, "/api/calls?limit=x", "limit must be 1 to 200"),
        (&taro, "/api/inbox?after=x", "after must be "),
        (
            &taro,
            "/api/conversations/0198c0de-0000-7000-8000-000000000001/messages?before=x",
            "before must be the messageSeq of a message",
        ),
        (
            &boss,
            "/admin/api/calls?live=x",
            "live must be true or false",
        ),
        (
            &boss,
            "/admin/api/sessions?userId=a%20b",
            "a user id must be ",
        ),
    ];
    for (who, path, fault) in cases {
        let error = who.get(path).await.refused(400, "BAD_REQUEST");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(fault), "{path}: {message}");
    }
}

#[tokio::test]
async fn whatever_can_be_read_can_be_asked_for_without_its_body() {
    let server = TestServer::start().await;
    let taro = Api::of(&server, "taro", Role::User);
    let boss = Api::of(&server, "boss", Role::Admin);
    for (who, path) in [
        (&taro, "/api/me"),
        (&taro, "/api/otomo"),
        (&taro, "/api/inbox"),
        (&boss, "/admin/api/overview"),
        (&taro, "/metrics"),
    ] {
        let reply = send(who.request(Method::HEAD, path)).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{path}");
    }
}
