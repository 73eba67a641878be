//! Methods, targets, versions, expectations, and how much of each.

use otomo::kernel::identity::Role;

use super::{ALIVE, Wire, statuses};
use crate::{support::TestServer, tally};

/// The first answer to a request.
async fn answer(server: &TestServer, method: &str, request: &str) -> super::wire::Answer {
    let mut wire = Wire::to(server).await;
    wire.write(request).await;
    wire.answer_to(method).await.expect("an answer")
}

fn get(target: &str, lines: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: otomo\r\n{lines}\r\n")
}

#[tokio::test]
async fn head_is_get_without_the_body_and_options_says_what_may_be_asked() {
    let server = TestServer::start().await;
    let mut cases = 0;
    for path in ["/health/live", "/openapi.json", "/demo/nowhere.js", "/"] {
        let get = answer(&server, "GET", &get(path, "")).await;
        let head = format!("HEAD {path} HTTP/1.1\r\nHost: otomo\r\n\r\n");
        let mut wire = Wire::to(&server).await;
        // The next answer begins where a body would.
        wire.write(format!("{head}{ALIVE}")).await;
        let head = wire.answer_to("HEAD").await.unwrap();
        if head.head.status == 405 {
            assert_eq!(wire.answer().await.unwrap().head.status, 200, "{path}");
            continue;
        }
        assert_eq!(head.head.status, get.head.status, "{path}");
        assert_eq!(
            head.head.get("content-type"),
            get.head.get("content-type"),
            "{path}"
        );
        assert_eq!(wire.answer().await.unwrap().head.status, 200, "{path}");
        cases += 1;
    }
    assert!(cases >= 3, "{cases}");
    for (request, status) in [
        ("OPTIONS /health/live HTTP/1.1\r\nHost: otomo\r\n\r\n", 405),
        ("OPTIONS * HTTP/1.1\r\nHost: otomo\r\n\r\n", 404),
        ("TRACE /health/live HTTP/1.1\r\nHost: otomo\r\n\r\n", 405),
        ("BREW /health/live HTTP/1.1\r\nHost: otomo\r\n\r\n", 405),
        ("get /health/live HTTP/1.1\r\nHost: otomo\r\n\r\n", 405),
    ] {
        let answer = answer(&server, "OPTIONS", request).await;
        assert_eq!(answer.head.status, status, "{request}: {answer:?}");
        assert!(
            answer.json()["error"]["message"].is_string(),
            "{request}: {answer:?}"
        );
        cases += 1;
    }
    tally::passed("RFC 9110 9: methods", cases);
}

#[tokio::test]
async fn a_target_may_be_absolute_and_a_long_one_is_told_what_is_wrong_with_it() {
    let server = TestServer::start().await;
    let host = server.address().to_string();
    let path = |length: usize| format!("/{}", "x".repeat(length - 1));
    let targets = [
        // RFC 9112, section 3.2.2: a server must take the absolute form.
        (format!("http://{host}/health/live"), 200),
        (format!("http://{host}/health/live?x=y"), 200),
        (format!("http://{host}"), 200),
        (format!("http://user@{host}/health/live"), 200),
        ("/health/live?".to_owned(), 200),
        ("/health/live?a=%ff&%00".to_owned(), 200),
        ("//health/live".to_owned(), 404),
        ("/health/../health/live".to_owned(), 404),
        ("/health%2flive".to_owned(), 404),
        (path(8_000), 404),
        (path(60_000), 404),
    ];
    let cases = targets.len();
    for (target, status) in targets {
        let answer = answer(&server, "GET", &get(&target, "")).await;
        let shown = target.get(..60).unwrap_or(&target);
        assert_eq!(answer.head.status, status, "{shown}: {answer:?}");
        if status == 404 {
            assert_eq!(
                answer.json()["error"]["code"],
                "NOT_FOUND",
                "{shown}: {answer:?}"
            );
        }
    }
    // Longer than an address of the library may be: refused before anything of ours sees it, so without our words.
    let long = get(&path(70_000), "");
    assert_eq!(
        statuses(&server, format!("{long}{ALIVE}").as_bytes()).await,
        [400]
    );
    tally::passed("RFC 9112 3.2: targets", cases + 1);
}

