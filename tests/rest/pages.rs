//! The demo page as browsers get it, and the other files that are carried in the binary.

use reqwest::Method;

use crate::{
    api::{Api, Reply, send},
    support::TestServer,
};

async fn page(api: &Api, path: &str) -> Reply {
    let reply = api.get(path).await;
    assert_eq!(reply.status, 200, "{path}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("cache-control"), "no-cache");
    let policy = reply.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';"),
        "{policy}"
    );
    reply
}

/// Paths that a file refers to.
fn references(text: &str) -> Vec<String> {
    let quoted = text.split('"').skip(1).step_by(2);
    let own = quoted.filter(|text| text.starts_with("/demo/"));
    own.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_page_and_all_it_refers_to_are_there_with_their_types() {
    let server = TestServer::start().await;
    let browser = Api::stranger(&server);
    let index = page(&browser, "/").await;
    assert_eq!(index.header("content-type"), "text/html; charset=utf-8");
    let parts = references(&index.text);
    assert!(parts.len() >= 3, "{parts:?}");
    for part in parts {
        let reply = page(&browser, &part).await;
        let expected = match part.rsplit('.').next().unwrap() {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other} has no type here"),
        };
        assert_eq!(reply.header("content-type"), expected, "{part}");
    }
}

#[tokio::test]
async fn a_page_that_a_browser_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let browser = Api::stranger(&server);
    let tag = page(&browser, "/").await.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let ask = |known: &str| {
        send(
            browser
                .request(Method::GET, "/")
                .header("if-none-match", known.to_owned()),
        )
    };
    let same = ask(&tag).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    assert_eq!(same.header("etag"), tag);
    assert_eq!(ask("W/\"another\"").await.status, 200);
    let head = send(browser.request(Method::HEAD, "/")).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn pages_travel_compressed_where_the_browser_can_take_that() {
    let server = TestServer::start().await;
    let browser = Api::stranger(&server);
    let request = browser.request(Method::GET, "/demo/app.js");
    let reply = request
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(reply.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn nothing_but_the_page_is_served() {
    let server = TestServer::start().await;
    let browser = Api::stranger(&server);
    for path in [
        "/demo/",
        "/demo/nothing.js",
        "/demo/%2e%2e/package.json",
        "/demo/../package.json",
        "/demo//etc/passwd",
        "/client/package.json",
        "/package.json",
    ] {
        browser.get(path).await.refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn the_page_of_admins_is_there_with_and_without_its_slash() {
    let server = TestServer::start().await;
    let browser = Api::stranger(&server);
    let index = page(&browser, "/admin/").await;
    assert_eq!(index.header("content-type"), "text/html; charset=utf-8");
    // Followed as browsers do.
    assert_eq!(browser.get("/admin").await.text, index.text);
}

#[tokio::test]
async fn what_describes_the_protocol_is_there_for_front_ends_and_backends() {
    let server = TestServer::start().await;
    let anybody = Api::stranger(&server);
    let events = page(&anybody, "/schemas/events.json").await;
    assert_eq!(events.header("content-type"), "application/json");
    assert_eq!(events.text, otomo::protocol::publishing::document());
    assert_eq!(events.json["$defs"]["sp_update"]["type"], "object");
    let messages = page(&anybody, "/schemas/messages.json").await;
    assert!(messages.text == otomo::protocol::schema::messages::document());
    let sockets = page(&anybody, "/asyncapi.json").await;
    assert_eq!(sockets.header("content-type"), "application/json");
    assert!(sockets.text == otomo::protocol::schema::asyncapi::document());
    anybody
        .get("/schemas/nothing.json")
        .await
        .refused(404, "NOT_FOUND");
}
