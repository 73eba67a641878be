//! To have a page of theirs do it in somebody's browser: foreign origins, forged requests with the app's cookie, and CORS.
//!
//! What an origin and a cookie are to the server is tested beside it (`src/kernel/config/origins`, `src/kernel/token/cookie`).

use otomo::kernel::identity::Role;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::json;

use crate::{
    api::{Api, WITH_KEY},
    support::{End, Endpoint, Json, TestServer},
    ways::COOKIE_NAME,
};

/// The app's own page.
const APP: &str = "https://app.example.com";

/// Pages that are not the app's, however much they look like it.
const FOREIGN: [&str; 12] = [
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.example",
    "https://evil-app.example.com",
    "https://xapp.example.com",
    "https://app.example.com@evil.example",
    "https://app.example.com/",
    "https://app.example.com, https://evil.example",
    "file://",
    "null",
    "*",
];

fn at(server: &Endpoint, path: &str) -> String {
    format!("http://{}{path}", server.address())
}

/// A server that takes the app's cookie from the app's page.
async fn with_cookies() -> TestServer {
    let settings = [
        WITH_KEY,
        ("auth.cookie", COOKIE_NAME),
        ("server.origins", APP),
    ];
    TestServer::start_with(&settings).await
}

/// What a browser sends along with whatever a page asks for.
fn cookie(server: &Endpoint, user: &str, role: Role) -> String {
    format!("{COOKIE_NAME}={}", server.token(user, role))
}

#[tokio::test]
async fn a_foreign_page_opens_nothing_in_anybodys_browser() {
    let server = with_cookies().await;
    let cookie = cookie(&server, "taro", Role::User);
    for origin in FOREIGN {
        let page = server.stranger().with_header("cookie", cookie.clone());
        let mut socket = page.with_header("origin", origin).open().await;
        assert_eq!(socket.ended().await, End::Closed(4002), "{origin}");
        assert!(!socket.untaken().contains("connected"), "{origin}");
        for path in [
            "/sse",
            "/api/chat/sse",
            "/socket.io/?EIO=4&transport=polling",
        ] {
            let asked = reqwest::Client::new().get(at(&server, path));
            let asked = asked.header("cookie", &cookie).header("origin", origin);
            let refused = asked.send().await.expect("an answer");
            assert_eq!(refused.status(), 403, "{path} {origin}");
            assert!(unshared(&refused), "{path} {origin}");
        }
    }
    let page = server.stranger().with_header("cookie", cookie);
    page.with_header("origin", APP).ready().await;
}

/// Whether the browser keeps an answer from the page that asked for it.
fn unshared(answer: &Response) -> bool {
    !answer.headers().contains_key("access-control-allow-origin")
}

/// Every endpoint that changes something, as a page would call it.
fn changes() -> Vec<(Method, String)> {
    let document: Json = serde_json::from_str(&otomo::app::openapi()).expect("a document in JSON");
    let paths = document["paths"].as_object().expect("paths").clone();
    let changes = paths.into_iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").clone();
        let filled = path.split('/').map(|part| match part.strip_prefix('{') {
            Some(_) => "0198c0de-0000-7000-8000-000000000001",
            None => part,
        });
        let path = filled.collect::<Vec<_>>().join("/");
        let named = methods.into_iter().map(|(method, _)| method.to_uppercase());
        let method = |name: String| Method::from_bytes(name.as_bytes()).expect("a method");
        let changing = named.map(method).filter(|it| *it != Method::GET);
        changing
            .map(move |method| (method, path.clone()))
            .collect::<Vec<_>>()
    });
    changes.collect()
}

/// How a page makes somebody's browser ask: what the browser says of it, and the type of the body. Forms need no preflight.
const FORGED: [(&[(&str, &str)], &str); 7] = [
    (&[("origin", "https://evil.example")], "text/plain"),
    (&[("origin", "https://evil.example")], "application/json"),
    (&[("origin", "null")], "application/x-www-form-urlencoded"),
    (&[], "text/plain"),
    (&[("sec-fetch-site", "cross-site")], "text/plain"),
    (&[("sec-fetch-site", "same-site")], "text/plain"),
    (
        &[
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "same-origin"),
        ],
        "application/json",
    ),
];