#[tokio::test]
async fn headers_may_be_many_and_long_but_not_without_end() {
    let server = TestServer::start().await;
    let many = |count: usize| {
        (0..count)
            .map(|n| format!("X-{n}: y\r\n"))
            .collect::<String>()
    };
    let long = |length: usize| format!("X: {}\r\n", "y".repeat(length));
    let last = |lines: &str| format!("{}{ALIVE}", get("/health/live", lines));
    let most = 96;
    let mut cases = 0;
    for (lines, taken) in [
        (many(most - 1), true),
        (many(most), false),
        (many(1_000), false),
        (long(100_000), true),
    ] {
        let mut wire = Wire::to(&server).await;
        wire.write(last(&lines)).await;
        let first = wire.answer().await.unwrap();
        assert_eq!(
            first.head.status,
            if taken { 200 } else { 431 },
            "{} bytes",
            lines.len()
        );
        let second = wire.answer().await;
        assert_eq!(second.is_some(), taken, "{} bytes: {second:?}", lines.len());
        cases += 1;
    }
    // More than is kept of a head.
    let answered = statuses(
        &server,
        format!("GET / HTTP/1.1\r\n{}", long(200_000)).as_bytes(),
    )
    .await;
    assert!(answered == [431] || answered.is_empty(), "{answered:?}");
    tally::passed("RFC 9110 5.4: headers", cases + 1);
}

#[tokio::test]
async fn who_speaks_http_1_0_is_answered_so_and_who_speaks_http_2_in_the_clear_is_not() {
    let server = TestServer::start().await;
    let old = |lines: &str| format!("GET /health/live HTTP/1.0\r\n{lines}\r\n");
    // Without a host, which HTTP/1.0 does not ask for; and only one answer, unless more are asked for.
    assert_eq!(statuses(&server, old("").as_bytes()).await, [200]);
    let kept = format!("{}{}", old("Connection: keep-alive\r\n"), old(""));
    assert_eq!(statuses(&server, kept.as_bytes()).await, [200, 200]);
    let first = answer(&server, "GET", &old("")).await;
    assert_eq!(
        (&*first.head.version, first.head.get("transfer-encoding")),
        ("HTTP/1.0", None)
    );
    // Compressed as it goes, so without a length: ended by the end of the connection.
    let squeezed =
        "GET /openapi.json HTTP/1.0\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n";
    let squeezed = answer(&server, "GET", squeezed).await;
    assert_eq!(
        squeezed.head.get("transfer-encoding"),
        None,
        "{:?}",
        squeezed.head
    );
    assert!(
        squeezed.body.starts_with(&[0x1f, 0x8b]),
        "{:?}",
        squeezed.head
    );
    // RFC 9112, section 3.2.
    for hosts in ["", "Host: a\r\nHost: a\r\n"] {
        let request = format!("GET /health/live HTTP/1.1\r\n{hosts}\r\n{ALIVE}");
        assert_eq!(
            statuses(&server, request.as_bytes()).await,
            [400],
            "{hosts}"
        );
    }
    // HTTP/2 is spoken over TLS, where it is agreed on; not by prior knowledge.
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let answered = statuses(&server, preface.as_bytes()).await;
    assert_eq!(answered, [400]);
    tally::passed("RFC 9112 2.3: versions, and hosts", 7);
}

#[tokio::test]
async fn who_waits_to_be_told_to_go_on_is_told() {
    let server = TestServer::start().await;
    let _hana = server.otomo("hana").await;
    let token = server.token("hana", Role::Otomo);
    let body = r#"{"status":"break"}"#;
    let head = |expect: &str| {
        format!(
            "PUT /api/otomo/status HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nExpect: {expect}\r\n\r\n",
            body.len()
        )
    };
    for expect in ["100-continue", "100-Continue"] {
        let mut wire = Wire::to(&server).await;
        wire.write(head(expect)).await;
        assert_eq!(wire.answer().await.unwrap().head.status, 100);
        wire.write(body).await;
        let answer = wire.answer().await.unwrap();
        assert_eq!(answer.head.status, 200, "{answer:?}");
        wire.write(ALIVE).await;
        assert_eq!(wire.answer().await.unwrap().head.status, 200);
    }
    // HTTP/1.0 has no such word (RFC 9110, section 10.1.1): it is passed over.
    let mut wire = Wire::to(&server).await;
    wire.write(head("100-continue").replace("HTTP/1.1", "HTTP/1.0") + body)
        .await;
    assert_eq!(wire.answer().await.unwrap().head.status, 200);
    tally::passed("RFC 9110 10.1.1: Expect", 3);
}
