//! Requests that a proxy in front could read as one, and we as two, or the other way round. Each is refused, or read in the
//! only way there is, and nothing behind one that is refused is read at all.

use otomo::kernel::identity::Role;

use super::{ALIVE, Wire, statuses};
use crate::{support::TestServer, tally};

/// A post whose body is the head of another request, up to where its own would end.
fn post(lines: &str, body: &str) -> String {
    format!("POST /api/commands HTTP/1.1\r\nHost: otomo\r\n{lines}\r\n\r\n{body}")
}

#[tokio::test]
async fn a_body_whose_length_is_not_beyond_doubt_is_refused_and_nothing_behind_it_is_read() {
    let server = TestServer::start().await;
    let hidden = format!("0\r\n\r\n{ALIVE}");
    let lines = [
        // A length and a coding, in either order (RFC 9112, section 6.1).
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        // Two lengths, alike or not (section 6.3).
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 60",
        "Content-Length: 0\r\nContent-Length: 60",
        "Content-Length: 5, 5",
        "Content-Length: 5, 60",
        // What is no length.
        "Content-Length: -1",
        "Content-Length: +5",
        "Content-Length: 5a",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5.0",
        "Content-Length: 1e1",
        "Content-Length: ٥",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Content-Length: 99999999999999999999999999",
        // Codings that are none of ours, or not the last, or hidden (section 6.1).
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding:",
        // Spaces before the colon (section 5.1), and within names.
        "Transfer-Encoding : chunked",
        "Content-Length : 5",
        "Transfer Encoding: chunked",
        " Transfer-Encoding: chunked",
        "\tContent-Length: 5",
        // Lines that go on (section 5.2).
        "Transfer-Encoding:\r\n chunked",
        "X-Folded: a\r\n\tContent-Length: 5",
        "Content-Length: 5\r\n 0",
        // Line ends of other kinds (section 2.2), and what ends a text in C.
        "X-Bare: a\rContent-Length: 5",
        "X-Bare: a\r\rContent-Length: 5",
        "X-Nul: a\0Content-Length: 5",
        "Content-Length: 5\0",
        ": nameless",
        "nameless",
    ];
    for line in lines {
        let answered = statuses(&server, post(line, &hidden).as_bytes()).await;
        assert_eq!(answered, [400], "{line:?}");
    }
    tally::passed("RFC 9112 6: bodies of doubtful length", lines.len());
}

#[tokio::test]
async fn a_request_line_that_is_not_beyond_doubt_is_refused() {
    let server = TestServer::start().await;
    let rest = "Host: otomo\r\n\r\n";
    let starts = [
        "GET /health/live\r\n",
        "GET  /health/live HTTP/1.1\r\n",
        "GET /health/live  HTTP/1.1\r\n",
        "GET\t/health/live\tHTTP/1.1\r\n",
        " GET /health/live HTTP/1.1\r\n",
        "GET /health/live HTTP/1.1 \r\n",
        "GET /health/live x HTTP/1.1\r\n",
        "GET /health/live HTTP/2.0\r\n",
        "GET /health/live HTTP/1.2\r\n",
        "GET /health/live HTTP/0.9\r\n",
        "GET /health/live http/1.1\r\n",
        "GET /health/live HTTP/1.1\rX: y\r\n",
        "G\u{0}T /health/live HTTP/1.1\r\n",
        "GET /health/\u{0}live HTTP/1.1\r\n",
        "GET health/live HTTP/1.1\r\n",
        "GET(/health/live HTTP/1.1\r\n",
        "HTTP/1.1 200 OK\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
    ];
    for start in starts {
        let said = format!("{start}{rest}{ALIVE}");
        assert_eq!(statuses(&server, said.as_bytes()).await, [400], "{start:?}");
    }
    tally::passed("RFC 9112 3: doubtful request lines", starts.len());
}

/// A body that is to be read, in a request of somebody who may send it.
fn put(token: &str, lines: &str, body: &str) -> String {
    format!(
        "PUT /api/otomo/status HTTP/1.1\r\nHost: otomo\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\n{lines}\r\n\r\n{body}"
    )
}

/// The last request of a connection.
const LAST: &str = "GET /health/live HTTP/1.1\r\nHost: otomo\r\nConnection: close\r\n\r\n";

/// Where the rules leave no doubt, one request ends where the next begins.
#[tokio::test]
async fn requests_one_behind_another_are_answered_in_order() {
    let server = TestServer::start().await;
    let _hana = server.otomo("hana").await;
    let token = server.token("hana", Role::Otomo);
    let json = r#"{"status":"break"}"#;
    let length = json.len();
    let sized = |lines: String| put(&token, &lines, json);
    let chunked = |lines: &str| put(&token, lines, &format!("{length:x}\r\n{json}\r\n0\r\n\r\n"));
    let lost = "GET /nowhere HTTP/1.1\r\nHost: otomo\r\n\r\n";
    let before = [
        (ALIVE.to_owned(), vec![200]),
        // More than the library keeps waiting at a time.
        (ALIVE.repeat(40), vec![200; 40]),
        (lost.to_owned(), vec![404]),
        (sized(format!("Content-Length: {length}")), vec![200]),
        (sized(format!("Content-Length: \t{length} ")), vec![200]),
        (sized(format!("Content-Length: 00{length}")), vec![200]),
        (chunked("Transfer-Encoding: chunked"), vec![200]),
        (chunked("TRANSFER-ENCODING: Chunked"), vec![200]),
        // Section 2.2: an empty line before a request is passed over.
        (format!("{ALIVE}\r\n\r\n"), vec![200]),
    ];
    for (said, answers) in &before {
        let said = format!("{said}{LAST}");
        let answers = [answers.as_slice(), &[200]].concat();
        assert_eq!(statuses(&server, said.as_bytes()).await, answers, "{said}");
        let mut wire = Wire::to(&server).await;
        for byte in said.as_bytes() {
            wire.write([*byte]).await;
        }
        assert_eq!(wire.statuses().await, answers, "byte by byte: {said}");
    }
    tally::passed(
        "RFC 9112 9.3: requests one behind another",
        before.len() * 2,
    );
}

/// A body that nobody reads, as that of a request that is refused for its head, does not become the next request.
#[tokio::test]
async fn a_body_that_is_refused_unread_is_not_read_as_a_request() {
    let server = TestServer::start().await;
    let inner = "GET /health/live HTTP/1.1\r\nHost: otomo\r\n\r\n";
    let length = inner.len();
    let bodies = [
        post(&format!("Content-Length: {length}"), inner),
        post(&format!("Content-Length: {}", length * 2), inner),
        post(
            "Transfer-Encoding: chunked",
            &format!("{length:x}\r\n{inner}\r\n0\r\n\r\n"),
        ),
        post(
            "Transfer-Encoding: chunked",
            &format!("{:x}\r\n{inner}", length * 2),
        ),
        post("Content-Length: 18446744073709551615", inner),
    ];
    for body in &bodies {
        assert_eq!(statuses(&server, body.as_bytes()).await, [401], "{body}");
    }
    tally::passed("RFC 9112 9.3: bodies that nobody reads", bodies.len());
}