#[tokio::test]
async fn a_forged_request_counts_as_one_of_nobody() {
    let server = with_cookies().await;
    let root = cookie(&server, "root", Role::Admin);
    let forged = |method: &Method, path: &str, said: &[(&'static str, &'static str)]| {
        let request = reqwest::Client::new().request(method.clone(), at(&server, path));
        said.iter()
            .fold(request.header("cookie", &root), |request, (name, value)| {
                request.header(*name, *value)
            })
    };
    let changes = changes();
    assert!(changes.len() >= 25, "{} endpoints", changes.len());
    for (method, path) in &changes {
        for (said, kind) in FORGED {
            let request = forged(method, path, said).header("content-type", kind);
            let refused = request.body("{}").send().await.expect("an answer");
            let status = refused.status().as_u16();
            // Posted commands look at the origin before they look at who sends them.
            let foreign = path == "/api/commands" && said.iter().any(|(name, _)| *name == "origin");
            let expected = if foreign { 403 } else { 401 };
            assert_eq!(status, expected, "{method} {path} {said:?}");
            assert!(unshared(&refused), "{method} {path} {said:?}");
        }
    }
    // The same from the app's own page is done.
    let own = forged(&Method::POST, "/admin/api/drain", &[("origin", APP)]);
    assert_eq!(own.send().await.expect("an answer").status(), 202);
}

#[tokio::test]
async fn where_cookies_are_off_none_counts_whoever_sends_it() {
    let server = TestServer::start_with(&[WITH_KEY, ("server.origins", APP)]).await;
    let root = cookie(&server, "root", Role::Admin);
    for (method, path) in changes() {
        let request = reqwest::Client::new().request(method.clone(), at(&server, &path));
        let page = request.header("cookie", &root).header("origin", APP);
        let refused = page.send().await.expect("an answer");
        assert_eq!(refused.status(), 401, "{method} {path}");
    }
}

/// Where any page may connect, a cookie still counts from the app's own alone.
#[tokio::test]
async fn a_star_lets_every_page_in_and_no_cookie() {
    let settings = [
        WITH_KEY,
        ("auth.cookie", COOKIE_NAME),
        ("server.origins", "*"),
    ];
    let server = TestServer::start_with(&settings).await;
    let cookie = cookie(&server, "taro", Role::User);
    let page = |request: RequestBuilder| request.header("origin", "https://evil.example");
    let asked = reqwest::Client::new().get(at(&server, "/api/me"));
    let asked = page(asked).header("cookie", &cookie).send().await;
    assert_eq!(asked.expect("an answer").status(), 401);
    let token = server.token("taro", Role::User);
    let asked = page(reqwest::Client::new().get(at(&server, "/api/me")));
    let asked = asked.bearer_auth(token).send().await;
    assert_eq!(asked.expect("an answer").status(), 200);
}

#[tokio::test]
async fn no_answer_is_shared_with_a_page_that_is_not_listed() {
    let server = with_cookies().await;
    let token = server.token("taro", Role::User);
    for origin in FOREIGN {
        for path in [
            "/",
            "/openapi.json",
            "/health/live",
            "/metrics",
            "/api/me",
            "/api/nothing",
        ] {
            let asked = reqwest::Client::new().get(at(&server, path));
            let asked = asked.header("origin", origin).bearer_auth(&token);
            let answer = asked.send().await.expect("an answer");
            assert!(unshared(&answer), "{path} {origin}: {:?}", answer.headers());
            let preflight = reqwest::Client::new().request(Method::OPTIONS, at(&server, path));
            let preflight = preflight
                .header("origin", origin)
                .header("access-control-request-method", "DELETE")
                .header("access-control-request-headers", "authorization, x-evil");
            let answer = preflight.send().await.expect("an answer");
            assert!(unshared(&answer), "{path} {origin}: {:?}", answer.headers());
        }
    }
    // The app's page gets what it asks for, and nobody else gets it from a cache on the way.
    let asked = reqwest::Client::new().get(at(&server, "/api/me"));
    let asked = asked.header("origin", APP).bearer_auth(&token);
    let answer = asked.send().await.expect("an answer");
    assert_eq!(answer.headers()["access-control-allow-origin"], APP);
    let vary = answer.headers().get_all("vary");
    let vary: Vec<&str> = vary.iter().filter_map(|it| it.to_str().ok()).collect();
    assert!(vary.join(",").to_lowercase().contains("origin"), "{vary:?}");
}

/// A page of admins in a frame of somebody else's would be clicked on without being seen.
#[tokio::test]
async fn our_pages_stand_in_no_frame_and_run_no_script_but_ours() {
    let server = TestServer::start().await;
    let browser = Api::stranger(&server);
    for path in ["/", "/admin/"] {
        let page = browser.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
    let answer = Api::of(&server, "taro", Role::User).get("/api/me").await;
    assert_eq!(
        answer.header("content-type"),
        "application/json",
        "nothing that runs"
    );
    assert_eq!(json!(answer.json["userId"]), "taro");
}
